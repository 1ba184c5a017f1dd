"""POST /api/Job/{jobID}/Restart: a job that failed or was cancelled goes on from where it was."""

from starlette.responses import Response

from watchword.core.kernel.ids import JobId
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera.jobid import of_job
from watchword.dialects.astera.startjob import accepted
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def restart_job(jobs: Jobs) -> Endpoint:
    async def answer(call: Call, job_id: JobId) -> Response:
        return accepted(await jobs.restart(call.actor, job_id))

    return of_job(answer)
