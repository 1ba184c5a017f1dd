"""The queue over Procrastinate, in the same PostgreSQL that holds everything else.

Procrastinate fetches, waits for news, runs and remembers. Ours is what it leaves to others:
a heartbeat to the very end of the last run, jobs of dead workers that come again, and
patience with a database that is away.

To import this costs most of a second, so nobody does who has no PostgreSQL.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job as Row
from procrastinate.manager import JobManager

from watchword.core.jobs.model import Lane
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.jobs.queueledger import (
    AGAIN_S,
    COMMAND_S,
    SILENCE_S,
    TASK,
    UNWELL,
    Ledger,
    is_amiss,
    queue_of,
    row_of,
)
from watchword.jobs.queueschema import CONNECT_S, ensure_tables
from watchword.jobs.queuetrouble import Trouble, tell_failed, tell_lost
from watchword.jobs.queueurl import libpq_words

AT_ONCE = 4
POOL_SIZE = 3

PACE_S = 1.0
"""How often a worker looks for jobs that nobody told it of."""

BEAT_S = 2.0

SETTLE_S = 5.0
"""So long everything must have been answered before anybody is taken for dead: after an
outage the living need a moment to be heard of again."""

PRUNE_S = 600.0
"""When the row of a dead worker is removed. Its jobs are taken over long before."""

RunJob = Callable[[JobId], Awaitable[None]]


class ProcrastinateQueue:
    """Implements Queue. Connects when it is first used.

    `pooler` says that PgBouncer or the like stands in between: nothing is prepared, and
    nobody tells us of new jobs.
    """

    def __init__(self, url: str, *, pooler: bool, at_once: int = AT_ONCE) -> None:
        _hush()
        self._conninfo = libpq_words(url)
        self._pooler = pooler
        self._at_once = at_once
        self._connector = PsycopgConnector(
            conninfo=self._conninfo,
            min_size=0,
            max_size=POOL_SIZE,
            timeout=COMMAND_S,
            reconnect_timeout=AGAIN_S,
            configure=_configure,
            kwargs={"prepare_threshold": None, "connect_timeout": CONNECT_S},
        )
        self._opening = asyncio.Lock()
        self._has_tables = False
        self._is_closed = False

    async def ensure_schema(self) -> None:
        """Make the tables of the queue, or bring them up to date. Raises UnavailableError."""
        await self._translated(ensure_tables(self._conninfo))
        self._has_tables = True

    async def put(self, job_id: JobId, lane: Lane) -> None:
        await self._open()
        with suppress(AlreadyEnqueued):
            await self._translated(self._defer(row_of(job_id, lane)))

    async def work(self, lanes: Sequence[Lane], run: RunJob, *, until: asyncio.Event) -> None:
        trouble = Trouble()
        while not until.is_set():
            try:
                await self._open()
                await _Shift(self._connector, run, trouble).last(until, self._options(lanes))
            except (UnavailableError, *UNWELL) as error:
                self._has_tables = self._has_tables and not is_amiss(error)
                trouble.told(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await until.wait()

    async def close(self) -> None:
        self._is_closed = True
        async with self._opening:
            with suppress(*UNWELL):
                await self._connector.close_async()

    async def _open(self) -> None:
        async with self._opening:
            if self._is_closed:
                raise UnavailableError("The queue is closed.")
            if not self._has_tables:
                await self.ensure_schema()
            await self._translated(self._connector.open_async())

    async def _defer(self, row: Row) -> None:
        async with asyncio.timeout(COMMAND_S):
            await JobManager(self._connector).defer_job_async(row)

    async def _translated(self, step: Awaitable[None]) -> None:
        """Turn what Procrastinate and psycopg raise into our error; what they say stays out."""
        try:
            await step
        except AlreadyEnqueued:
            raise
        except UNWELL as error:
            self._has_tables = self._has_tables and not is_amiss(error)
            name = type(error.__cause__ or error).__name__
            raise UnavailableError(f"The queue does not answer as it should: {name}.") from error

    def _options(self, lanes: Sequence[Lane]) -> WorkerOptions:
        return {
            "queues": [queue_of(lane) for lane in lanes],
            "concurrency": self._at_once,
            "install_signal_handlers": False,
            "listen_notify": not self._pooler,
            "fetch_job_polling_interval": PACE_S,
            "delete_jobs": "always",
            "stalled_worker_timeout": PRUNE_S,
        }


@dataclass(frozen=True, slots=True)
class _Run:
    """A job that is worked on, by a task of Procrastinate's."""

    job_id: JobId
    task: asyncio.Task[Any]


