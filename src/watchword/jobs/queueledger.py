"""What Procrastinate's worker asks of its tables, made fit for one that outlives an outage.

A row of its table is one delivery here: whoever fetches it takes it away in the end, and
what is to come again comes as a new row. So a worker that was taken over cannot finish or
give back what is another's by now, which Procrastinate itself would let it do: it finishes
a row by its number, whoever has it.

Its worker ends, or stays without a heartbeat, at the first question that is not answered.
This one asks again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Job as Row
from procrastinate.jobs import Status
from procrastinate.manager import JobManager, NotificationCallback

from watchword.core.jobs.model import Lane
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.jobs.queuetrouble import Trouble, tell_taken_over

TASK = "watchword.job"

COMMAND_S = 3.0
AGAIN_S = 1.0

SILENCE_S = 10.0
"""A worker that was not heard of for so long is taken for dead."""

STRAY_S = 3 * COMMAND_S
"""After so long a row that is ours and that we do not know was fetched by a question whose
answer got lost. Before, its answer may be on its way."""

UNWELL = (ProcrastinateException, psycopg.Error, OSError, TimeoutError)

_AMISS = (
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
)
"""The worker is not in the tables any more, or they are gone: another one must begin."""

Found = TypeVar("Found")


def row_of(job_id: JobId, lane: Lane) -> Row:
    """Return what brings a job to a worker: it waits there once, and runs once at a time."""
    lock = f"watchword-{job_id}"
    return Row(
        queue=queue_of(lane),
        lock=lock,
        queueing_lock=lock,
        task_name=TASK,
        task_kwargs={"job_id": int(job_id)},
    )


def queue_of(lane: Lane) -> str:
    return f"watchword-{lane.value}"


def is_amiss(error: BaseException | None) -> bool:
    """Say whether an error means that the tables must be looked at again."""
    return error is not None and (isinstance(error, _AMISS) or is_amiss(error.__cause__))


class Ledger(JobManager):
    """The JobManager of one worker. It says once that the database does not answer."""

    def __init__(self, connector: BaseConnector, trouble: Trouble) -> None:
        super().__init__(connector)
        self.ending = asyncio.Event()
        self._trouble = trouble
        self._worker: int | None = None
        self._rows: set[int] = set()  # fetched, and not taken away yet
        self._strays: dict[int, float] = {}  # and since when

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        return await self._asked(super().prune_stalled_workers(seconds_since_heartbeat))

    async def register_worker(self) -> int:
        self._worker = await self._asked(super().register_worker())
        return self._worker

    async def unregister_worker(self, worker_id: int) -> None:
        """Leave; who does not manage to is taken for dead after a while."""
        with suppress(UnavailableError):
            await self._asked(super().unregister_worker(worker_id))

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Row | None:
        if self.ending.is_set():
            return None
        try:
            row = await self._asked(super().fetch_job(queues=queues, worker_id=worker_id))
        except UnavailableError as error:
            if is_amiss(error):
                self.ending.set()
                raise
            return None
        if row is not None:
            self._rows.add(_id(row))
        return row

    async def finish_job(self, job: Row, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - as it is called
        """Take a row away whose run has returned."""
        del status, delete_job
        await self._surely(partial(self._take_away, job))

    async def retry_job(
        self,
        job: Row,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Have a job come again whose run has not returned, if it is still ours."""
        del priority, queue, lock
        await self._surely(partial(self._give_back, job, retry_at))

    async def update_heartbeat(self, worker_id: int) -> None:
        """Leave it to `beat`: the worker stops this one before its last runs are over."""

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        """Find none: a run is stopped by what its job's own row says."""
        del queue
        return ()

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Hear of new jobs, again and again; while nobody tells us, we still look."""
        while True:
            with suppress(*UNWELL):
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            await asyncio.sleep(AGAIN_S)

    async def beat(self) -> set[int]:
        """Say that this worker lives, and return those of its rows that it lost."""
        if self._worker is None:
            return set()
        before = set(self._rows)
        await self._asked(super().update_heartbeat(self._worker))
        listed = self.list_jobs_async(status="doing", worker_id=self._worker)
        ours = {_id(row): row for row in await self._asked(listed)}
        for number in self._stray(set(ours)):
            await self._asked(self._bring_again(ours[number], None))
        return before - ours.keys()

    async def take_over(self) -> None:
        """Let come again what workers had that are not heard of any more."""
        stalled = self.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=SILENCE_S)
        for row in await self._asked(stalled):
            await self._asked(self._bring_again(row, None))
            tell_taken_over(job_of(row))

    def _stray(self, ours: set[int]) -> list[int]:
        """Return the rows that are ours, and that we have not known for a while."""
        now = asyncio.get_running_loop().time()
        unknown = ours - self._rows
        self._strays = {number: self._strays.get(number, now) for number in unknown}
        return [number for number, since in self._strays.items() if now - since > STRAY_S]

    async def _give_back(self, row: Row, at: datetime | None) -> None:
        ours = await self.list_jobs_async(id=row.id, status="doing", worker_id=self._worker)
        if list(ours):
            await self._bring_again(row, at)
        self._rows.discard(_id(row))

    async def _bring_again(self, row: Row, at: datetime | None) -> None:
        """Put a row like this one, then take this one away: whoever dies in between loses none."""
        with suppress(AlreadyEnqueued):
            await self.defer_job_async(row.evolve(scheduled_at=at))
        await self._take_away(row)

    async def _take_away(self, row: Row) -> None:
        number = _id(row)
        try:
            await self.finish_job_by_id_async(number, Status.SUCCEEDED, delete_job=True)
        except ConnectorException as error:
            # That is how it says that there is no such row: another one took it away.
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise
        self._rows.discard(number)

    async def _surely(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do it, however long nobody answers. At the end of the worker it is tried once."""
        while True:
            try:
                return await self._asked(step())
            except UnavailableError:
                if self.ending.is_set():
                    return None
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self.ending.wait()

    async def _asked(self, question: Awaitable[Found]) -> Found:
        try:
            async with asyncio.timeout(COMMAND_S):
                found = await question
        except UNWELL as error:
            self._trouble.told(error)
            raise UnavailableError from error
        self._trouble.over()
        return found


def job_of(row: Row) -> JobId:
    number = row.task_kwargs["job_id"]
    assert isinstance(number, int)
    return JobId(number)


def _id(row: Row) -> int:
    assert row.id is not None
    return row.id
