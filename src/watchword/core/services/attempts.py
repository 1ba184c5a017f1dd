"""Look at a password only for those who have a guess left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol

from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import Attempt, AttemptGate
from watchword.core.services.turns import Turns

REFUSED_AFTER_S = 0.25
"""Whoever finds the line full hears of it after so long; they are told to wait for longer."""

PAUSING_MAX = 1024
"""What more of them cost in memory is worse than what they cost in time."""


async def _moment() -> None:
    await asyncio.sleep(REFUSED_AFTER_S)


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
        pause: Callable[[], Awaitable[None]] = _moment,
    ) -> None:
        self._gate = gate
        self._places = places
        self._clock = clock
        self._limits = limits
        self._turns = Turns(at_once=at_once)
        self._pause = pause
        self._pausing = 0

    @property
    def limits(self) -> AttemptLimits:
        return self._limits

    @asynccontextmanager
    async def admit(self, subject: str, origin: Origin) -> AsyncIterator[Attempt | Refused]:
        """Reserve one guess, or say how long to wait.

        Raises UnavailableError when too many wait already.
        """
        network, is_in = origin.network, False
        exempt = origin.within(self._limits.exempt)
        try:
            async with self._turns.of(f"{subject} {network}"):
                with self._places.place(network, exempt=exempt):
                    is_in, now = True, self._clock.now()
                    attempt = Attempt(subject=subject, address=network, at=now, exempt=exempt)
                    wait = await self._gate.reserve(attempt, self._limits)
                    yield Refused(Refusal.THROTTLED, retry_after=wait) if wait else attempt
        except UnavailableError:
            if not is_in and self._pausing < PAUSING_MAX:
                await self._let_pass()
            raise

    async def _let_pass(self) -> None:
        """Let a moment pass before somebody is sent away.

        Who comes again at once would else be sent away thousands of times a second, and all
        others would wait for that.
        """
        self._pausing += 1
        try:
            await self._pause()
        finally:
            self._pausing -= 1
