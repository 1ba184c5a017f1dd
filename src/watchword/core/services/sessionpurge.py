"""Take out sessions whose time is over, and end those that nobody uses."""

from collections.abc import Callable
from datetime import datetime

from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.ports import OpenWork, Work
from watchword.core.services.housekeeping import Housekeeping
from watchword.core.services.sessionuses import SessionUses

LOOKED_AT_ONCE = 500
"""Sessions in one look and one commit, so that nobody waits long behind it."""

Along = Callable[[Work], None]
"""Records something of the caller's in the same commit."""

AlongPage = Callable[[Work, int, str | None], None]
"""The same, told how many sessions end, and the cursor of the next page."""


class SessionPurge:
    """Works in portions. What has ended stays ended, wherever somebody stops."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        clock: Clock,
        housekeeping: Housekeeping,
        uses: SessionUses,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._housekeeping = housekeeping
        self._uses = uses

    async def count_expired(self, *, at: datetime) -> int:
        """Return how many sessions are stored whose time was over at a moment."""
        async with self._open_work() as work:
            return await work.sessions.count_expired(at=at)

    async def sweep(self) -> None:
        """Take out a portion of them, and of whatever else time has made useless."""
        await self._housekeeping.sweep()

    async def write_uses(self) -> None:
        """Write when sessions were used, as far as this process knows: to be done first."""
        await self._uses.write()

    async def end_idle(self, *, since: datetime, after: str | None, along: AlongPage) -> str | None:
        """End those of the next sessions that were neither used nor made since a moment.

        Returns the cursor of those behind them, None at the end. A session that is used at
        this very moment lives on, though it is counted.
        """
        async with self._open_work() as work:
            page = await work.sessions.page(at=self._clock.now(), after=after, limit=LOOKED_AT_ONCE)
            idle = [one.id for one in page.items if one.is_idle(since)]
            if idle:
                work.sessions.end_idle(idle, since=since)
                along(work, len(idle), page.next)
                await work.commit()
        return page.next

    async def tell(self, actor: Actor, subject: str, count: int, *, along: Along) -> None:
        """Tell the audit trail how many sessions went."""
        now = self._clock.now()
        async with self._open_work() as work:
            work.audit.add(
                event_by(actor, Action.SESSION_PURGE, at=now, subject=subject, detail=str(count))
            )
            along(work)
            await work.commit()
