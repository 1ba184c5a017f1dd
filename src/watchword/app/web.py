"""The web application of one worker: it opens the house when it starts and closes it at the end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from watchword import __version__, dialects
from watchword.app.house import House, StartError, open_house
from watchword.app.metrics_port import serving
from watchword.app.workshops import in_server
from watchword.console import console
from watchword.core.kernel.errors import CoreError
from watchword.core.services import Services
from watchword.http.dialect import Dialect
from watchword.http.gate import Heads, Worded
from watchword.http.mount import Mounted, Site, mount
from watchword.http.surroundings import Surroundings
from watchword.jobs.workshop import Workshop
from watchword.observability.metrics import Metrics
from watchword.settings.model import Settings

SWEEP_S = 2.0
"""How often expired sessions and old attempts are taken out, a small batch at a time."""

CHORES_S = 10.0
"""How often the rest is done: it is written when API keys and sessions were last used. Who looks
for more looks less often."""

Chore = Callable[[], Awaitable[None]]


def load_dialect(name: str) -> Dialect[Any]:
    """Import the folder that an operator named. Adding a folder adds a dialect."""
    try:
        module = import_module(f"watchword.dialects.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"watchword.dialects.{name}":
            raise
        raise StartError(
            f"There is no dialect {name!r}. `watchword dialects` lists those there are."
        ) from None
    dialect = module.dialect
    assert isinstance(dialect, Dialect), name
    return dialect


def installed() -> list[Dialect[Any]]:
    """Return every dialect that there is a folder for, by name."""
    return [load_dialect(module.name) for module in iter_modules(dialects.__path__)]


def mounted(settings: Settings) -> list[Mounted]:
    """Return the enabled dialects, each with its own part of the settings read."""
    if unknown := settings.dialects.keys() - {dialect.name for dialect in installed()}:
        raise StartError(
            f"[dialects.{min(unknown)}] is the table of a dialect that there is none of."
            " `watchword dialects` lists those there are."
        )
    return [_mounted(load_dialect(name), settings) for name in settings.enabled_dialects]


def _mounted(dialect: Dialect[Any], settings: Settings) -> Mounted:
    given = settings.dialects.get(dialect.name, {})
    try:
        # The environment gives text only; a number in it is a number here.
        options = msgspec.convert(given, dialect.options, strict=False)
    except msgspec.ValidationError as error:
        raise StartError(
            f"The settings of [dialects.{dialect.name}] cannot be used: {error}"
        ) from None
    return Mounted(dialect, options)


@dataclass
class WebApp:
    """An ASGI application that is ready once its lifespan has begun."""

    settings: Settings
    worker: int
    demo: bool
    metrics: Metrics
    metrics_listeners: list[socket.socket] = field(default_factory=list)
    site: Site | None = None
    _house: House | None = None
    _workshop: Workshop | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self.site is not None
        await self.site.app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._stack as stack:
            house = await stack.enter_async_context(open_house(self.settings, metrics=self.metrics))
            if self.metrics_listeners:
                stack.enter_context(serving(self.metrics, self.metrics_listeners))
            self._house, self.site = house, self._build(house)
            services = house.services
            for last in (services.check_key.write_uses, services.session_uses.write):
                stack.push_async_callback(_try, last)
            for chore, pause_s in _chores(services):
                # Each by itself, so that none waits for another that is slow.
                stack.push_async_callback(_end, asyncio.create_task(_repeat(chore, pause_s)))
            if house.directories is not None:
                watching = asyncio.create_task(house.directories.watch())
                stack.push_async_callback(_end, watching)
            if self.settings.jobs.in_server:
                self._workshop = shop = in_server(house, self.metrics)
                stack.push_async_callback(shop.close, asyncio.create_task(shop.run()))
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def _build(self, house: House) -> Site:
        server = self.settings.server
        surroundings = Surroundings(
            version=__version__,
            worker=self.worker,
            is_demo=self.demo,
            public_url=self.settings.public_url or None,
            allowed_origins=server.allowed_origins,
            trusted_proxies=server.trusted_networks,
            body_bytes_max=server.body_bytes_max,
            checks={"database": house.storage.check},
            metrics=self.metrics,
            shows_metrics=not server.metrics_port,
            shows_docs=server.docs,
        )
        return mount(
            house.services,
            mounted(self.settings),
            surroundings,
            pages=[console(house.services)],
            clock=house.clock,
            randomness=house.randomness,
        )

    def at_once(self, target: bytes, scope: Mapping[str, Any], heads: Heads) -> bytes | None:
        """Answer what needs no app."""
        assert self.site is not None
        return self.site.at_once(target, scope, heads)

    def stop_waiting(self) -> None:
        """Answer those who wait for news, and leave jobs to whoever is next; the server stops."""
        if self._house is not None:
            self._house.services.revocation_feed.close()
        if self._workshop is not None:
            self._workshop.stop()

    def render(self, status: int, path: str) -> Worded:
        """Word a refusal of the transport as the dialect that owns the path does."""
        assert self.site is not None
        return self.site.render(status, path)


def _chores(services: Services) -> tuple[tuple[Chore, float], ...]:
    """Return what a worker does now and then, and how long it pauses in between."""
    return (
        (services.housekeeping.sweep, SWEEP_S),
        (services.expiry_notice.tell, CHORES_S),
        (services.check_key.write_uses, CHORES_S),
        (services.session_uses.write_due, CHORES_S),
    )


async def _repeat(chore: Chore, pause_s: float) -> None:
    """Do a chore for ever."""
    while True:
        await _try(chore)
        await asyncio.sleep(pause_s)


async def _try(chore: Chore) -> None:
    """Do what can be done later as well, when a database that is down now is up."""
    with suppress(CoreError):
        await chore()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
