"""The service account: it says who we are, and does not insist where it is not welcome."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from watchword.core.kernel.errors import UnavailableError
from watchword.directory.breaker import Ticks
from watchword.directory.line import BindRefusedError, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.subcodes import read_refusal
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")

_FIRST_WAIT_S, _WAIT_MAX_S, _GROWTH = 30.0, 1800.0, 4
"""A few tries with an old password lock an account, and then the right one is no good either."""

_GOOD_S = 5.0
"""So long nobody asks whether the password is still the right one."""

_ALONE_S = 0.5
"""So long the other controllers wait for the one who finds out; for one that hangs no longer."""


class ServiceAccount:
    """Binds as the service account; after a refusal it waits, for longer and longer.

    A directory locks who tries too often, so we must not try as often as people log in.
    """

    def __init__(
        self, options: DirectoryOptions, ticks: Ticks, *, alone_s: float = _ALONE_S
    ) -> None:
        self._options = options
        self._ticks = ticks
        self._alone_s = alone_s
        self._first = asyncio.Lock()
        self._wait_s = 0.0
        self._good_until = self._refused_until = -math.inf

    async def bind(self, line: Line, turn: asyncio.Lock) -> None:
        """Say who we are. Raises UnavailableError if that is not taken, or was not lately.

        There is one `turn` for each controller.
        """
        if not self._is_good:
            # As long as we do not know, one finds out for all.
            async with turn, self._alone():
                if not self._is_good:
                    await self._find_out(line)
                    return
        await self._try(line)

    @property
    def _is_good(self) -> bool:
        return self._ticks() < self._good_until

    async def _find_out(self, line: Line) -> None:
        wait_s = self._refused_until - self._ticks()
        if wait_s > 0:
            raise UnavailableError(retry_after=math.ceil(wait_s))
        await self._try(line)
        self._good_until = self._ticks() + _GOOD_S

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Let the controllers find out one after the other, as long as they answer at once."""
        is_mine = False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._alone_s):
                is_mine = await self._first.acquire()
        try:
            yield
        finally:
            if is_mine:
                self._first.release()

    async def _try(self, line: Line) -> None:
        try:
            await line.bind(self._options.bind_user, self._options.bind_password)
        except BindRefusedError as error:
            self._note(error)
            raise UnavailableError(retry_after=math.ceil(self._wait_s)) from error
        self._wait_s = 0.0

    def _note(self, error: BindRefusedError) -> None:
        self._wait_s = min(max(_FIRST_WAIT_S, _GROWTH * self._wait_s), _WAIT_MAX_S)
        self._refused_until, self._good_until = self._ticks() + self._wait_s, -math.inf
        _, code = read_refusal(error.text)
        _log.error(
            "the directory refuses the service account",
            directory=self._options.name,
            code=code,
            again_in_s=self._wait_s,
        )
