"""The number of a job as it stands in a path."""

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.responses import Response

from watchword.core.kernel.ids import JobId
from watchword.dialects.astera.errors import refuse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

NUMBER_MAX = 2**63 - 1
"""The largest number of a .NET client's own widest kind."""

CODE = "job_id_invalid"
NO_NUMBER = "The number of a job is a positive integer."

_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


def read_job_id(call: Call) -> JobId | None:
    """Return the number in the path, None if it is none that a job can have."""
    text = call.path["jobID"]
    if not _NUMBER.fullmatch(text) or int(text) > NUMBER_MAX:
        return None
    return JobId(int(text))


def of_job(answer: Callable[[Call, JobId], Awaitable[Response]]) -> Endpoint:
    """Return an endpoint that reads the number first, or says that it is none."""

    async def endpoint(call: Call) -> Response:
        job_id = read_job_id(call)
        if job_id is None:
            return refuse(HTTPStatus.BAD_REQUEST, NO_NUMBER, code=CODE)
        return await answer(call, job_id)

    return endpoint
