"""Starts the job that sends letters when one is due.

It is asked once a second, whatever is committed: when a letter goes out must not show in how
long the next request takes.
"""

from datetime import datetime, timedelta
from pathlib import Path

from watchword.core.jobs.model import Job, State
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.randomness import Randomness
from watchword.core.ports import OpenWork
from watchword.core.services import Services
from watchword.jobs.flows.mail_send import NAME
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.schedule import BY_HOUSE

PAUSE = timedelta(minutes=1)
"""So long after a job that failed or was cancelled no other is started."""


class MailCall:
    """Looks for letters on behalf of one process. `lock` is the one of the flow."""

    def __init__(
        self,
        *,
        services: Services,
        open_work: OpenWork,
        clock: Clock,
        randomness: Randomness,
        lock: Path,
    ) -> None:
        self._services = services
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness
        self._lock = lock

    async def look(self) -> Job | None:
        """Start a job if letters are due and nobody sends them; return it.

        To be called once a second. Raises UnavailableError when the database does not answer.
        """
        await self._take_up()
        if not await self._is_wanted():
            return None
        return await self._services.jobs.start_for_house(
            NAME, key=self._randomness.uuid(), actor=BY_HOUSE
        )

    async def _take_up(self) -> None:
        """Settle what a sender of this machine left when it was killed.

        Not left to the next job: another machine may work on that, and what the mail server
        took is noted here alone.
        """
        if not await self._services.delivery.has_left():
            return
        lock = OnlyOne(self._lock)
        if not _take(lock):
            return  # it is being sent right now
        try:
            await self._services.delivery.begin()
        finally:
            lock.give()

    async def _is_wanted(self) -> bool:
        now = self._clock.now()
        async with self._open_work() as work:
            if not await work.outbox.is_due(at=now) or await work.jobs.is_active(NAME):
                return False
            before = await work.jobs.page(flow=NAME, limit=1)
        return not any(_was_just_in_vain(job, now) for job in before.items)


def _take(lock: OnlyOne) -> bool:
    try:
        return lock.take()
    except OSError:
        return False  # the flow meets the same error, and its job tells it


def _was_just_in_vain(job: Job, now: datetime) -> bool:
    ended = job.finished_at
    return ended is not None and job.state is not State.COMPLETED and now < ended + PAUSE
