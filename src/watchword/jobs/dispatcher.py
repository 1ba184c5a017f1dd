"""Looks, once a second, what there is to do: brings jobs that are due to the queue.

So the hand-over comes after the commit that began a job, in whatever process that was, and
what was missed once is found the next time.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.errors import CoreError
from watchword.core.ports import OpenWork
from watchword.core.services.jobruns import JobRuns
from watchword.observability.log import get_logger

Found = TypeVar("Found")
Look = Callable[[], Awaitable[object]]

_log = get_logger("watchword.jobs")


@dataclass(frozen=True, slots=True)
class Active:
    """How many jobs are not over, all told and in the lane that needs a process of its own."""

    all: int = 0
    heavy: int = 0

    def of(self, lanes: Sequence[Lane]) -> int:
        """Return how many those of some lanes are."""
        by_lane = {Lane.LIGHT: self.all - self.heavy, Lane.HEAVY: self.heavy}
        return sum(by_lane[lane] for lane in set(lanes))


class Dispatcher:
    """One look at a time. `looks` are what others do at each, such as a schedule.

    Nothing that goes wrong ends it; what goes on being wrong is told once.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        runs: JobRuns,
        queue: Queue,
        looks: Sequence[Look] = (),
        on_active: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._open_work = open_work
        self._runs = runs
        self._queue = queue
        self._looks = looks
        self._on_active = on_active
        self._troubles: dict[Look, str] = {}

    async def look(self) -> Active | None:
        """Do what is due; return what is active, None if that cannot be known now."""
        for look in self._looks:
            await self._guarded(look)
        active = await self._guarded(self._count)
        if active is not None:
            self._on_active(active.all)
            # A server with nothing to do asks the queue nothing: it need not even be loaded.
            if active.all:
                await self._guarded(self._hand_over)
        return active

    async def _count(self) -> Active:
        async with self._open_work() as work:
            every = await work.jobs.count_active()
            return Active(every, await work.jobs.count_active(Lane.HEAVY) if every else 0)

    async def _hand_over(self) -> int:
        return await self._runs.hand_over(self._queue)

    async def _guarded(self, step: Callable[[], Awaitable[Found]]) -> Found | None:
        """Do one step; what fails is done again at the next look."""
        try:
            found = await step()
        except CoreError as error:
            self._tell(step, "jobs wait", error.code)
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be looked at
            # Its text may hold anything.
            self._tell(step, "dispatcher failed", type(error).__name__)
            return None
        self._troubles.pop(step, None)
        return found

    def _tell(self, step: Look, event: str, reason: str) -> None:
        if self._troubles.get(step) != reason:
            self._troubles[step] = reason
            _log.warning(event, reason=reason, step=getattr(step, "__qualname__", "?"))
