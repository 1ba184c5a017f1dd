"""GET /api/Job/{jobID}/Status: the one call about jobs that the vendor documents.

Whoever asks for text/plain gets the bare name. What no job has, and what the caller may not
see, is `Unknown`; what is no number of a job is `Invalid`.
"""

from http import HTTPStatus

from starlette.responses import Response

from watchword.core.services.jobs import Jobs
from watchword.dialects.astera import jobwire
from watchword.dialects.astera.jobid import CODE, NO_NUMBER, read_job_id
from watchword.http.accept import best_type
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

TEXT = "text/plain"

_VARIES = {"vary": "Accept"}


def job_status(jobs: Jobs) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        job_id = read_job_id(call)
        if job_id is None:
            invalid = jobwire.InvalidJob(detail=NO_NUMBER, code=CODE)
            return _in_its_type(call, invalid, status=HTTPStatus.BAD_REQUEST)
        job = await jobs.find(call.actor, job_id)
        return _in_its_type(call, jobwire.write_status(job_id, job))

    return endpoint


def _in_its_type(
    call: Call, said: jobwire.JobStatus | jobwire.InvalidJob, *, status: int = HTTPStatus.OK
) -> Response:
    accepted = ",".join(call.headers.getlist("accept"))
    if best_type(accepted, ("application/json", TEXT)) == TEXT:
        return Response(said.status, status_code=status, media_type=TEXT, headers=_VARIES)
    return JsonResponse(said, status_code=status, headers=_VARIES)
