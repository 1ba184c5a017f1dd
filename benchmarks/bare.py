"""The limit of a token check: a raw ASGI handler on the very same server, transport limits too."""

import sys

from starlette.types import Receive, Scope, Send

from watchword.http.gate import Served
from watchword.http.server import ServerConfig, serve

BODY = b'{"id":"00000000-0000-4000-8000-000000000000","username":"name0","role":"user"}'
HEAD = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything with the same few bytes."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    config = ServerConfig(port=int(sys.argv[1]))
    sys.exit(serve(lambda _: Served(app=app), config, on_ready=lambda _: None))
