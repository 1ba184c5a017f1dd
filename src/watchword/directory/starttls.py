"""The one question that is asked without TLS: whether to begin it (RFC 4511, 4.14).

We read the answer ourselves, to the last byte: one that is slipped in behind it by whoever
stands between us and the controller would else be taken for the answer to a bind.
"""

import asyncio
from ssl import SSLError

_OID = b"1.3.6.1.4.1.1466.20037"
_SEQUENCE, _EXTENDED_RESPONSE = 0x30, 0x78
_REPLY_MAX = 4096
_LONG_FORM = 0x80

REQUEST = bytes((_SEQUENCE, len(_OID) + 7, 2, 1, 1, 0x77, len(_OID) + 2, 0x80, len(_OID))) + _OID


class Reply:
    """What the controller says to that."""

    def __init__(self) -> None:
        self._heard = b""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def feed(self, data: bytes) -> None:
        self._heard += data
        if len(self._heard) > _REPLY_MAX or _is_whole(self._heard):
            self.end()

    def end(self) -> None:
        """Hear no more."""
        if not self._done.done():
            self._done.set_result(None)

    async def is_yes(self) -> None:
        """Wait for the answer. Raises SSLError if it is not a yes."""
        await self._done
        self.check_rest()

    def check_rest(self) -> None:
        """Raise SSLError if there is more, or less, than a yes."""
        if not is_yes(self._heard):
            raise SSLError("it does not begin TLS when asked to")


def is_yes(message: bytes) -> bool:
    """Say whether these bytes are the answer to REQUEST, with result 0, and nothing else."""
    try:
        tag, inner, rest = _split(message)
        number, after = inner[:3], inner[3:]
        kind, response, controls = _split(after)
    except IndexError:
        return False
    is_answer = (tag, number, kind) == (_SEQUENCE, b"\x02\x01\x01", _EXTENDED_RESPONSE)
    return is_answer and response[:3] == b"\x0a\x01\x00" and not rest and not controls


def _is_whole(heard: bytes) -> bool:
    try:
        _split(heard)
    except IndexError:
        return False
    return True


def _split(data: bytes) -> tuple[int, bytes, bytes]:
    """Return the tag, the contents and what follows. Raises IndexError if that is not all."""
    tag, length, start = data[0], data[1], 2
    if length & _LONG_FORM:
        start += length & ~_LONG_FORM
        if len(data) < start:
            raise IndexError
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise IndexError
    return tag, data[start : start + length], data[start + length :]
