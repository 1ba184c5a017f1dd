"""The life of a worker: what it does by itself, and what is done when it ends."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import httpx
import pytest
from starlette.types import Message

from toy import talking_to
from watchword.app.house import open_house
from watchword.app.web import WebApp
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import Scope
from watchword.core.kernel.caller import Origin, operator
from watchword.core.services.apikeys import KeyWish, ShownKey
from watchword.core.services.signup import Wish
from watchword.observability.metrics import Metrics
from watchword.settings.load import load
from watchword.settings.model import Settings

LOG_IN = {"username": "ada", "password": "a staple for every horse"}
OPERATOR = operator(Origin("", "cli"))


@dataclass(frozen=True)
class Kept:
    """A store, and a key of somebody in it."""

    settings: Settings
    key: str

    async def last_used(self) -> datetime | None:
        async with open_house(self.settings) as house, house.storage.open_work() as work:
            return (await work.api_keys.page(limit=1)).items[0].last_used_at

    async def session_last_used(self) -> datetime | None:
        async with open_house(self.settings) as house:
            return (await house.services.sessions.page()).items[0].last_used_at


@dataclass
class Life:
    """The lifespan of an app, begun and ended by hand."""

    app: WebApp
    said: list[str] = field(default_factory=list)
    _ends: asyncio.Event = field(default_factory=asyncio.Event)
    _began: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.app({"type": "lifespan"}, self._hear, self._say))
        async with asyncio.timeout(10):
            await self._began.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ends.set()
        await self._running

    async def _hear(self) -> Message:
        if self.said:
            await self._ends.wait()
        return {"type": "lifespan.shutdown" if self.said else "lifespan.startup"}

    async def _say(self, message: Message) -> None:
        self.said.append(message["type"])
        self._began.set()


def web_app(settings: Settings) -> WebApp:
    return WebApp(settings, 0, demo=False, metrics=Metrics(version="0"))


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    """A store with an account in it that has a key."""
    settings = load(environ={}, overrides={"data": str(tmp_path / "data")})
    async with open_house(settings) as house:
        await house.keys.ensure_first()
        wish = Wish(name=LOG_IN["username"], password=LOG_IN["password"])
        ada = await house.services.signup.create(OPERATOR, wish)
        assert isinstance(ada, Account), ada
        key_wish = KeyWish(name="feed", scopes=frozenset(Scope))
        made = await house.services.api_keys.make_for(OPERATOR, ada.id, key_wish)
        assert isinstance(made, ShownKey), made
    return Kept(settings, made.text)


async def ask(app: WebApp, path: str, kept: Kept) -> httpx.Response:
    async with talking_to(app) as client:
        return await client.get(path, headers={"X-Authorization": kept.key})


async def test_a_use_is_stored_when_the_worker_ends(kept: Kept) -> None:
    """What was noted since the last look is not forgotten."""
    app = web_app(kept.settings)
    async with Life(app) as life:
        answer = await ask(app, "/test/secure", kept)
        async with talking_to(app) as client:
            token = (await client.post("/api/auth/login", json=LOG_IN)).json()["access_token"]
            me = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        before = await kept.last_used(), await kept.session_last_used()

    assert (answer.status_code, me.status_code) == (200, 200)
    assert before == (None, None)
    assert await kept.last_used() is not None
    assert await kept.session_last_used() is not None
    assert life.said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_worker_that_stops_lets_nobody_wait(kept: Kept) -> None:
    """Who waits for news gets an answer, and who comes now too."""
    app = web_app(kept.settings)
    async with Life(app):
        waiting = asyncio.create_task(ask(app, "/revocations?wait=30", kept))
        await asyncio.sleep(0)
        app.stop_waiting()
        async with asyncio.timeout(10):
            answers = [await waiting, await ask(app, "/revocations?wait=30", kept)]

    assert [answer.json() for answer in answers] == [{"revocations": [], "next": 0}] * 2


async def test_an_app_that_never_began_can_be_told_to_stop(kept: Kept) -> None:
    """A server that could not start is stopped as well."""
    app = web_app(kept.settings)

    app.stop_waiting()

    assert app.site is None


async def test_a_store_that_is_gone_does_not_spoil_the_end(kept: Kept) -> None:
    """What cannot be written any more is lost, and the rest ends in order."""
    app = web_app(kept.settings)
    async with Life(app) as life:
        await ask(app, "/test/secure", kept)
        database = kept.settings.database_file
        assert database is not None
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("DROP TABLE api_keys")
            connection.commit()

    assert life.said[-1] == "lifespan.shutdown.complete"
