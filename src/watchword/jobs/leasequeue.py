"""The queue over a table of leases: it needs nothing but the database that is there anyway.

Whoever works holds each of its jobs for LEASE, and again for as long every BEAT_S. Who
dies stops doing so, and its jobs wait again. Who cannot do so for as long as a lease
lasts cancels its runs, for they may be another's by now.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from watchword.core.jobs.leases import LeaseDesk
from watchword.core.jobs.model import Lane
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.randomness import Randomness
from watchword.jobs.queuetrouble import Trouble, tell_failed, tell_lost

LEASE = timedelta(seconds=10)
BEAT_S = 2.5

PACE_S = 0.5
"""How often a worker with a place free looks for a job that another process put."""

AGAIN_S = 1.0
"""How long a job waits whose run raised, so that it cannot do so all the time."""

AT_ONCE = 4

Found = TypeVar("Found")
RunJob = Callable[[JobId], Awaitable[None]]


class LeaseQueue:
    """Implements Queue. One `work` at a time: it works under one name.

    `holder` is that name, where it outlives the process and no other has it: then what the
    process before had is taken over at once.
    """

    def __init__(
        self,
        desk: LeaseDesk,
        *,
        clock: Clock,
        randomness: Randomness,
        holder: str = "",
        at_once: int = AT_ONCE,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._name = holder or randomness.uuid()
        self._at_once = at_once
        self._wake = asyncio.Event()

    async def put(self, job_id: JobId, lane: Lane) -> None:
        await self._desk.put(job_id, lane, at=self._clock.now())
        self._wake.set()

    async def work(self, lanes: Sequence[Lane], run: RunJob, *, until: asyncio.Event) -> None:
        hold = _Hold(self._desk, self._clock, self._name, lanes)
        await _Shift(hold, run, self._at_once, self._wake).last(until)

    async def close(self) -> None:
        """Do nothing: the desk belongs to the storage."""


class _Hold:
    """The desk, as one holder asks it. None if it did not answer, which is told once."""

    def __init__(self, desk: LeaseDesk, clock: Clock, holder: str, lanes: Sequence[Lane]) -> None:
        self._desk = desk
        self._clock = clock
        self._holder = holder
        self._lanes = lanes
        self._trouble = Trouble()

    async def claim(self, limit: int) -> tuple[JobId, ...] | None:
        at = self._clock.now()
        return await self._asked(
            self._desk.claim(self._holder, self._lanes, at=at, until=at + LEASE, limit=limit)
        )

    async def beat(self) -> tuple[JobId, ...] | None:
        at = self._clock.now()
        return await self._asked(self._desk.beat(self._holder, at=at, until=at + LEASE))

    async def done(self, job_id: JobId) -> bool | None:
        step = self._desk.done(self._holder, job_id, at=self._clock.now())
        return await self._asked(_true(step))

    async def give_back(self, job_id: JobId | None = None) -> int | None:
        at = self._clock.now()
        return await self._asked(self._desk.give_back(self._holder, job_id, at=at))

    async def _asked(self, question: Awaitable[Found]) -> Found | None:
        try:
            found = await question
        except Exception as error:  # noqa: BLE001 - a worker that dies of it helps nobody
            self._trouble.told(error)
            return None
        self._trouble.over()
        return found


@dataclass(slots=True)
class _Run:
    """A job that is worked on. When its run has returned, it is only to be marked done."""

    task: asyncio.Task[None] | None = None
    has_returned: bool = False
    is_lost: bool = False
    is_claimed_anew: bool = False


class _Shift:
    """One call of `work`."""

    def __init__(self, hold: _Hold, run: RunJob, at_once: int, wake: asyncio.Event) -> None:
        self._hold = hold
        self._run = run
        self._at_once = at_once
        self._wake = wake
        self._runs: dict[JobId, _Run] = {}
        self._held_at = 0.0  # when the leases of what runs were last known to begin
        self._is_unsure = False  # whether we may hold what we do not know of

    async def last(self, until: asyncio.Event) -> None:
        """Work until the event is set and what runs is over."""
        bell = asyncio.create_task(self._ring(until))
        try:
            # What a process of the same name had that died.
            await self._hold.give_back()
            while not until.is_set() or self._runs:
                self._wake.clear()
                if await self._has_beaten() and not until.is_set():
                    await self._take()
                await self._rest()
        finally:
            bell.cancel()
            await self._end()

    async def _ring(self, until: asyncio.Event) -> None:
        await until.wait()
        self._wake.set()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PACE_S):
                await self._wake.wait()

    async def _end(self) -> None:
        for run in self._runs.values():
            _task(run).cancel()
        if self._runs:
            await asyncio.wait([_task(run) for run in self._runs.values()])
        # A claim that was cut off may have held jobs that nobody told us of.
        await self._hold.give_back()

    async def _take(self) -> None:
        free = self._at_once - len(self._runs)
        if free <= 0:
            return
        now = _now()
        claimed = await self._hold.claim(free)
        self._is_unsure |= claimed is None
        if not self._runs:
            self._held_at = now
        for job_id in claimed or ():
            if job_id in self._runs:
                # A run that was lost, or is just about to be over, must be over first.
                self._runs[job_id].is_claimed_anew = True
            else:
                self._begin(job_id)

    def _begin(self, job_id: JobId) -> None:
        run = self._runs[job_id] = _Run()
        run.task = asyncio.create_task(self._see_to(job_id, run))
        # Not at the end of the task itself: one that is cancelled at once does not begin.
        run.task.add_done_callback(lambda _: self._over(job_id))

    def _over(self, job_id: JobId) -> None:
        # Whether it gave back what was claimed anew, or only what it had before, who knows.
        self._is_unsure |= self._runs.pop(job_id).is_claimed_anew
        self._wake.set()

    async def _has_beaten(self) -> bool:
        """Hold for longer what runs, if it is time; False if nobody answered."""
        now = _now()
        is_time = self._runs and now - self._held_at >= BEAT_S
        if not is_time and not self._is_unsure:
            return True
        before = set(self._runs)
        kept = await self._hold.beat()
        if kept is None:
            if not self._may_hold():
                self._lose(before)
            return False
        self._held_at, self._is_unsure = now, False
        self._lose(before.difference(kept))
        # Of a claim whose answer got lost, or a giving back that was not heard.
        for job_id in set(kept) - before:
            await self._hold.give_back(job_id)
        return True

    def _may_hold(self) -> bool:
        return _now() - self._held_at < LEASE.total_seconds()

    def _lose(self, jobs: Collection[JobId]) -> None:
        for job_id in jobs:
            run = self._runs.get(job_id)
            if run is not None and not run.has_returned and not run.is_lost:
                run.is_lost = True
                tell_lost(job_id)
                _task(run).cancel()

    async def _see_to(self, job_id: JobId, run: _Run) -> None:
        try:
            if await self._has_returned(job_id, run):
                await self._mark_done(job_id)
            else:
                await self._hold.give_back(job_id)
        except asyncio.CancelledError:
            await self._hold.give_back(job_id)
            raise

    async def _mark_done(self, job_id: JobId) -> None:
        """Say so until it is heard, or the lease is over: then the job comes again anyway."""
        while self._may_hold():
            if await self._hold.done(job_id):
                return
            await asyncio.sleep(PACE_S)

    async def _has_returned(self, job_id: JobId, run: _Run) -> bool:
        try:
            await self._run(job_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job comes again
            tell_failed(job_id, error)
            await asyncio.sleep(AGAIN_S)
            return False
        run.has_returned = not run.is_lost
        return run.has_returned


def _task(run: _Run) -> asyncio.Task[None]:
    assert run.task is not None
    return run.task


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _true(step: Awaitable[None]) -> bool:
    await step
    return True
