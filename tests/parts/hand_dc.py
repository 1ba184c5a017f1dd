"""A DC that does what a test wants: it binds whoever comes, and finds nothing.

async with hand_dc(pair) as dc:
    dc.hangs.add(BIND)      # it hears that, and never answers
    dc.delay = 0.5          # each answer comes so late
    dc.refuses = True       # every password is a wrong one
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from parts.tls import Pair

BIND, SEARCH, UNBIND = 0x60, 0x63, 0x42
ROOT_DSE = b"currentTime"
"""Whoever asks for this asks for what everybody may see."""

_ANSWERS = {BIND: 0x61, SEARCH: 0x65}
_SUCCESS, _INVALID_CREDENTIALS = 0, 49
_SEQUENCE, _TEXT, _LONG = 0x30, 0x04, 0x80
_REFUSAL = b"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext, data 52e, v4563"


@dataclass
class HandDc:
    """Listens on 127.0.0.1. It answers what everybody may see even if searches hang."""

    port: int = 0
    refuses: bool = False
    hangs: set[int] = field(default_factory=set)
    heard: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ldaps://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection until it ends."""
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    await self._answer(await _read(reader), writer)
        finally:
            writer.transport.abort()

    async def _answer(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        end = 2 + message[1]
        number, kind = message[:end], message[end]
        self.heard.append(kind)
        if kind not in _ANSWERS or (kind in self.hangs and ROOT_DSE not in message):
            return
        is_no = self.refuses and kind == BIND
        code, text = (_INVALID_CREDENTIALS, _REFUSAL) if is_no else (_SUCCESS, b"")
        result = bytes((0x0A, 1, code)) + _written(_TEXT, b"") + _written(_TEXT, text)
        writer.write(_written(_SEQUENCE, number + _written(_ANSWERS[kind], result)))


@asynccontextmanager
async def hand_dc(pair: Pair) -> AsyncIterator[HandDc]:
    """Run one in this loop, with a certificate for 127.0.0.1."""
    dc = HandDc()
    server = await asyncio.start_server(dc.serve, "127.0.0.1", 0, ssl=pair.server_context())
    dc.port = server.sockets[0].getsockname()[1]
    try:
        yield dc
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read what is in the next message."""
    _, length = await reader.readexactly(2)
    if length & _LONG:
        length = int.from_bytes(await reader.readexactly(length - _LONG), "big")
    return await reader.readexactly(length)


def _written(tag: int, body: bytes) -> bytes:
    """Write something shorter than 128 bytes, or than 256 in two bytes of length."""
    length = len(body)
    head = (tag, length) if length < _LONG else (tag, _LONG + 1, length)
    return bytes(head) + body
