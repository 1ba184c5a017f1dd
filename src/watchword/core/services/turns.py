"""Let a few callers of one kind in at a time, in the order in which they came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from watchword.core.kernel.errors import UnavailableError

WAITING_MAX = 64
"""More than this many at one turnstile is no use of one account from one place."""


class Turns:
    """A turnstile per key, gone when nobody stands at it.

    Guesses are reserved as failures before the hash, so many right log-ins of one name
    at once would shut each other out. Waiting here, they come after each other instead.
    """

    def __init__(self, *, at_once: int) -> None:
        self._at_once = at_once
        self._gates: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Wait for a turn. Raises UnavailableError at once if the line is too long."""
        gate, users = self._gates.get(key) or (asyncio.Semaphore(self._at_once), 0)
        if users >= self._at_once + WAITING_MAX:
            raise UnavailableError(retry_after=2)
        self._gates[key] = (gate, users + 1)
        try:
            async with gate:
                yield
        finally:
            gate, users = self._gates.pop(key)
            if users > 1:
                self._gates[key] = (gate, users - 1)