class _Shift:
    """One worker of Procrastinate's, from its start to its end."""

    def __init__(self, connector: PsycopgConnector, run: RunJob, trouble: Trouble) -> None:
        self._run = run
        self._app = App(connector=connector)
        self._app.job_manager = self._ledger = Ledger(connector, trouble)
        task = self._app.task(name=TASK, pass_context=True, retry=_ComesAgain())
        task(self._deliver)
        self._runs: dict[int, _Run] = {}  # by the number of the row
        self._lost: set[int] = set()
        self._is_stopped = False
        self._is_over = False

    async def last(self, until: asyncio.Event, options: WorkerOptions) -> None:
        """Work until the event is set and what runs is over, or raise what ended the worker."""
        worker = asyncio.create_task(self._app.run_worker_async(**options))
        bell = asyncio.create_task(until.wait())
        keeper = asyncio.create_task(self._keep())
        try:
            await asyncio.wait({worker, bell, keeper}, return_when=asyncio.FIRST_COMPLETED)
            self._stop(worker)
            # Without the keeper nobody says that we live, and what runs must end at once.
            await asyncio.wait({worker, keeper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_over = True
            self._stop(worker)
            self._cancel(set(self._runs))
            await asyncio.wait({worker})
            bell.cancel()
            keeper.cancel()
            await asyncio.wait({bell, keeper})
        for error in [task.exception() for task in (keeper, worker) if not task.cancelled()]:
            if error is not None:
                raise error

    def _stop(self, worker: asyncio.Task[None]) -> None:
        """Let it fetch no more and wait for its runs. To tell it twice would cut that short."""
        if not self._is_stopped:
            self._is_stopped = True
            self._ledger.ending.set()
            worker.cancel()

    def _cancel(self, numbers: Collection[int]) -> None:
        for number in self._runs.keys() & set(numbers):
            self._runs[number].task.cancel()

    async def _deliver(self, context: JobContext, job_id: int) -> None:
        """Run a job, as the task of Procrastinate's that brings it."""
        number, task = context.job.id, asyncio.current_task()
        assert number is not None
        assert task is not None
        await self._leave(JobId(job_id))
        if self._is_over:
            raise asyncio.CancelledError
        self._runs[number] = _Run(JobId(job_id), task)
        try:
            await self._run(JobId(job_id))
        except Exception as error:
            tell_failed(JobId(job_id), error)
            raise
        finally:
            del self._runs[number]
        if number in self._lost:
            raise asyncio.CancelledError  # it left because it had to: nothing is done with

    async def _leave(self, job_id: JobId) -> None:
        """End a run of the same job: it would not have come again if that were not lost."""
        older = {number: one for number, one in self._runs.items() if one.job_id == job_id}
        self._lose(set(older))
        if older:
            await asyncio.wait([one.task for one in older.values()])

    async def _keep(self) -> None:
        """Say that we live, cancel what we lost, and take over what others had."""
        heard_at = _now()
        well_since: float | None = None
        while True:
            await asyncio.sleep(BEAT_S)
            asked_at = _now()
            try:
                self._lose(await self._ledger.beat())
                heard_at, well_since = asked_at, well_since or asked_at
                if asked_at - well_since >= SETTLE_S:
                    await self._ledger.take_over()
            except UnavailableError:
                well_since = None
                if _now() - heard_at >= SILENCE_S:
                    self._lose(set(self._runs))

    def _lose(self, numbers: set[int]) -> None:
        """Cancel each once: a run that is told again while it ends could not end well."""
        lost = (numbers & self._runs.keys()) - self._lost
        self._lost |= lost
        for number in lost:
            tell_lost(self._runs[number].job_id)
        self._cancel(lost)


class _ComesAgain(BaseRetryStrategy):
    """Whatever ended a run but its own return, its job comes again."""

    def get_retry_decision(self, *, exception: BaseException, job: Row) -> RetryDecision:
        del job
        wait_s = 0 if isinstance(exception, asyncio.CancelledError) else int(AGAIN_S)
        return RetryDecision(retry_in={"seconds": wait_s})


def _hush() -> None:
    """Let libraries tell what is worth a line; that nobody answers we say ourselves, once."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    # Each question is one statement: to begin and commit around it would cost two more.
    await connection.set_autocommit(True)


def _now() -> float:
    return asyncio.get_running_loop().time()
