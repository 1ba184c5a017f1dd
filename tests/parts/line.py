"""A connection that stays open, for many requests one after the other, without a thread."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from parts.peer import Answer, ClosedError

Json = Any  # a test may send and get whatever JSON can say

ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One kept connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.writer.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        token: str | None = None,
        headers: Sequence[str] = (),
    ) -> Answer:
        """Send one request and return its answer; ClosedError if the connection ended first."""
        self.writer.write(request(method, path, body, token=token, headers=headers))
        return await self.answer()

    async def answer(self) -> Answer:
        """Return the next answer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                head = await self.reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = {
                    name.lower(): value for name, value in (line.split(": ", 1) for line in lines)
                }
                content = await self._content(headers)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ClosedError from error
        return Answer(int(first.split(" ")[1]), headers, content)

    async def _content(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", "0")))
        pieces: list[bytes] = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            pieces.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return b"".join(pieces)


def request(
    method: str,
    path: str,
    body: Json = None,
    *,
    token: str | None = None,
    headers: Sequence[str] = (),
) -> bytes:
    """Return the bytes of a request; a body that is not bytes is sent as JSON."""
    content = b"" if body is None else body if isinstance(body, bytes) else _json(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _json(body: Json) -> bytes:
    return json.dumps(body).encode()
