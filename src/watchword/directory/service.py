"""The service account: it says who we are, and does not insist where it is not welcome."""

import asyncio

from watchword.core.kernel.errors import UnavailableError
from watchword.directory.breaker import Ticks
from watchword.directory.line import BindRefusedError, Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.subcodes import read_refusal
from watchword.observability.log import get_logger

_log = get_logger("watchword.directory")

_FIRST_WAIT_S, _WAIT_MAX_S, _GROWTH = 30.0, 1800.0, 4
"""A few tries with an old password lock an account, and then the right one is no good either."""


class ServiceAccount:
    """Binds as the service account, one line at a time; after a refusal it waits.

    A directory locks who tries too often, so we must not try as often as people log in.
    """

    def __init__(self, options: DirectoryOptions, ticks: Ticks) -> None:
        self._options = options
        self._ticks = ticks
        self._turn = asyncio.Lock()
        self._wait_s = 0.0
        self._refused_until: float | None = None

    async def bind(self, line: Line) -> None:
        """Say who we are. Raises UnavailableError if that is not taken, or was not lately."""
        async with self._turn:
            now = self._ticks()
            if self._refused_until is not None and now < self._refused_until:
                raise UnavailableError(retry_after=int(self._refused_until - now) + 1)
            try:
                await line.bind(self._options.bind_user, self._options.bind_password)
            except BindRefusedError as error:
                self._note(error)
                raise UnavailableError(retry_after=int(self._wait_s)) from error
            self._wait_s, self._refused_until = 0.0, None

    def _note(self, error: BindRefusedError) -> None:
        self._wait_s = min(max(_FIRST_WAIT_S, _GROWTH * self._wait_s), _WAIT_MAX_S)
        self._refused_until = self._ticks() + self._wait_s
        _, code = read_refusal(error.text)
        _log.error(
            "the directory refuses the service account",
            directory=self._options.name,
            code=code,
            again_in_s=self._wait_s,
        )
