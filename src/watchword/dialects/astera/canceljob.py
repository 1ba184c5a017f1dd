"""POST /api/Job/{jobID}/Cancel: a job stops, at once or at its next checkpoint."""

from starlette.responses import Response

from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refused
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera import jobwire
from watchword.dialects.astera.errors import render_job_refusal
from watchword.dialects.astera.jobid import of_job
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint


def cancel_job(jobs: Jobs) -> Endpoint:
    async def answer(call: Call, job_id: JobId) -> Response:
        outcome = await jobs.cancel(call.actor, job_id)
        if isinstance(outcome, Refused):
            return render_job_refusal(outcome)
        return JsonResponse(jobwire.write_job(outcome))

    return of_job(answer)
