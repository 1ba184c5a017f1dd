"""Take out what time has made useless, a little at a time."""

from watchword.core.kernel.clock import Clock
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import OpenWork

BATCH_MAX = 1000
"""Rows of a kind in one transaction, so that nobody waits behind a long one."""


class Housekeeping:
    """Removes expired sessions and forgotten attempts."""

    def __init__(self, *, open_work: OpenWork, clock: Clock, limits: AttemptLimits) -> None:
        self._open_work = open_work
        self._clock = clock
        self._limits = limits

    async def sweep(self) -> None:
        """Remove one batch of each kind."""
        now = self._clock.now()
        async with self._open_work() as work:
            work.sessions.end_expired(at=now, limit=BATCH_MAX)
            work.attempts.purge(before=now - self._limits.trust, limit=BATCH_MAX)
            await work.commit()
