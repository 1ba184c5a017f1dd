"""One check of a token, step by step: what each costs the process that serves, in microseconds.

Nothing is sent: the octets of a request go into the server's own protocol, and what that writes
goes nowhere. What the kernel does for a request comes on top, and the whole is told by `run.py`.
"""

import asyncio
import os
import tempfile
import timeit
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import uvicorn
import uvloop
from load import request
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from watchword import __version__
from watchword.app.house import open_house
from watchword.app.web import WebApp
from watchword.core.kernel.caller import Origin
from watchword.core.services import Services
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.services.signup import Wish
from watchword.dialects.asta.me import say_user
from watchword.http import reports
from watchword.http.address import Addresses
from watchword.http.answers import encode
from watchword.http.arrival import Arrival
from watchword.http.credentials import Presented, find_credential
from watchword.http.fields import Fields
from watchword.http.gate import AtOnce, Gate, Served, TransportLimits
from watchword.http.protocol import LimitedProtocol
from watchword.observability import log
from watchword.observability.metrics import Metrics, prepare
from watchword.settings.load import load

PATH = "/api/auth/me"
NAME, PASSWORD = "ada", "correct horse battery staple"
HERE = Origin("127.0.0.1", "asta")
LOOPS = 20_000
TURNS = 7


class Nowhere(asyncio.Transport):
    """A connection whose other end takes everything at once."""

    def get_extra_info(self, name: str, default: object = None) -> Any:  # noqa: ANN401 - as asyncio's
        return ("127.0.0.1", 50000) if name in {"peername", "sockname"} else default

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert bytes(data[:15]) == b"HTTP/1.1 200 OK"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        steps = uvloop.run(_measured(Path(folder)))
    print("| step | us, median | all turns |\n|---|---|---|")
    for name, turns in steps.items():
        print(f"| {name} | {median(turns):.2f} | {', '.join(f'{one:.2f}' for one in turns)} |")


async def _measured(folder: Path) -> dict[str, list[float]]:
    log.configure("warning")
    prepare(None)
    metrics = Metrics(version=__version__)
    settings = load(environ={}, overrides={"data": str(folder)})
    async with open_house(settings, metrics=metrics) as house:
        await house.keys.ensure_first()
        token = await _token(house.services)
    async with _serving(WebApp(settings, 0, demo=False, metrics=metrics)) as app:
        services = app._house.services if app._house else None  # noqa: SLF001 - no other door
        assert services is not None
        assert await services.authenticate.token(token) is not None  # known from now on
        return _steps(app, services, metrics, token)


async def _token(services: Services) -> str:
    wish = Wish(name=NAME, password=PASSWORD)
    await services.signup.create_first(wish, origin=HERE)
    terms = Terms(lifetime=timedelta(hours=1))
    signed_in = await services.signin.with_password(NAME, PASSWORD, origin=HERE, terms=terms)
    assert isinstance(signed_in, SignedIn)
    return signed_in.token


@asynccontextmanager
async def _serving(app: WebApp) -> AsyncIterator[WebApp]:
    """Follow its lifespan."""
    began, ends = asyncio.Event(), asyncio.Event()
    told = iter(["lifespan.startup"])

    async def receive() -> dict[str, str]:
        if (first := next(told, None)) is None:
            await ends.wait()
        return {"type": first or "lifespan.shutdown"}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        del message
        began.set()

    living = asyncio.create_task(app({"type": "lifespan"}, receive, send))
    await began.wait()
    try:
        yield app
    finally:
        ends.set()
        await living


def _steps(app: WebApp, services: Services, metrics: Metrics, token: str) -> dict[str, list[float]]:
    raw = request("GET", PATH, token=token)
    protocol, empty = _protocol(app.at_once), _protocol(lambda *_: b"HTTP/1.1 200 OK")
    protocol.data_received(raw)
    scope: Any = {**protocol.scope, "headers": list(protocol.headers)}
    target, heads = PATH.encode(), protocol.server_state.default_headers
    fields, addresses = Fields(scope["headers"]), Addresses(())
    presented = find_credential(fields, None)
    assert isinstance(presented, Presented)
    caller = services.authenticate.at_once(presented.text)
    assert caller is not None
    arrival = Arrival(addresses.of(scope, fields), fields, "bench-1", "asta", PATH, 200)
    counted = f"GET {PATH}"
    with Path(os.devnull).open("w") as nowhere:
        log.configure("info", stream=nowhere)
        told = _timed(lambda: reports.answered("GET", arrival, 0.00001))
        log.configure("warning")
    return {
        "the whole: octets in, octets out": _timed(lambda: protocol.data_received(raw)),
        "parser and limits": _timed(lambda: empty.data_received(raw)),
        "the answer": _timed(lambda: app.at_once(target, scope, heads)),
        "... header fields taken out": _timed(lambda: Fields(scope["headers"])),
        "... address of the client": _timed(lambda: addresses.of(scope, fields)),
        "... which credential counts": _timed(lambda: find_credential(fields, None)),
        "... who holds it": _timed(lambda: services.authenticate.at_once(presented.text)),
        "... the body": _timed(lambda: encode(say_user(caller))),
        "... counted": _timed(lambda: metrics.request("asta", counted, 200, 0.00001)),
        "... log line, not written": _timed(lambda: reports.answered("GET", arrival, 0.00001)),
        "log line at level info, to nowhere": told,
    }


def _protocol(at_once: AtOnce) -> LimitedProtocol:
    served = Served(app=_nothing, at_once=at_once)
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(_nothing, interface="asgi3", ws="none", log_config=None)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Sun, 22 Nov 2026 12:00:00 GMT")]
    gate = Gate(TransportLimits(), served, loop)
    protocol = LimitedProtocol(config, state, {}, gate=gate, loop=loop)
    protocol.connection_made(Nowhere())
    return protocol


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(scope["path"], receive, send)


def _timed(step: Callable[[], object]) -> list[float]:
    """Return microseconds, turn by turn."""
    return [timeit.timeit(step, number=LOOPS) / LOOPS * 1_000_000 for _ in range(TURNS)]


if __name__ == "__main__":
    main()
