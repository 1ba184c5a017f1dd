"""SIGTERM under load: what was asked is answered, what was answered is kept, and then it ends."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count

import pytest

from journeys import keys, people
from journeys.people import LOG_IN, ME, PASSWORD, REGISTER, WITH_ADMIN
from parts.line import Json, Line, request
from parts.peer import ClosedError
from parts.server import FOR_ALL, Store, command, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
CLIENTS = 48
BEFORE_THE_STOP = 200
STOP_SECONDS_MAX = 10
POLLS = 30
POLL_S, POLL_ENDS_WITHIN_S = 30, 5

each_size = pytest.mark.parametrize("workers", ["1", "2"])


@dataclass
class Told:
    """What all clients were told."""

    statuses: list[int] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    cut_off: list[str] = field(default_factory=list)
    """Requests that were sent whole, and whose connection ended before the answer did."""


@dataclass
class Client:
    """Asks one thing after the other until nobody listens any more.

    It does as HTTP says: it sends nothing after it was told that the connection will be
    closed, so whatever it sends has a claim to an answer.
    """

    port: int
    number: int
    token: str
    told: Told
    _asked: "count[int]" = field(default_factory=count)

    async def run(self) -> None:
        while True:
            try:
                line = await Line.open(self.port)
            except ConnectionRefusedError:
                return
            async with line:
                await self._use(line)

    async def _use(self, line: Line) -> None:
        keeps = self.number % 2 == 0
        headers = [] if keeps else ["Connection: close"]
        while True:
            name = f"guest-{self.number}-{next(self._asked)}"
            method, path, body, token = self._wish(name)
            try:
                answer = await line.ask(method, path, body, token=token, headers=headers)
            except ClosedError:
                self.told.cut_off.append(f"{method} {path}")
                return
            self.told.statuses.append(answer.status)
            if path == REGISTER:
                self.told.registered.append(name)
            if answer.headers.get("connection") == "close":
                return

    def _wish(self, name: str) -> tuple[str, str, Json, str | None]:
        match self.number % 3:
            case 0:
                return "POST", REGISTER, {"username": name, "password": PASSWORD}, None
            case 1:
                return "POST", LOG_IN, {"username": people.ADMIN, "password": PASSWORD}, None
        return "GET", ME, None, self.token


@each_size
async def test_no_request_is_cut_off(store: Store, workers: str) -> None:
    """Every request that was sent is answered in full, and the end comes within ten seconds."""
    told = Told()

    with serving(store, "--workers", workers, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            token = (await people.log_in(line)).token
        clients = [Client(server.port, number, token, told) for number in range(CLIENTS)]
        running = asyncio.gather(*(client.run() for client in clients))
        await eventually(lambda: answered(told), within=30)
        began = time.monotonic()
        server.terminate()
        await running
        code = await asyncio.to_thread(server.process.wait, STOP_SECONDS_MAX)
        seconds = time.monotonic() - began

    assert told.cut_off == []
    assert set(told.statuses) == {200}
    assert (code, seconds < STOP_SECONDS_MAX) == (0, True)
    assert set(told.registered) - names_in(store) == set()


@each_size
async def test_who_is_in_the_middle_may_finish(sqlite_store: Store, workers: str) -> None:
    """A body of which half has come is awaited; a connection without a request is just closed."""
    whole = request("POST", LOG_IN, {"username": people.ADMIN, "password": PASSWORD})

    with serving(sqlite_store, "--workers", workers, settings=SETTINGS) as server:
        async with await Line.open(server.port) as slow, await Line.open(server.port) as idle:
            await people.log_in(idle)
            slow.writer.write(whole[:-10])
            await slow.writer.drain()
            server.terminate()
            last_words = await idle.reader.read()
            slow.writer.write(whole[-10:])
            answer = await slow.answer()
        code = await asyncio.to_thread(server.process.wait, STOP_SECONDS_MAX)

    assert last_words == b""
    assert answer.status == 200
    assert answer.headers["connection"] == "close"
    assert code == 0


@each_size
async def test_who_waits_for_news_is_answered(sqlite_store: Store, workers: str) -> None:
    """Nobody hangs on for the seconds they would wait, nor is cut off; and the end is not late.

    That the key was used is known afterwards, although nobody had written it yet.
    """
    with serving(sqlite_store, "--workers", workers, settings=SETTINGS) as server:
        key = keys.create(sqlite_store, "--scope", keys.FEED_SCOPE)
        credential = [f"X-Authorization: {key.text}"]
        poll = request("GET", f"{keys.FEED}?wait={POLL_S}", headers=credential)
        async with AsyncExitStack() as stack:
            lines = [
                await stack.enter_async_context(await Line.open(server.port)) for _ in range(POLLS)
            ]
            first = await keys.use(lines[0], key, f"{keys.FEED}?wait=0")
            for line in lines:
                line.writer.write(poll)
            began = time.monotonic()
            server.terminate()
            answers = [await line.answer() for line in lines]
            code = await asyncio.to_thread(server.process.wait, STOP_SECONDS_MAX)
            seconds = time.monotonic() - began
    used = keys.listed(sqlite_store)[key.id]["last_used_at"]

    assert first.status == 200
    assert {answer.status for answer in answers} == {200}
    assert {answer.document["revocations"] == [] for answer in answers} == {True}
    assert (code, seconds < POLL_ENDS_WITHIN_S) == (0, True)
    assert used is not None


async def answered(told: Told) -> bool:
    return len(told.statuses) > BEFORE_THE_STOP


def names_in(store: Store) -> set[str]:
    """Return who has an account, once nobody serves the store."""
    ran = command(store, "account", "list", "--json")
    assert ran.returncode == 0, ran.stderr
    return {account["name"] for account in json.loads(ran.stdout)["accounts"]}
