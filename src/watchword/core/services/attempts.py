"""Look at a password only for those who have a guess left."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol

from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import Attempt, AttemptGate
from watchword.core.services.turns import Turns


class Places(Protocol):
    """Whoever looks at passwords, and has room for so many callers: our hasher, a directory."""

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]: ...


class Guesses:
    """Admits guesses at passwords: a turn, a place at who looks, then a reserved attempt."""

    def __init__(
        self,
        *,
        gate: AttemptGate,
        places: Places,
        clock: Clock,
        limits: AttemptLimits,
        at_once: int,
    ) -> None:
        self._gate = gate
        self._places = places
        self._clock = clock
        self._limits = limits
        self._turns = Turns(at_once=at_once)

    @property
    def limits(self) -> AttemptLimits:
        return self._limits

    @asynccontextmanager
    async def admit(self, subject: str, origin: Origin) -> AsyncIterator[Attempt | Refused]:
        """Reserve one guess, or say how long to wait.

        Raises UnavailableError when too many wait already.
        """
        exempt = origin.within(self._limits.exempt)
        async with self._turns.of(f"{subject} {origin.network}"):
            with self._places.place(origin.network, exempt=exempt):
                now = self._clock.now()
                attempt = Attempt(subject=subject, address=origin.network, at=now, exempt=exempt)
                wait = await self._gate.reserve(attempt, self._limits)
                yield Refused(Refusal.THROTTLED, retry_after=wait) if wait else attempt
