"""POST /api/Job: a flow runs some time after the answer. The same key twice is one job."""

from functools import cache
from http import HTTPStatus

from starlette.responses import Response

from watchword.core.jobs.model import Job
from watchword.core.policy.refusals import Refused
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera import jobwire
from watchword.dialects.astera.errors import render_job_refusal
from watchword.dialects.astera.flowforms import FlowForm, form_of
from watchword.dialects.astera.jobkey import HEADER, job_key
from watchword.dialects.astera.validation import reading
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

JOBS = "/api/Job"


def start_job(jobs: Jobs) -> Endpoint:
    @cache
    def forms() -> dict[str, FlowForm]:
        return {card.name: form_of(card) for card in jobs.flows()}

    async def answer(call: Call, wish: jobwire.NewJob) -> Response:
        key = job_key(call.headers.getlist(HEADER), wish.key)
        if isinstance(key, Response):
            return key
        form, parameters = forms().get(wish.flow), wish.parameters or {}
        told = form.read(parameters) if form else parameters
        outcome = await jobs.start(call.actor, wish.flow, told, key=key)
        return accepted(outcome)

    return reading(jobwire.NewJob, answer)


def accepted(outcome: Job | Refused) -> Response:
    """Say that a job will run, and where to look after it."""
    if isinstance(outcome, Refused):
        return render_job_refusal(outcome)
    return JsonResponse(
        jobwire.write_job(outcome),
        status_code=HTTPStatus.ACCEPTED,
        headers={"location": f"{JOBS}/{outcome.id}"},
    )
