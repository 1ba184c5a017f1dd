"""A real server on a free port: in a thread, around an app that tells what it was asked."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from parts.waiting import until
from watchword.http.gate import Heads, Render, Served, TransportLimits, render_detail
from watchword.http.listening import listen
from watchword.http.server import GracefulServer, ServerConfig
from watchword.http.tls import TlsFiles

PIECE = b"x" * 65536


async def answer(send: Send, content: object) -> None:
    """Answer 200 with a JSON body."""
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive) -> bytes | None:
    """Return the body, or None if the client went away or was refused."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        if not message["more_body"]:
            return bytes(body)


async def live(receive: Receive, send: Send) -> None:
    """Follow the lifespan and do nothing in it."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})


@dataclass
class Witness:
    """An app that remembers what reached it.

    `/held` answers when `release` was called, `/early` without reading the body, and `/much`
    answers more than any buffer between us holds.
    """

    asked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self._loop = asyncio.get_running_loop()
            await live(receive, send)
            return
        path: str = scope["path"]
        self.asked.append(path)
        if path == "/held":
            await self._released.wait()
        if path == "/much":
            await self._say_much(send)
            return
        body = b"" if path == "/early" else await read_body(receive)
        if body is None:
            self.left.append(path)
            return
        names = [name.decode("latin-1") for name, _ in scope["headers"]]
        told = {"method": scope["method"], "path": path, "headers": names, "size": len(body)}
        await answer(send, told)

    async def _say_much(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def at_once(self, target: bytes, scope: Mapping[str, Any], heads: Heads) -> bytes | None:
        """Answer `/once` in the transport."""
        del scope
        if target != b"/once":
            return None
        lines = [b"%b: %b" % one for one in heads]
        return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"content-length: 4", b"", b"once"])

    def release(self) -> None:
        """Let the held requests go."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._released.set)


@dataclass
class Running:
    """A server, its app, and what it refused."""

    port: int
    app: Witness
    server: GracefulServer
    refused: list[int]

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)


@contextmanager
def running(
    *,
    limits: TransportLimits | None = None,
    render: Render = render_detail,
    body_bytes_max: Callable[[str], int] | None = None,
    tls: TlsFiles | None = None,
) -> Iterator[Running]:
    """Serve the witness in a thread; stop it at the end."""
    app, refused = Witness(), list[int]()
    served = Served(
        app=app,
        at_once=app.at_once,
        render=render,
        on_refused=refused.append,
        body_bytes_max=body_bytes_max,
    )
    config = ServerConfig(limits=limits or TransportLimits(), tls=tls, grace_seconds=1)
    with serving(served, config) as (port, server):
        yield Running(port, app, server, refused)


@contextmanager
def serving(served: Served, config: ServerConfig) -> Iterator[tuple[int, GracefulServer]]:
    """Serve anything in a thread, on a free port; stop it at the end."""
    listeners = listen("127.0.0.1", 0)
    port: int = listeners[0].getsockname()[1]
    started = threading.Event()
    server = GracefulServer(served, config, on_started=started.set)
    thread = threading.Thread(target=server.serve_on, args=(listeners,))
    thread.start()
    try:
        assert started.wait(10)
        yield port, server
    finally:
        server.should_exit = True
        thread.join(10)
        until(lambda: not thread.is_alive())
