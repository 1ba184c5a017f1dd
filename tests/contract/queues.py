"""Queues over each kind of database, and what a worker of theirs did."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contract.storages import Kind
from contract.things import AT
from parts.waiting import eventually
from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.randomness import SystemRandomness
from watchword.jobs.leasequeue import LeaseQueue
from watchword.storage.sqlite import PATIENCE_MS, open_sqlite

KINDS = [Kind.SQLITE, Kind.POSTGRES, Kind.POOLED]
LIGHT = [Lane.LIGHT]
SOON_S = 10.0
"""For what takes a second or two on a quiet machine."""


def target_of(kind: Kind, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return what `open_queue` opens: a new database."""
    if kind is Kind.SQLITE:
        return str(folder / "watchword.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@asynccontextmanager
async def open_queue(
    target: str,
    *,
    pooler: bool = False,
    holder: str = "",
    at_once: int = 4,
    patience_ms: int = PATIENCE_MS,
) -> AsyncIterator[Queue]:
    """Open a queue on a PostgreSQL database by its URL, or on a SQLite file by its path."""
    if target.startswith("postgresql:"):
        from watchword.jobs.procrastinatequeue import ProcrastinateQueue  # noqa: PLC0415 - as in app: it is slow

        queue = ProcrastinateQueue(target, pooler=pooler, at_once=at_once)
        yield queue
        await queue.close()
        return
    storage = await open_sqlite(Path(target), patience_ms=patience_ms)
    await storage.migrate(at=AT)
    yield LeaseQueue(
        storage.lease_desk,
        clock=SystemClock(),
        randomness=SystemRandomness(),
        holder=holder,
        at_once=at_once,
    )
    await storage.close()


@dataclass
class Depot:
    """Opens queues on the same database, and closes them all."""

    target: str
    pooler: bool
    stack: AsyncExitStack

    async def queue(self, *, at_once: int = 4) -> Queue:
        opening = open_queue(self.target, pooler=self.pooler, at_once=at_once)
        return await self.stack.enter_async_context(opening)


@dataclass
class Hands:
    """Work on jobs: `run` is what a queue calls.

    While `may_end` is not set, what was begun goes on.
    """

    begun: list[JobId] = field(default_factory=list)
    ended: list[JobId] = field(default_factory=list)
    cut: list[JobId] = field(default_factory=list)
    now: set[JobId] = field(default_factory=set)
    most_at_once: int = 0
    twice_at_once: list[JobId] = field(default_factory=list)
    fails: dict[JobId, int] = field(default_factory=dict)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, job_id: JobId) -> None:
        self._begin(job_id)
        try:
            await asyncio.sleep(0)
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cut.append(job_id)
            raise
        finally:
            self.now.discard(job_id)
        if self.fails.get(job_id, 0):
            self.fails[job_id] -= 1
            raise OSError(f"job {job_id} fails")
        self.ended.append(job_id)

    def _begin(self, job_id: JobId) -> None:
        self.begun.append(job_id)
        if job_id in self.now:
            self.twice_at_once.append(job_id)
        self.now.add(job_id)
        self.most_at_once = max(self.most_at_once, len(self.now))

    async def have_begun(self, *jobs: int, within: float = SOON_S) -> None:
        """Wait until these, in any order, are what was begun."""
        await _are(self.begun, jobs, within)

    async def have_ended(self, *jobs: int, within: float = SOON_S) -> None:
        await _are(self.ended, jobs, within)


async def _are(found: list[JobId], jobs: Sequence[int], within: float) -> None:
    async def check() -> bool:
        return sorted(found) == sorted(jobs)

    await eventually(check, within=within)


@asynccontextmanager
async def at_work(
    queue: Queue, hands: Hands, *lanes: Lane, graceful: bool = True
) -> AsyncIterator["asyncio.Task[None]"]:
    """Have a worker work during the block, and let it end what it has, or cut it off."""
    until = asyncio.Event()
    task = asyncio.create_task(queue.work(lanes or LIGHT, hands.run, until=until))
    try:
        yield task
        if graceful:
            hands.may_end.set()
            until.set()
            async with asyncio.timeout(SOON_S):
                await task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def put(queue: Queue, *jobs: int, lane: Lane = Lane.LIGHT) -> None:
    for job_id in jobs:
        await queue.put(JobId(job_id), lane)
