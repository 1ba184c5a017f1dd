"""Check-outs on a real server: one holder at each moment, and none that was told is lost."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from journeys import assets, people
from journeys.assets import Client
from journeys.people import WITH_ADMIN
from parts import database
from parts.line import Line
from parts.peer import ClosedError
from parts.server import FOR_ALL, Store, command, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

WORKERS = 2
CLIENTS, PEOPLE, ROUNDS = 50, 5, 100
ASSET = "2ZyIVNZxqi0BxUoWX-_e1m"
KILLS, KILL_CLIENTS, BEFORE_A_KILL_MAX = 6, 12, 60
SETTINGS = {
    **WITH_ADMIN,
    **FOR_ALL,
    "WATCHWORD_DIALECTS__ASSETS__API_SESSIONS_MAX": "0",
}


@asynccontextmanager
async def crowd(store: Store) -> AsyncIterator[list[Client]]:
    """Serve ten clients of each of five people, each on a connection of its own."""
    names = [f"person-{number}" for number in range(PEOPLE)]
    async with AsyncExitStack() as stack:
        words = ("--workers", str(WORKERS))
        server = stack.enter_context(serving(store, *words, settings=SETTINGS))
        await people.furnish(store, names)
        found, workers = [], set()
        for number in range(CLIENTS):
            line = await stack.enter_async_context(await Line.open(server.port))
            workers.add((await line.ask("GET", "/livez")).document["worker"])
            found.append(await assets.log_in(line, names[number % PEOPLE], f"client-{number}"))
        assert workers == set(range(WORKERS))
        yield found


@dataclass
class Desk:
    """What all clients of a crowd know together: who has the asset."""

    note: list[str] = field(default_factory=list)
    told: Counter[int] = field(default_factory=Counter)

    async def borrow(self, client: Client) -> None:
        """Take the asset if it is free, and give it back, in either way."""
        taken = await client.check_out(ASSET)
        self.told[taken.get("errorcode", 200)] += 1
        if "errorcode" in taken:
            return
        assert taken["checkedOutOnClient"] == client.name
        assert self.note == []
        self.note.append(client.name)
        # Whoever else could take it now, does.
        await asyncio.sleep(0)
        assert self.note == [client.name]
        self.note.clear()
        back = client.check_in if self.told[200] % 2 else client.give_up
        assert "errorcode" not in await back(ASSET)


async def test_one_holder_at_each_moment(store: Store, tell: Callable[[str], None]) -> None:
    """Fifty clients over two workers check one asset out, each a hundred times over."""
    desk = Desk()

    async def again_and_again(client: Client) -> None:
        for _ in range(ROUNDS):
            await desk.borrow(client)

    async with crowd(store) as clients:
        await asyncio.gather(*(again_and_again(one) for one in clients))
        left = await clients[0].held()

    tell(f"one asset: asked for {desk.told.total()} times, given out {desk.told[200]} times")
    assert desk.told.total() == CLIENTS * ROUNDS
    assert set(desk.told) == {200, 409}
    assert desk.told[200] >= ROUNDS // 2
    assert left == []


async def test_of_fifty_at_once_one_gets_it(store: Store) -> None:
    """Thirty assets, one after the other; all are told the same holder."""
    holders, assets_asked = [], 30

    async with crowd(store) as clients:
        for number in range(assets_asked):
            told = await asyncio.gather(*(one.check_out(f"asset-{number}") for one in clients))
            won = [one for one in told if "errorcode" not in one]
            holders.append((len(won), {(one["checkedOutBy"], one["checkedOut"]) for one in told}))

    assert [number for number, _ in holders] == [1] * assets_asked
    assert [len(all_of_them) for _, all_of_them in holders] == [1] * assets_asked


@dataclass
class Shelf:
    """Assets of one client: those that it was told it has, and those that it gave back."""

    has: set[str] = field(default_factory=set)
    gave: set[str] = field(default_factory=set)
    chance: Random = field(default_factory=lambda: Random(9261))  # the same at each run
    _numbers: "count[int]" = field(default_factory=count)

    async def work(self, port: int, kill: Callable[[], None]) -> None:
        """Check out and in with many connections at once, and kill somewhere in the middle."""
        enough = len(self.has | self.gave) + 1 + self.chance.randrange(BEFORE_A_KILL_MAX)

        async def has_enough() -> bool:
            return len(self.has | self.gave) >= enough

        async with asyncio.TaskGroup() as clients:
            for _ in range(KILL_CLIENTS):
                clients.create_task(self._work(port))
            await eventually(has_enough, within=30)
            kill()

    async def _work(self, port: int) -> None:
        """Go on until the connection ends; what was under way then may have happened or not."""
        with suppress(ClosedError):
            async with await Line.open(port) as line:
                client = await assets.log_in(line, client="desk-1")
                while True:
                    await self._borrow(client, f"asset-{next(self._numbers)}")

    async def _borrow(self, client: Client, asset: str) -> None:
        assert "errorcode" not in await client.check_out(asset)
        if self.chance.randrange(3):
            self.has.add(asset)
            return
        assert "errorcode" not in await client.check_in(asset)
        self.gave.add(asset)


async def test_no_check_out_that_was_told_is_lost(
    store: Store, tell: Callable[[str], None]
) -> None:
    """Killed six times: who was told that they have an asset has it, and what is back is back."""
    shelf = Shelf()

    for number in range(KILLS + 1):
        words = ("--workers", str(1 + number % 2))
        with serving(store, *words, settings=SETTINGS) as server:
            async with await Line.open(server.port) as line:
                stored = set(await (await assets.log_in(line)).held())
            assert shelf.has <= stored
            assert not shelf.gave & stored
            if number < KILLS:
                await shelf.work(server.port, server.kill)

    tell(f"{KILLS} kills: {len(shelf.has)} check-outs there, {len(shelf.gave)} check-ins in force")
    assert len(shelf.has) > KILLS
    assert shelf.gave
    assert database.complaints(store) == []


async def test_a_killed_worker_takes_no_asset_with_it(store: Store) -> None:
    """What one worker gave out before it was killed, the other one knows, and the next."""
    with serving(store, "--workers", str(WORKERS), settings=SETTINGS) as server:
        async with people.line_to_each(server.port, WORKERS) as lines:
            here, there = [await assets.log_in(line, client="desk-1") for line in lines]
            taken = await here.check_out(ASSET)
            for worker in server.workers():
                os.kill(worker, signal.SIGKILL)
            with suppress(ClosedError):
                await there.held()
        async with await Line.open(server.port) as line:
            again = await (await assets.log_in(line, client="desk-1")).check_out(ASSET)

    assert taken["checkedOutBy"] == people.ADMIN
    assert again == taken


async def test_check_outs_end_with_their_account(store: Store) -> None:
    """And not with the session, nor because the account is closed for a while."""
    with serving(store, "--workers", str(WORKERS), settings=SETTINGS) as server:
        await people.furnish(store, ["ada"])
        async with people.line_to_each(server.port, WORKERS) as (first, second):
            ada, admin = await assets.log_in(first, "ada"), await assets.log_in(second)
            await ada.check_out(ASSET)
            await ada.post("/services/logout")
            held = [await admin.held(of_all=True)]
            for words in (("disable", "ada"), ("delete", "ada", "--yes")):
                ran = command(store, "account", *words)
                assert ran.returncode == 0, ran.stderr
                held.append(await admin.held(of_all=True))
            free = await admin.check_out(ASSET)

    assert held == [[ASSET], [ASSET], []]
    assert free["checkedOutBy"] == people.ADMIN


async def test_old_check_outs_end_only_where_an_operator_says_so(store: Store) -> None:
    """A year is no reason by itself; with a setting of days they are gone soon after the start."""
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            await (await assets.log_in(line)).check_out("old")
    year = 365 * 24 * 3600 * 1_000_000
    await database.run(store, f"UPDATE checkouts SET taken_at = taken_at - {year}")  # noqa: S608 (a number)

    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            client = await assets.log_in(line)
            await client.check_out("new")
            kept = await client.held()
    days = {**SETTINGS, "WATCHWORD_CHECKOUTS__END_AFTER_DAYS": "364"}
    with serving(store, settings=days) as server:
        async with await Line.open(server.port) as line:
            client = await assets.log_in(line)

            async def is_swept() -> bool:
                return await client.held() == ["new"]

            await eventually(is_swept)

    assert kept == ["new", "old"]
