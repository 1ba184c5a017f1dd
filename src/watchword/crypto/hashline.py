"""A line of callers in front of a few threads that hash, and how what is done comes back."""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, Generic, TypeVar

from watchword.core.kernel.handback import Handback

NICER_BY = 10
"""How far hashes stand back for the thread that answers, in steps of nice(1).

A hash has milliseconds to go, a token check has microseconds, and both are ours: without
this the kernel shares the processors among them alike.
"""

HANDED_BACK_MAX = 8
"""More than this at once is no cheaper."""

LONG_S = 0.1
"""Who waited for a longer one, as other products make them, does not wait for others' too."""

Answer = TypeVar("Answer")


@dataclass(eq=False, slots=True)
class _Job(Generic[Answer]):
    work: Callable[[], Answer]
    future: asyncio.Future[tuple[Answer, float]]
    answer: tuple[Answer, float] | None = None
    error: BaseException | None = None

    def run(self) -> float:
        """Do the work, in the thread; return how long it took."""
        began = perf_counter()
        try:
            answer = self.work()
        except BaseException as error:  # noqa: BLE001 - who waits gets it, and the thread lives on
            self.error = error
            return perf_counter() - began
        seconds = perf_counter() - began
        self.answer = (answer, seconds)
        return seconds

    def settle(self) -> None:
        """Tell who waits, on the event loop."""
        if self.future.done():
            return  # They have gone away.
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            assert self.answer is not None
            self.future.set_result(self.answer)

    def drop(self) -> None:
        """Tell who waits that nobody will do it, on the event loop."""
        self.future.cancel()


class HashLine:
    """Threads that take one job after another; for callers on one event loop.

    What is done goes back to the loop when it is worth a wake-up: while many wait, several
    hashes are collected first, up to as many as still wait. So nobody waits much longer
    than their turn took, the threads never wait for the loop, and the loop has a fraction
    of the wake-ups, each of which finds the processor's caches full of somebody's hash. A
    short line collects nothing.
    """

    def __init__(self, threads: int, *, name: str) -> None:
        self._count = threads
        self._name = name
        self._threads: list[threading.Thread] = []
        self._line: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._done: deque[_Job[Any]] = deque()
        self._handback: Handback | None = None
        self._is_closed = False

    async def run(self, work: Callable[[], Answer]) -> tuple[Answer, float]:
        """Return what the work returns, and the seconds that it took.

        Who goes away before it has begun takes it with them.
        """
        if self._is_closed:
            raise RuntimeError("The hash threads are closed.")
        loop = asyncio.get_running_loop()
        if self._handback is None:
            self._handback = self._start(loop)
        job = _Job(work, loop.create_future())
        self._line.put(job)
        return await job.future

    def close(self) -> None:
        """Wait for the hashes that run, drop those that do not."""
        self._is_closed = True
        if self._handback is None:
            return
        with suppress(Empty):
            while (dropped := self._line.get_nowait()) is not None:
                self._handback.give([dropped.drop])
        for _ in self._threads:
            self._line.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self, loop: asyncio.AbstractEventLoop) -> Handback:
        """Start the threads with the first job: who never hashes has none."""
        handback = Handback(loop)
        for number in range(self._count):
            # A daemon: nobody waits for a hash whose process ends.
            thread = threading.Thread(
                target=self._work, args=(handback,), name=f"{self._name}_{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return handback

    def _work(self, handback: Handback) -> None:
        _stand_back()
        while (job := self._line.get()) is not None:
            seconds = 0.0
            if not job.future.cancelled():
                seconds = job.run()
                self._done.append(job)
            if are_due(len(self._done), waiting=self._line.qsize(), seconds=seconds):
                self._hand(handback)
        self._hand(handback)

    def _hand(self, handback: Handback) -> None:
        calls: list[Callable[[], None]] = []
        with suppress(IndexError):
            # One by one: another thread may do the same, and a third one add.
            while True:
                calls.append(self._done.popleft().settle)
        if calls:
            handback.give(calls)


def are_due(done: int, *, waiting: int, seconds: float) -> bool:
    """Say whether so many answers are worth waking the loop, while others wait for a thread.

    `seconds` is what the last one took.
    """
    return seconds > LONG_S or done >= min(HANDED_BACK_MAX, waiting)


def _stand_back() -> None:
    """Let this thread, and no other, have less of a processor that is wanted by others too."""
    if sys.platform != "linux":  # elsewhere it would be the whole process
        return
    own = threading.get_native_id()
    with suppress(OSError):
        nice = os.getpriority(os.PRIO_PROCESS, own)
        os.setpriority(os.PRIO_PROCESS, own, nice + NICER_BY)
