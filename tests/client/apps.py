"""Small ASGI apps, and a server that speaks to them in messages alone."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from watchword.client.lifespan import App, Message, Receive, Send

Headers = Iterable[tuple[bytes, bytes]]


class Greeter:
    """Says who was let in. Follows no lifespan: it raises, as plain apps do."""

    def __init__(self) -> None:
        self.scopes: list[Message] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        principal = scope.get("watchword")
        body = principal.subject.encode() if principal else b"anonymous"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def scope_of(kind: str = "http", path: str = "/", headers: Headers = (), **more: Any) -> Message:  # noqa: ANN401 - ASGI
    return {"type": kind, "method": "GET", "path": path, "headers": list(headers), **more}


def bearing(token: str) -> Headers:
    return [(b"authorization", f"Bearer {token}".encode())]


async def call(app: App, scope: Message) -> list[Message]:
    """Return all that an app sends in answer to one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        kind = "websocket.connect" if scope["type"] == "websocket" else "http.request"
        return {"type": kind, "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@asynccontextmanager
async def living(app: App) -> AsyncIterator[list[str]]:
    """Run the lifespan of an app around a block; yield what it said, as it says it."""
    said: list[str] = []
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: Message) -> None:
        said.append(message["type"])
        heard.put_nowait(message["type"])

    async def run() -> None:
        await app({"type": "lifespan"}, inbox.get, send)

    task = asyncio.create_task(run())
    inbox.put_nowait({"type": "lifespan.startup"})
    await heard.get()
    yield said
    inbox.put_nowait({"type": "lifespan.shutdown"})
    await task
