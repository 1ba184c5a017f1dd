"""Which path does what with jobs, who may ask, and what can come back. Nothing else."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from watchword.core.apikeys.model import Scope
from watchword.core.jobs.model import KEY_LENGTH_MAX
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.services import Services
from watchword.dialects.astera import jobwire, wire
from watchword.dialects.astera.canceljob import cancel_job
from watchword.dialects.astera.flowforms import body_schema
from watchword.dialects.astera.jobid import NUMBER_MAX
from watchword.dialects.astera.jobkey import HEADER
from watchword.dialects.astera.jobresult import job_result
from watchword.dialects.astera.jobstatus import TEXT, job_status
from watchword.dialects.astera.listjobs import LIMIT_USUAL, list_jobs
from watchword.dialects.astera.restartjob import restart_job
from watchword.dialects.astera.showjob import show_job
from watchword.dialects.astera.startjob import JOBS, start_job
from watchword.http.operation import Answer, Credential, Endpoint, Operation, Parameter, Place
from watchword.http.pages import with_head
from watchword.http.problems import ProblemResponse

_JOB = f"{JOBS}/{{jobID}}"

_REFUSED = {
    400: "A value is not allowed, or the body cannot be read",
    401: "The token is wrong or missing",
    403: "Not allowed; the body says why",
    404: "There is no such job that the caller may see",
    409: "It is too early or too late for this; Retry-After is there if it helps to wait",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "There is no such flow, it does not take this, or the key was for something else",
    429: "Too many jobs are not over; Retry-After says when to come again",
    503: "The server is busy; Retry-After says when to come again",
}
_ANYTHING = "*/*"

_NUMBER = Parameter(
    name="jobID",
    place=Place.PATH,
    description="The number of the job.",
    shape=Annotated[int, msgspec.Meta(ge=1, le=NUMBER_MAX)],
    is_required=True,
)
_KEY = Parameter(
    name=HEADER,
    place=Place.HEADER,
    description="The caller's own name for this wish, in quotes or bare: the same job comes back,"
    " however often it is asked for. It may stand in the body as well.",
    shape=Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_LENGTH_MAX)],
)
_LISTING = (
    Parameter(
        name="limit",
        place=Place.QUERY,
        description=f"So many at once; {LIMIT_USUAL} without it.",
        shape=Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)],
    ),
    Parameter(name="after", place=Place.QUERY, description="Where to go on: `next` of a list."),
    Parameter(name="flow", place=Place.QUERY, description="Only those of this flow."),
    Parameter(
        name="status",
        place=Place.QUERY,
        description="Only those with this status, in any letter case.",
        shape=jobwire.StatusName,
    ),
)


def job_operations(services: Services) -> Sequence[Operation]:
    """Return everything that astera does with jobs."""
    return (
        _start(services),
        _looking("", list_jobs(services.jobs), "List jobs, newest first", jobwire.JobList, 400),
        _looking("/{jobID}", show_job(services.jobs), "Show a job", jobwire.JobDocument, 400, 404),
        _status(services),
        _changing(
            "Cancel",
            cancel_job(services.jobs),
            "Stop a job, at once or at its next checkpoint; what it has done stays done",
            success=200,
        ),
        _changing(
            "Restart",
            restart_job(services.jobs),
            "Let a job that failed or was cancelled go on from where it was",
            success=202,
        ),
        *with_head(_result(services)),
    )


def _start(services: Services) -> Operation:
    def schema() -> dict[str, Any]:
        # Flows of other packages are found when the first is needed.
        return body_schema(services.jobs.flows())

    return Operation(
        method="POST",
        path=JOBS,
        endpoint=start_job(services.jobs),
        summary="Start a job",
        description="It runs after the answer, which says where to look after it.",
        changes=True,
        credential=Credential.REQUIRED,
        scope=Scope.JOBS_RUN,
        body=jobwire.NewJob,
        body_schema=schema,
        example={"flow": "accounts.export", "parameters": {"format": "csv"}},
        parameters=(_KEY,),
        answers={202: Answer(description="It will run", shape=jobwire.JobDocument)}
        | _refusals(400, 401, 403, 409, 413, 415, 422, 429, 503),
    )


def _status(services: Services) -> Operation:
    return Operation(
        method="GET",
        path=f"{_JOB}/Status",
        endpoint=job_status(services.jobs),
        summary="Say what has become of a job",
        description="`Unknown` is what no job has, or what the caller may not see.",
        credential=Credential.REQUIRED,
        scope=Scope.IDENTIFY,
        or_scope=Scope.JOBS_RUN,
        parameters=(_NUMBER,),
        answers={
            200: Answer(description="The status", shape=jobwire.JobStatus, also={TEXT: str}),
            400: Answer(
                description="This is no number of a job",
                shape=jobwire.InvalidJob,
                also={TEXT: str},
            ),
        }
        | _refusals(401, 403, 429, 503),
    )


def _result(services: Services) -> Operation:
    return Operation(
        method="GET",
        path=f"{_JOB}/Result",
        endpoint=job_result(services.jobs),
        summary="Fetch what a job left: the file that it wrote, or what it told at its end",
        credential=Credential.REQUIRED,
        scope=Scope.JOBS_RUN,
        parameters=(_NUMBER,),
        answers={200: Answer(description="All of it", shape=Any, media_type=_ANYTHING)}
        | _refusals(400, 401, 403, 404, 409, 429, 503),
    )


def _looking(
    path: str, endpoint: Endpoint, summary: str, success: type[msgspec.Struct], *refusals: int
) -> Operation:
    return Operation(
        method="GET",
        path=JOBS + path,
        endpoint=endpoint,
        summary=summary,
        description="Others than who may run jobs see their own.",
        credential=Credential.REQUIRED,
        scope=Scope.IDENTIFY,
        or_scope=Scope.JOBS_RUN,
        parameters=(_NUMBER,) if path else _LISTING,
        answers={200: Answer(description="What there is", shape=success)}
        | _refusals(*refusals, 401, 403, 429, 503),
    )


def _changing(verb: str, endpoint: Endpoint, summary: str, *, success: int) -> Operation:
    return Operation(
        method="POST",
        path=f"{_JOB}/{verb}",
        endpoint=endpoint,
        summary=summary,
        changes=True,
        credential=Credential.REQUIRED,
        scope=Scope.JOBS_RUN,
        parameters=(_NUMBER,),
        answers={success: Answer(description="The job as it is now", shape=jobwire.JobDocument)}
        | _refusals(400, 401, 403, 404, 409, 429, 503),
    )


def _refusals(*statuses: int) -> dict[int, Answer]:
    media_type = ProblemResponse.media_type
    return {
        status: Answer(description=_REFUSED[status], shape=wire.Problem, media_type=media_type)
        for status in statuses
    }
