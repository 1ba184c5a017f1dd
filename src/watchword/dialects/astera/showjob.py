"""GET /api/Job/{jobID}: a job with its progress, its times, its error and its result."""

from starlette.responses import Response

from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera import jobwire
from watchword.dialects.astera.errors import render_job_refusal
from watchword.dialects.astera.jobid import of_job
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def show_job(jobs: Jobs) -> Endpoint:
    async def answer(call: Call, job_id: JobId) -> Response:
        job = await jobs.find(call.actor, job_id)
        if job is None:
            return render_job_refusal(Refused(Refusal.NOT_FOUND))
        return JsonResponse(jobwire.write_job(job))

    return of_job(answer)
