"""kill -9 in the middle of the work: what was acknowledged is there, and nothing is half there."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from random import Random

import pytest

from journeys import people
from journeys.people import PASSWORD, REGISTER, WITH_ADMIN
from parts.line import Line
from parts.peer import ClosedError
from parts.server import FOR_ALL, Server, Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

KILLS = 10
REGISTRATIONS = 500
CLIENTS = 24
BEFORE_A_KILL_MAX = 60
SAMPLE = 3
SETTINGS = {**WITH_ADMIN, **FOR_ALL}


async def test_nothing_acknowledged_is_lost(store: Store) -> None:
    """Killed ten times among 500 registrations, it starts again each time and knows them all."""
    chance = Random(9261)  # the same at each run, as far as the machine is
    told: list[str] = []

    for number in range(KILLS):
        with serving(store, "--workers", str(1 + number % 2), settings=SETTINGS) as server:
            await assert_known(server, told)
            enough = len(told) + chance.randrange(BEFORE_A_KILL_MAX)
            names = (f"guest-{number}-{guest}" for guest in range(REGISTRATIONS))
            await register_until_killed(server, names, told, enough)
    with serving(store, settings=SETTINGS) as server:
        await assert_known(server, told)

    assert len(told) > KILLS
    assert await people.without_password(store) == []
    if store.database is None:
        assert complaints(store) == []


async def register_until_killed(
    server: Server, names: Iterator[str], told: list[str], enough: int
) -> None:
    """Register with many clients at once, and kill the server when enough were told yes."""

    async def register() -> None:
        with suppress(ClosedError, ConnectionError):
            async with await Line.open(server.port) as line:
                for name in names:
                    who = {"username": name, "password": PASSWORD}
                    answer = await line.ask("POST", REGISTER, who)
                    assert answer.status == 200, answer
                    told.append(name)

    async def has_enough() -> bool:
        return len(told) >= enough

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(register())
        await eventually(has_enough, within=30)
        server.kill()


async def assert_known(server: Server, told: list[str]) -> None:
    """Find everybody who was told yes in the list, and let the last ones log in."""
    async with await Line.open(server.port) as line:
        known = await people.names(line, await people.log_in(line))
        for name in told[-SAMPLE:]:
            await people.log_in(line, name)

    assert set(told) - set(known) == set()


def complaints(store: Store) -> list[object]:
    """Return what SQLite finds wrong with its file."""
    with closing(sqlite3.connect(store.file)) as database:
        found = database.execute("PRAGMA integrity_check").fetchall()
        found += database.execute("PRAGMA foreign_key_check").fetchall()
    return [row for row in found if row != ("ok",)]
