"""What the core asks of whoever keeps jobs."""

from datetime import datetime
from typing import Protocol

from watchword.core.jobs.model import Job, Lane, Progress, State
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import Page


class JobDesk(Protocol):
    """Numbers jobs and gives them to workers. Each is one step, durable when it returns."""

    async def number(self) -> JobId:
        """Return a number that no job had or will have; they grow."""

    async def begin(self, job_id: JobId, *, at: datetime) -> Job | None:
        """Begin a turn of a job that is not over: INITIALIZING, one more turn and try.

        Whoever had the turn before can write nothing more. None if the job is gone or over;
        one whose cancelling was asked for is CANCELLED now.
        """


class JobStore(Protocol):
    """Keeps jobs and their output.

    What a worker writes names its turn. At commit: DeniedError if the job is over or
    another turn of it has begun, and then nothing of the commit is applied.
    """

    async def by_id(self, job_id: JobId) -> Job | None: ...

    async def by_key(self, owner: str, key: str) -> Job | None:
        """Return the job that this owner asked for under this key of theirs."""

    async def page(
        self,
        *,
        owner: str | None = None,
        flow: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Job]:
        """Return jobs, newest first: of one owner, flow or state, if asked."""

    async def unhanded(self, *, at: datetime, limit: int) -> tuple[Job, ...]:
        """Return active jobs that are due and that the queue does not have, longest due first."""

    async def is_active(self, flow: str) -> bool:
        """Say whether a job of this flow is not over."""

    async def count_active(self, lane: Lane | None = None, *, owner: str | None = None) -> int:
        """Return how many jobs are not over: of a lane, of an owner, if asked."""

    async def output(self, job_id: JobId, *, after: int, limit: int) -> tuple[str, ...]:
        """Return pieces of what a job wrote, in order; `after` is the number of the last had."""

    def add(self, job: Job) -> None:
        """Record a new job, which the queue does not have yet.

        At commit: ConflictError("key") if its owner has a job under its key,
        ConflictError("flow") if it runs alone and one of its flow is active.
        """

    def handed_over(self, job_id: JobId, *, turn: int) -> None:
        """Record that the queue has it: QUEUED, if no other turn began since `turn`."""

    def progress(self, job_id: JobId, *, turn: int, progress: Progress, at: datetime) -> None:
        """Record how far it is: RUNNING.

        If that is another checkpoint than before, what was tried in vain is forgotten.
        """

    def write(self, job_id: JobId, *, turn: int, text: str, media: str) -> None:
        """Record the next piece of its output."""

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
        """Record its end, in one of the final states."""

    def put_back(self, job_id: JobId, *, turn: int, due_at: datetime, error: str) -> None:
        """Record that it waits for another turn: QUEUED, and the queue does not have it.

        With an empty error nothing went wrong, and this turn does not count as a try.
        """

    def cancel(self, job_id: JobId, *, at: datetime) -> None:
        """Record that it is to stop: CANCELLED if no worker has it, else asked of the worker.

        At commit: NotFoundError if it is gone, DeniedError if it is over.
        """

    def restart(self, job_id: JobId, *, at: datetime) -> None:
        """Record that a FAILED or CANCELLED job goes on from its checkpoint.

        At commit: NotFoundError if it is gone, DeniedError if it is in another state,
        ConflictError("flow") as `add`.
        """

    def purge(self, *, before: datetime, completed_of: str | None = None, limit: int) -> None:
        """Record the removal of up to `limit` jobs that were over before a moment.

        With an owner, only of those of theirs that were COMPLETED.
        """
