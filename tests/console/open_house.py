"""A whole server with its pages in a thread, on a real port, for a real browser."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from starlette.types import Receive, Scope, Send

from console.conftest import CHOICES
from dialects.household import Household, furnish
from fakes import HandClock
from parts.serving import serving
from watchword.dialects.asta import dialect
from watchword.http.gate import Served
from watchword.http.server import ServerConfig
from watchword.storage.sqlite import open_sqlite

Given = TypeVar("Given")


@dataclass
class OpenHouse:
    """An app that furnishes its house in the loop that serves it; `do` works in there."""

    database: Path
    port: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _house: Household | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        await self.house.site.app(scope, receive, send)

    @property
    def house(self) -> Household:
        assert self._house is not None
        return self._house

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, work: Awaitable[Given]) -> Given:
        """Do something in the house's own loop, and wait for it."""

        async def wait() -> Given:
            return await work

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(timeout=30)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._loop = asyncio.get_running_loop()
        storage = await open_sqlite(self.database)
        await storage.migrate(at=HandClock().now())
        self._house = await furnish(dialect, storage, CHOICES)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await storage.close()
        await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def open_house(database: Path) -> Iterator[OpenHouse]:
    """Serve a house with an empty database."""
    app = OpenHouse(database)
    with serving(Served(app=app), ServerConfig(grace_seconds=1)) as (port, _):
        app.port = port
        yield app
