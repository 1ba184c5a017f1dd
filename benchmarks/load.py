"""A small load generator: keep-alive connections that send one request after another."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles
from typing import cast


@dataclass
class Outcome:
    """What came back: answers by status, and how long each took, in milliseconds."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return good answers (200) a second."""
        return self.statuses.get(200, 0) / self.seconds

    @property
    def p50_ms(self) -> float:
        return quantiles(self.latencies_ms, n=100)[49]

    @property
    def p99_ms(self) -> float:
        return quantiles(self.latencies_ms, n=100)[98]


class _Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome, ends_at: float) -> None:
        self._requests = requests
        self._outcome = outcome
        self._ends_at = ends_at
        self._buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        raw = next(self._requests, None) if self._sent_at < self._ends_at else None
        if raw is None:
            self._transport.close()
            return
        self._transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end or len(rest) < _length(head):
            return
        self._buffer = b""
        status = int(head[9:12])
        statuses = self._outcome.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self._outcome.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(exc)


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.partition(b"\r\n")[0])


async def press(
    port: int, requests: Callable[[int], Iterator[bytes]], *, connections: int, seconds: float
) -> Outcome:
    """Keep so many connections busy for so long, or until its own stream of each is at its end."""
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    ends_at = began + seconds
    opened = [
        await loop.create_connection(
            partial(_Connection, requests(number), outcome, ends_at), "127.0.0.1", port
        )
        for number in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    outcome.seconds = time.perf_counter() - began
    return outcome


def request(
    method: str,
    path: str,
    *,
    token: str = "",
    key: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes of one HTTP/1.1 request; a body is JSON unless its headers say otherwise."""
    fields = {"Host": "127.0.0.1", "Content-Length": str(len(body))}
    if body:
        fields["Content-Type"] = "application/json"
    if token:
        fields["Authorization"] = f"Bearer {token}"
    if key:
        fields["X-Authorization"] = key
    fields |= headers or {}
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body
