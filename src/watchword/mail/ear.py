"""Hears that a letter was taken before anything else of this process can happen."""

import asyncio
import re
from collections.abc import Callable

from aiosmtplib.protocol import SMTPProtocol

_ANSWER_MAX = 65_536

# RFC 5321, 4.2.1: of several lines the last one counts, the one without a hyphen.
_YES = re.compile(rb"(?:\d{3}-[^\n]*\n)*2\d\d(?![\d\-])[^\n]*\n")


class Ear(asyncio.Protocol):
    """Stands between a connection and the protocol behind it for the answer to a letter.

    A task that waits for an answer goes on in the next turn of the loop at the earliest,
    after whatever else is due. All that time a letter would be taken, and we would not know
    it when we were killed.
    """

    def __init__(self, behind: SMTPProtocol, on_yes: Callable[[], None]) -> None:
        self._behind = behind
        self._on_yes = on_yes
        self._heard = b""
        self._listens = True

    def data_received(self, data: bytes) -> None:
        if self._listens:
            self._listen(data)
        self._behind.data_received(data)

    def eof_received(self) -> bool:
        return self._behind.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()

    def _listen(self, data: bytes) -> None:
        self._heard += data
        if _YES.match(self._heard):
            self._listens = False
            self._on_yes()
        elif len(self._heard) > _ANSWER_MAX:
            self._listens = False
