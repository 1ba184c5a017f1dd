"""Jobs in memory: the desk that gives them to workers, and the store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fakes_rows import MemoryStore, Rows, Write, check_text, page_of
from watchword.core.jobs.model import Job, Lane, Progress, State
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.storage.cursor import read_cursor
from watchword.storage.moments import LAST

_WAITS = (State.NOT_STARTED, State.QUEUED)


@dataclass(frozen=True)
class MemoryJobDesk:
    """Implements JobDesk."""

    change: Callable[[Write], Awaitable[None]]

    async def number(self) -> JobId:
        given: list[int] = []

        def write(rows: Rows) -> None:
            rows.jobs.last += 1
            given.append(rows.jobs.last)

        await self.change(write)
        return JobId(given[0])

    async def begin(self, job_id: JobId, *, at: datetime) -> Job | None:
        begun: list[Job] = []

        def write(rows: Rows) -> None:
            job = rows.jobs.jobs.get(job_id)
            if job is None or job.state.is_final:
                return
            if job.cancel_asked:
                _change(rows, job, state=State.CANCELLED, finished_at=at)
                return
            rows.jobs.handed.add(job_id)
            changed = _change(
                rows,
                job,
                state=State.INITIALIZING,
                turn=job.turn + 1,
                tries=job.tries + 1,
                started_at=job.started_at or at,
                touched_at=at,
            )
            begun.append(changed)

        await self.change(write)
        return begun[0] if begun else None


class MemoryJobs(MemoryStore):
    """Implements JobStore."""

    async def by_id(self, job_id: JobId) -> Job | None:
        return self.look().jobs.jobs.get(job_id)

    async def by_key(self, owner: str, key: str) -> Job | None:
        return _by_key(self.look(), owner, key)

    async def page(
        self,
        *,
        owner: str | None = None,
        flow: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Job]:
        before = LAST if after is None else read_cursor("jobs", after)[0]
        listed = [
            (job_id, "", job)
            for job_id, job in sorted(self.look().jobs.jobs.items(), reverse=True)
            if job_id < before
            and owner in (None, job.owner)
            and flow in (None, job.flow)
            and state in (None, job.state)
        ]
        return page_of("jobs", listed, limit)

    async def unhanded(self, *, at: datetime, limit: int) -> tuple[Job, ...]:
        rows = self.look()
        due = [job for job in _active(rows) if job.id not in rows.jobs.handed and job.due_at <= at]
        return tuple(sorted(due, key=lambda job: (job.due_at, job.id))[: _most(limit)])

    async def is_active(self, flow: str) -> bool:
        return any(job.flow == flow for job in _active(self.look()))

    async def count_active(self, lane: Lane | None = None, *, owner: str | None = None) -> int:
        return sum(
            lane in (None, job.lane) and owner in (None, job.owner) for job in _active(self.look())
        )

    async def output(self, job_id: JobId, *, after: int, limit: int) -> tuple[str, ...]:
        pieces = self.look().jobs.output.get(job_id, ())
        return pieces[max(0, after) :][: _most(limit)]

    def add(self, job: Job) -> None:
        def write(rows: Rows) -> None:
            if _by_key(rows, job.owner, job.key):
                raise ConflictError("key")
            if not job.state.is_final:
                _check_alone(rows, job)
            if job.id in rows.jobs.jobs:
                raise ConflictError
            rows.jobs.jobs[job.id] = job

        assert job.state.is_final == (job.finished_at is not None)
        check_text(job.flow, job.parameters, job.owner, job.key, job.error, job.result)
        self.record(write)

    def handed_over(self, job_id: JobId, *, turn: int) -> None:
        def write(rows: Rows) -> None:
            job = rows.jobs.jobs.get(job_id)
            if job is not None and job.turn == turn and not job.state.is_final:
                _change(rows, job, state=State.QUEUED)
                rows.jobs.handed.add(job_id)

        self.record(write)

    def progress(self, job_id: JobId, *, turn: int, progress: Progress, at: datetime) -> None:
        def write(rows: Rows) -> None:
            job = _mine(rows, job_id, turn)
            is_same = progress.checkpoint == job.progress.checkpoint
            _change(
                rows,
                job,
                state=State.RUNNING,
                tries=job.tries if is_same else 0,
                error="",
                progress=progress,
                touched_at=at,
            )

        check_text(progress.note, progress.checkpoint)
        self.record(write)

    def write(self, job_id: JobId, *, turn: int, text: str, media: str) -> None:
        def write(rows: Rows) -> None:
            job = _mine(rows, job_id, turn)
            _change(rows, job, pieces=job.pieces + 1, media=media)
            rows.jobs.output[job_id] = (*rows.jobs.output.get(job_id, ()), text)

        check_text(text, media)
        self.record(write)

    def finish(
        self,
        job_id: JobId,
        *,
        turn: int,
        state: State,
        at: datetime,
        result: str = "",
        error: str = "",
    ) -> None:
        def write(rows: Rows) -> None:
            _change(
                rows,
                _mine(rows, job_id, turn),
                state=state,
                touched_at=at,
                finished_at=at,
                result=result,
                error=error,
            )

        assert state.is_final
        check_text(result, error)
        self.record(write)

    def put_back(self, job_id: JobId, *, turn: int, due_at: datetime, error: str) -> None:
        def write(rows: Rows) -> None:
            job = _mine(rows, job_id, turn)
            tries = job.tries if error else max(0, job.tries - 1)
            _change(rows, job, state=State.QUEUED, due_at=due_at, error=error, tries=tries)
            rows.jobs.handed.discard(job_id)

        check_text(error)
        self.record(write)

    def cancel(self, job_id: JobId, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            job = _found(rows, job_id)
            if job.state.is_final:
                raise DeniedError
            if job.state in _WAITS:
                _change(rows, job, state=State.CANCELLED, finished_at=at, cancel_asked=False)
            else:
                _change(rows, job, cancel_asked=True)

        self.record(write)

    def restart(self, job_id: JobId, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            job = _found(rows, job_id)
            if job.state not in (State.FAILED, State.CANCELLED):
                raise DeniedError
            _check_alone(rows, job)
            rows.jobs.handed.discard(job_id)
            _change(
                rows,
                job,
                state=State.QUEUED,
                turn=job.turn + 1,
                tries=0,
                due_at=at,
                cancel_asked=False,
                error="",
                result="",
                finished_at=None,
            )

        self.record(write)

    def purge(self, *, before: datetime, completed_of: str | None = None, limit: int) -> None:
        def write(rows: Rows) -> None:
            old = sorted(
                (job.finished_at, job.id)
                for job in rows.jobs.jobs.values()
                if job.finished_at is not None
                and job.finished_at < before
                and (
                    completed_of is None
                    or (job.owner, job.state) == (completed_of, State.COMPLETED)
                )
            )
            for _, job_id in old[: max(0, limit)]:
                del rows.jobs.jobs[job_id]
                rows.jobs.output.pop(job_id, None)

        self.record(write)


def _active(rows: Rows) -> list[Job]:
    return [job for job in rows.jobs.jobs.values() if not job.state.is_final]


def _by_key(rows: Rows, owner: str, key: str) -> Job | None:
    jobs = rows.jobs.jobs.values()
    return next((job for job in jobs if (job.owner, job.key) == (owner, key)), None)


def _check_alone(rows: Rows, job: Job) -> None:
    if job.runs_alone and any(one.flow == job.flow and one.runs_alone for one in _active(rows)):
        raise ConflictError("flow")


def _found(rows: Rows, job_id: JobId) -> Job:
    job = rows.jobs.jobs.get(job_id)
    if job is None:
        raise NotFoundError
    return job


def _mine(rows: Rows, job_id: JobId, turn: int) -> Job:
    """Return a job that a worker has in this turn."""
    job = rows.jobs.jobs.get(job_id)
    if job is None or job.state.is_final or job.turn != turn:
        raise DeniedError
    return job


def _change(rows: Rows, job: Job, **fields: Any) -> Job:  # noqa: ANN401 - fields of the dataclass
    rows.jobs.jobs[job.id] = changed = replace(job, **fields)
    return changed


def _most(limit: int) -> int:
    return max(0, min(limit, PAGE_MAX))
