"""Where jobs are worked on: in a server, in the process beside it, or in `watchword worker`."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.errors import CoreError
from watchword.jobs.child import Child
from watchword.jobs.dispatcher import Active, Dispatcher
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.worker import Worker
from watchword.observability.log import get_logger

PACE_S = 1.0

_log = get_logger("watchword.jobs")


class Workshop:
    """The loop. `run` goes on until there was nothing to do for `idle_s`, or for ever.

    Others that run on the same `lock`, if there is one, wait, and one of them goes on when
    this one is gone. Jobs of these lanes are worked on here, heavy ones by the `child` if
    there is one. The queue is not touched before there is a job.
    """

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        worker: Worker,
        queue: Queue,
        lanes: Sequence[Lane],
        grace_s: float,
        lock: OnlyOne | None = None,
        child: Child | None = None,
        idle_s: float | None = None,
        pace_s: float = PACE_S,
    ) -> None:
        self._dispatcher = dispatcher
        self._worker = worker
        self._queue = queue
        self._lanes = lanes
        self._lock = lock
        self._grace_s = grace_s
        self._child = child
        self._idle_s = idle_s
        self._pace_s = pace_s
        self._until = asyncio.Event()
        self._ends_at: float | None = None
        self._busy_at = 0.0  # when there was something to do the last time
        self._trouble = ""
        self._queue_trouble = ""

    async def run(self) -> None:
        """Work whenever no other process does on the same lock."""
        while not self._until.is_set():
            if not self._has_turn():
                await self._rest()
                continue
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - a bug of ours must not end all work
                _log.error("workshop failed", reason=type(error).__name__)
                await self._rest()
            finally:
                if self._lock is not None:
                    self._lock.give()

    def stop(self) -> None:
        """Begin no job, and have those that run end at their next checkpoint, to be gone on with.

        They have the time of grace.
        """
        if self._ends_at is None:
            self._ends_at = _now() + self._grace_s
            self._until.set()
            self._worker.stop()
            if self._child is not None:
                self._child.stop()

    async def close(self, running: asyncio.Task[None]) -> None:
        """End the task that runs this, when all jobs are left or the grace is over."""
        self.stop()
        assert self._ends_at is not None
        await asyncio.wait([running], timeout=self._ends_at - _now())
        if not running.done():
            _log.warning("jobs cut off", count=self._worker.busy)
            running.cancel()
            await asyncio.wait([running])

    def _has_turn(self) -> bool:
        if self._lock is None:
            return True
        try:
            return self._lock.take()
        except OSError as error:
            if self._trouble != error.strerror:
                self._trouble = str(error.strerror)
                _log.warning("no job can be worked on", reason=error.strerror)
            return False

    async def _work(self) -> None:
        working: asyncio.Task[None] | None = None
        self._busy_at = _now()
        try:
            while not self._until.is_set():
                active = await self._dispatcher.look()
                if active is not None:
                    working = self._see_to(active, working)
                if self._is_idle(active):
                    self._until.set()
                await self._rest()
            await self._end(working)
        finally:
            await self._cut_off(working)

    def _see_to(
        self, active: Active, working: asyncio.Task[None] | None
    ) -> asyncio.Task[None] | None:
        if active.heavy and self._child is not None:
            self._child.wake()
        if working is not None and working.done():
            self._tell_end(working)
            working = None
        elif working is not None:
            self._queue_trouble = ""  # it works by now
        if working is None and active.of(self._lanes):
            work = self._queue.work(self._lanes, self._worker.run, until=self._until)
            working = asyncio.create_task(work)
        return working

    def _is_idle(self, active: Active | None) -> bool:
        if active is None or active.of(self._lanes) or self._worker.busy:
            self._busy_at = _now()
        return self._idle_s is not None and _now() - self._busy_at >= self._idle_s

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace_s):
                await self._until.wait()

    async def _end(self, working: asyncio.Task[None] | None) -> None:
        if working is not None:
            await asyncio.wait([working])
            self._tell_end(working)
        if self._child is not None:
            await self._child.ended()

    async def _cut_off(self, working: asyncio.Task[None] | None) -> None:
        if working is not None and not working.done():
            working.cancel()
            await asyncio.wait([working])
        if self._child is not None:
            await self._child.kill()
        await self._queue.close()

    def _tell_end(self, working: asyncio.Task[None]) -> None:
        """Tell what ended the queue's work, once until it is something else."""
        error = working.exception()
        if error is None:
            return
        # The words of a stranger's error may hold anything.
        reason = str(error) if isinstance(error, CoreError) else type(error).__name__
        if self._queue_trouble != reason:
            self._queue_trouble = reason
            _log.error("queue failed", reason=reason)


def _now() -> float:
    return asyncio.get_running_loop().time()
