"""Carries letters from the outbox to the mail server, in one process of each machine.

It looks once a second, whatever is committed: when a letter goes out must not show in how
long the next request takes. While nothing is due that is the whole of its work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from watchword.core.kernel.errors import CoreError
from watchword.core.ports import Outcome
from watchword.core.services.delivery import Delivery
from watchword.jobs.onlyone import OnlyOne
from watchword.observability.log import get_logger

PACE_S = 1.0
AT_ONCE = 4
"""Letters on their way at the same time, if the mail server is slow."""

BRISK = 4
"""Letters in a second that are enough for one carrier. Where we are killed, each letter on its
way may come twice: so a mail server that is quick gets them one by one."""

WAIT_LONGEST_S = 60.0
"""How long a mail server that does not answer is left alone at most."""

Found = TypeVar("Found")
Sleep = Callable[[float], Awaitable[object]]

_log = get_logger("watchword.jobs")


class Postman:
    """The loop. `run` goes on until it is cancelled; `close` ends it in order.

    Others that run on the same `lock` wait, and one of them goes on when this one is gone.
    """

    def __init__(
        self, *, delivery: Delivery, lock: Path, grace_s: float, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._delivery = delivery
        self._lock = OnlyOne(lock)
        self._grace_s = grace_s
        self._sleep = sleep
        self._calls = asyncio.Semaphore(0)  # each lets a carrier look for a letter
        self._answers = asyncio.Event()  # cleared while the mail server does not
        self._answers.set()
        self._busy = 0
        self._done = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._ends_at: float | None = None
        self._trouble = ""

    async def run(self) -> None:
        """Send letters whenever no other process of this machine does."""
        while True:
            if self._has_turn():
                try:
                    await self._work()
                finally:
                    self._lock.give()
            await self._sleep(PACE_S)

    def stop(self) -> None:
        """Take no further letter. Those that are on their way have the time of grace."""
        if self._ends_at is None:
            self._ends_at = asyncio.get_running_loop().time() + self._grace_s

    async def close(self, running: asyncio.Task[None]) -> None:
        """End the task that runs this, when no letter is on its way or the grace is over."""
        self.stop()
        try:
            async with asyncio.timeout_at(self._ends_at):
                await self._is_quiet.wait()
        except TimeoutError:
            _log.warning("letters cut off", count=self._busy)
        running.cancel()
        await asyncio.wait([running])

    def _has_turn(self) -> bool:
        try:
            return self._lock.take()
        except OSError as error:
            self._tell("no letter can be sent", type(error).__name__)
            return False

    async def _work(self) -> None:
        while not await self._guarded(self._begin):
            await self._sleep(PACE_S)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._carry())
            while True:
                if self._done < BRISK * self._busy or not self._busy:
                    self._call()
                self._done = 0
                await self._sleep(PACE_S)

    async def _begin(self) -> bool:
        await self._delivery.begin()
        return True

    def _call(self) -> None:
        """Let one more carrier look, unless one is about to."""
        if self._calls.locked():
            self._calls.release()

    async def _carry(self) -> None:
        while True:
            await self._calls.acquire()
            while await self._carry_one() is not None:
                self._done += 1

    async def _carry_one(self) -> Outcome | None:
        await self._answers.wait()
        outcome = await self._try()
        if outcome is Outcome.UNREACHABLE and self._answers.is_set():
            return await self._wait_for_server()
        return outcome

    async def _wait_for_server(self) -> Outcome | None:
        """Knock alone, less and less often, while the others wait."""
        self._answers.clear()
        _log.warning("mail server unreachable")
        try:
            for wait_s in _waits():
                await self._sleep(wait_s)
                outcome = await self._try()
                if outcome is not Outcome.UNREACHABLE:
                    break
        finally:
            self._answers.set()
        return outcome

    async def _try(self) -> Outcome | None:
        if self._ends_at is not None:
            return None
        self._busy += 1
        self._is_quiet.clear()
        try:
            delivered = await self._guarded(self._delivery.deliver)
            return delivered.outcome if delivered else None
        finally:
            self._busy -= 1
            if not self._busy:
                self._is_quiet.set()

    async def _guarded(self, step: Callable[[], Awaitable[Found]]) -> Found | None:
        """Do one step; what fails is done again at the next look."""
        try:
            done = await step()
        except CoreError as error:
            self._tell("letters wait", error.code)
            return None
        except Exception as error:  # noqa: BLE001 - one bad letter must not hold up the others
            # Its text may hold an address.
            _log.error("letter failed", reason=type(error).__name__)
            return None
        self._trouble = ""
        return done

    def _tell(self, event: str, reason: str) -> None:
        """Write a line about something that goes on, once."""
        if reason != self._trouble:
            self._trouble = reason
            _log.warning(event, reason=reason)


def _waits() -> Iterator[float]:
    wait_s = PACE_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, WAIT_LONGEST_S)
