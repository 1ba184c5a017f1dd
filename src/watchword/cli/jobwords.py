"""Jobs in words: a row of the list, a page about one, and how one ended."""

import json
from collections.abc import Mapping
from datetime import datetime

from watchword.cli.answers import minute, moment, visible
from watchword.core.jobs.model import Job, Needs, Progress, State

COLUMNS = (
    *("id", "flow", "state", "done", "owner"),
    *("asked for (UTC)", "ended (UTC)", "what went wrong"),
)
NEEDS = {
    Needs.RUNNER: "admins, and API keys with jobs:run",
    Needs.ADMIN: "admins",
    Needs.OPERATOR: "the command line alone",
}
NOTE_LENGTH_MAX = 200
"""So much of what a flow notes is shown in a line."""

_SECONDS_A_MINUTE = 60


def row(job: Job, owner: str) -> tuple[str, ...]:
    return (
        str(job.id),
        job.flow,
        job.state,
        far(job.progress) if job.state is not State.COMPLETED else "",
        owner,
        minute(job.created_at),
        minute(job.finished_at),
        job.error,
    )


def page(job: Job, owner: str) -> str:
    """Return all that people may want to know of a job."""
    due = job.state is State.QUEUED and job.error
    heads = {
        "Id": str(job.id),
        "Flow": job.flow,
        "State": state_of(job),
        "Done": far(job.progress),
        "Counts": counts(job.progress.counts),
        "Note": job.progress.note,
        "Error": job.error,
        "Tried": f"{job.tries} times in a row" if job.tries > 1 else "",
        "Next try": utc(job.due_at) if due else "",
        "Owner": owner,
        "Asked for": utc(job.created_at),
        "Begun": utc(job.started_at),
        "Ended": utc(job.finished_at),
    }
    lines = [f"{name + ':':<11}{visible(value)}" for name, value in heads.items() if value]
    lines += _members("Parameters:", json.loads(job.parameters))
    lines += _members("Result:", _result(job))
    return "\n".join(lines + _left(job))


def ending(job: Job) -> str:
    """Return how a job ended, what came of it, and what can be done next."""
    took = f" after {_span(job)}" if job.started_at and job.finished_at else ""
    lines = [f"Job {job.id} ({visible(job.flow)}): {job.state}{took}."]
    if job.error:
        lines.append(f"Error: {visible(job.error)}")
    told = dict(job.progress.counts) | _result(job)
    lines += [f"  {visible(name)}: {visible(_text(value))}" for name, value in told.items()]
    if job.state in {State.FAILED, State.CANCELLED}:
        lines.append(f"Let it go on from where it was: watchword job restart {job.id}")
    return "\n".join(lines + _left(job))


def progress_line(job: Job) -> str:
    """Return how far a job is, in one line."""
    parts = [
        state_of(job),
        far(job.progress),
        counts(job.progress.counts),
        note(job),
    ]
    return f"Job {job.id} ({visible(job.flow)}): {'; '.join(part for part in parts if part)}"


def state_of(job: Job) -> str:
    """Return the state, and whether it was told to stop and has not done so yet."""
    is_stopping = job.cancel_asked and not job.state.is_final
    return f"{job.state}, stopping" if is_stopping else job.state


def far(progress: Progress) -> str:
    """Return how much is done; nothing if nobody has said yet."""
    part = percent(progress)
    if part is None:
        return str(progress.done) if progress.done else ""
    return f"{part} % ({progress.done} of {progress.total})"


def percent(progress: Progress) -> int | None:
    """Return how much is done of a hundred; None while nobody knows."""
    if not progress.total:
        return None
    return max(0, min(100, progress.done * 100 // progress.total))


def counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{visible(name)} {count}" for name, count in found.items())


def note(job: Job) -> str:
    """Return what a job notes now; or if it waits for another try, what went wrong."""
    return visible((job.error or job.progress.note)[:NOTE_LENGTH_MAX])


def utc(at: datetime | None) -> str:
    return f"{moment(at)} UTC" if at else ""


def _span(job: Job) -> str:
    assert job.started_at is not None
    assert job.finished_at is not None
    seconds = (job.finished_at - job.started_at).total_seconds()
    if seconds < _SECONDS_A_MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds // _SECONDS_A_MINUTE:.0f} min {seconds % _SECONDS_A_MINUTE:.0f} s"


def _result(job: Job) -> dict[str, object]:
    found: dict[str, object] = json.loads(job.result) if job.result else {}
    return found


def _members(head: str, members: Mapping[str, object]) -> list[str]:
    lines = [f"  {visible(name)}: {visible(_text(value))}" for name, value in members.items()]
    return [head, *lines] if lines else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _left(job: Job) -> list[str]:
    """Say how to have what a job wrote."""
    if not job.pieces or not job.state.is_final:
        return []
    return [f"What it left ({visible(job.media)}): watchword job result {job.id}"]
