"""GET /api/Job/{jobID}/Result: what a job wrote, as a file, or what it told at its end."""

import re
from http import HTTPStatus

from starlette.responses import Response

from watchword.core.jobs.model import Job
from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera.errors import refuse, render_job_refusal
from watchword.dialects.astera.jobid import of_job
from watchword.http.call import Call
from watchword.http.operation import Endpoint
from watchword.http.streams import streamed

_ENDINGS = {
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "text/csv": "csv",
}
_PLAIN = "text/plain"

_NOTHING = "There is no such job, or it left nothing to fetch."

# What needs no quoting in any browser; flows of others may be called anything.
_ODD = re.compile(r"[^A-Za-z0-9._-]")


def job_result(jobs: Jobs) -> Endpoint:
    async def answer(call: Call, job_id: JobId) -> Response:
        job = await jobs.download(call.actor, job_id)
        if isinstance(job, Refused):
            return _refuse(job)
        if not job.pieces:
            return Response(job.result, status_code=HTTPStatus.OK, media_type="application/json")
        return await streamed(
            call,
            lambda: jobs.output(job),
            media_type=job.media or _PLAIN,
            headers={"content-disposition": f'attachment; filename="{_file_name(job)}"'},
        )

    return of_job(answer)


def _refuse(refused: Refused) -> Response:
    if refused.reason is Refusal.NOT_FOUND:
        return refuse(HTTPStatus.NOT_FOUND, _NOTHING, code=refused.reason.value)
    return render_job_refusal(refused)


def _file_name(job: Job) -> str:
    return f"{_ODD.sub('_', job.flow)}-{job.id}.{_ENDINGS.get(job.media, 'txt')}"
