"""Take out what time has made useless, a little at a time."""

from datetime import timedelta

from watchword.core.kernel.clock import Clock
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import OpenWork
from watchword.core.services.jobs import HOUSE

BATCH_MAX = 200
"""Rows of a kind in one transaction, so that nobody waits behind a long one.

In a large store each lies on pages of its own, in the table and in each index.
"""


EXPIRED_KEYS_SHOWN_FOR = timedelta(days=30)
"""So long an operator still sees why a key stopped working."""


CLOCKS_APART = timedelta(hours=1)
"""A service whose clock is behind takes a token for good a little longer."""


TICKETS_KNOWN_FOR = timedelta(days=30)
"""So long the letter to an address that was never confirmed can be asked for by the address."""


JOBS_MAX = 20
"""Jobs in one transaction, with all that they wrote."""

OWN_JOBS_KEPT_FOR = timedelta(days=1)
"""What the server started by itself and got done is of little interest, and there is much of it."""


class Housekeeping:
    """Removes expired sessions, keys and tickets, old letters, jobs, attempts and revocations.

    Check-outs end by time only with `checkouts_end_after`.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        clock: Clock,
        limits: AttemptLimits,
        shows_keys: bool,
        checkouts_end_after: timedelta | None,
        letters_kept_for: timedelta,
        jobs_kept_for: timedelta,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._limits = limits
        self._shows_keys = shows_keys
        self._checkouts_end_after = checkouts_end_after
        self._letters_kept_for = letters_kept_for
        self._jobs_kept_for = jobs_kept_for

    async def sweep(self) -> None:
        """Remove one batch of each kind."""
        now = self._clock.now()
        async with self._open_work() as work:
            work.sessions.end_expired(at=now, limit=BATCH_MAX)
            work.attempts.purge(before=now - self._limits.trust, limit=BATCH_MAX)
            work.revocation_log.purge(at=now - CLOCKS_APART, limit=BATCH_MAX)
            work.api_keys.delete_expired(before=now - EXPIRED_KEYS_SHOWN_FOR, limit=BATCH_MAX)
            work.tickets.purge(before=now - TICKETS_KNOWN_FOR, limit=BATCH_MAX)
            work.outbox.purge(before=now - self._letters_kept_for, limit=BATCH_MAX)
            work.accounts.add_up(limit=BATCH_MAX)
            if self._checkouts_end_after is not None:
                work.checkouts.end_old(before=now - self._checkouts_end_after, limit=BATCH_MAX)
            if not self._shows_keys:
                work.api_keys.forget_sealed(limit=BATCH_MAX)
            await work.commit()
        await self._sweep_jobs()

    async def _sweep_jobs(self) -> None:
        """Remove jobs in a commit of their own: what they wrote may be a lot."""
        now = self._clock.now()
        async with self._open_work() as work:
            work.jobs.purge(before=now - self._jobs_kept_for, limit=JOBS_MAX)
            own = now - OWN_JOBS_KEPT_FOR
            work.jobs.purge(before=own, completed_of=HOUSE, limit=JOBS_MAX)
            await work.commit()
