"""The jobs of astera in JSON, both ways, and the names of what can have become of them."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from watchword.core.jobs import model
from watchword.core.jobs.model import State
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import Page
from watchword.dialects.astera.wire import moment

# The seven of the vendor's page in its order, then ours.
StatusName = Literal[
    "Unknown",
    "Invalid",
    "NotStarted",
    "Queued",
    "Initializing",
    "Running",
    "Completed",
    "Failed",
    "Cancelled",
]

UNKNOWN: Literal["Unknown"] = "Unknown"
INVALID: Literal["Invalid"] = "Invalid"

STATUSES: dict[State, StatusName] = {
    State.NOT_STARTED: "NotStarted",
    State.QUEUED: "Queued",
    State.INITIALIZING: "Initializing",
    State.RUNNING: "Running",
    State.COMPLETED: "Completed",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}

Members = dict[str, Any]
"""What a flow is told and what it tells, as JSON: only the flow knows more."""


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """The body that starts a job. `key` is the caller's own: the same one twice is one job."""

    flow: str
    parameters: Members | None = None
    key: str | None = None


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is. `total` and `percent` are null while nobody knows."""

    done: int
    total: int | None
    percent: int | None
    note: str


class JobDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job, whatever has become of it. Times are ISO 8601, in UTC.

    `startedBy` is the id of an account, or `operator` or `schedule`. `attempts` counts how
    often it was begun. Of a job that waits to be tried again `error` says what went wrong.
    """

    job_id: int
    flow: str
    status: StatusName
    parameters: Members
    started_by: str
    progress: JobProgress
    counts: dict[str, int]
    cancel_requested: bool
    attempts: int
    error: str | None
    result: Members | None
    has_result: bool
    created: str
    started: str | None
    finished: str | None


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, newest first; `next` is the `after` of the rest, null at the end."""

    jobs: list[JobDocument]
    next: str | None


class JobStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What has become of a job. Of one that is `Unknown` there is no more to say."""

    job_id: int
    status: StatusName
    flow: str | msgspec.UnsetType = msgspec.UNSET
    progress: JobProgress | msgspec.UnsetType = msgspec.UNSET
    cancel_requested: bool | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType | None = msgspec.UNSET
    has_result: bool | msgspec.UnsetType = msgspec.UNSET


class InvalidJob(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was asked for is no number of a job. `status` has a name here, as it always has."""

    job_id: None = None
    status: Literal["Invalid"] = INVALID
    detail: str
    code: str


def write_job(job: model.Job) -> JobDocument:
    return JobDocument(
        job_id=job.id,
        flow=job.flow,
        status=STATUSES[job.state],
        parameters=_members(job.parameters) or {},
        started_by=job.owner,
        progress=_progress(job.progress),
        counts=dict(job.progress.counts),
        cancel_requested=job.cancel_asked,
        attempts=job.turn,
        error=job.error or None,
        result=_members(job.result),
        has_result=_has_result(job),
        created=moment(job.created_at),
        started=_moment_or_none(job.started_at),
        finished=_moment_or_none(job.finished_at),
    )


def write_jobs(page: Page[model.Job]) -> JobList:
    return JobList(jobs=[write_job(job) for job in page.items], next=page.next)


def write_status(job_id: JobId, job: model.Job | None) -> JobStatus:
    if job is None:
        return JobStatus(job_id=job_id, status=UNKNOWN)
    return JobStatus(
        job_id=job.id,
        status=STATUSES[job.state],
        flow=job.flow,
        progress=_progress(job.progress),
        cancel_requested=job.cancel_asked,
        error=job.error or None,
        has_result=_has_result(job),
    )


def _progress(progress: model.Progress) -> JobProgress:
    return JobProgress(
        done=progress.done,
        total=progress.total,
        percent=_percent(progress),
        note=progress.note,
    )


def _percent(progress: model.Progress) -> int | None:
    """Return how much is done: a hundred is only said of all of it."""
    if progress.total is None:
        return None
    if progress.done >= progress.total:
        return 100
    return max(0, progress.done * 100 // progress.total)


def _has_result(job: model.Job) -> bool:
    return job.state.is_final and bool(job.pieces or job.result)


def _members(text: str) -> Members | None:
    return msgspec.json.decode(text, type=Members) if text else None


def _moment_or_none(at: datetime | None) -> str | None:
    return moment(at) if at else None
