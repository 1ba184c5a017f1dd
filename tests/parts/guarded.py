"""A service that trusts a Watchword: a small app behind the guard, served by uvicorn."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from parts.waiting import until
from watchword.client import Guard, GuardMiddleware, Principal

STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Service:
    """A guarded service that runs."""

    url: str
    http: httpx.Client

    def ask(self, token: str) -> httpx.Response:
        return self.http.get(self.url, headers={"Authorization": f"Bearer {token}"})

    def status(self, token: str) -> int:
        return self.ask(token).status_code


@contextmanager
def guarded(guard: Guard) -> Iterator[Service]:
    """Serve an app that says the subject of each caller, until the end of the block."""
    app = GuardMiddleware(Starlette(routes=[Route("/", _subject)]), guard=guard)
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), within=STOP_S)
        port: int = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client() as http:
            yield Service(f"http://127.0.0.1:{port}/", http)
    finally:
        server.should_exit = True
        thread.join(STOP_S)
    assert not thread.is_alive()


async def _subject(request: Request) -> PlainTextResponse:
    principal: Principal = request.scope["watchword"]
    return PlainTextResponse(principal.subject)
