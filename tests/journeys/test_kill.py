"""kill -9 in the middle of the work: what was acknowledged is there, and nothing is half there."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest

from journeys import people
from journeys.people import PASSWORD, REGISTER, WITH_ADMIN
from parts.database import complaints
from parts.line import Line
from parts.peer import ClosedError
from parts.server import FOR_ALL, Server, Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

KILLS = 10
REGISTRATIONS = 500
CLIENTS = 24
BEFORE_A_KILL_MAX = 60
WORKER_KILLS = 3
"""A parent gives up whose workers die five times within ten seconds."""

SAMPLE = 3
SETTINGS = {**WITH_ADMIN, **FOR_ALL}


@dataclass
class Guests:
    """People who register, and who of them was told yes."""

    told: list[str] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(9261))  # the same at each run

    async def register(self, port: int, names: Iterator[str], kill: Callable[[], None]) -> None:
        """Register with many clients at once, and kill somewhere in the middle."""
        enough = len(self.told) + self.chance.randrange(BEFORE_A_KILL_MAX)

        async def has_enough() -> bool:
            return len(self.told) >= enough

        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._register(port, names))
            await eventually(has_enough, within=30)
            kill()

    async def _register(self, port: int, names: Iterator[str]) -> None:
        """Come again when the connection ends, until nobody listens any more."""
        while True:
            try:
                line = await Line.open(port)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # it died while we knocked
                continue
            with suppress(ClosedError):
                async with line:
                    await self._register_on(line, names)
                return

    async def _register_on(self, line: Line, names: Iterator[str]) -> None:
        for name in names:
            answer = await line.ask("POST", REGISTER, {"username": name, "password": PASSWORD})
            assert answer.status == 200, answer
            self.told.append(name)

    async def assert_known(self, port: int) -> None:
        """Find everybody who was told yes in the list, and let the last ones log in."""
        async with await Line.open(port) as line:
            known = await people.names(line, await people.log_in(line))
            for name in self.told[-SAMPLE:]:
                await people.log_in(line, name)

        assert set(self.told) - set(known) == set()


async def test_nothing_acknowledged_is_lost(store: Store) -> None:
    """Killed ten times among 500 registrations, it starts again each time and knows them all."""
    guests = Guests()

    for number in range(KILLS):
        with serving(store, "--workers", str(1 + number % 2), settings=SETTINGS) as server:
            await guests.assert_known(server.port)
            names = (f"guest-{number}-{guest}" for guest in range(REGISTRATIONS))
            await guests.register(server.port, names, server.kill)
    with serving(store, settings=SETTINGS) as server:
        await guests.assert_known(server.port)

    assert len(guests.told) > KILLS
    assert await people.without_password(store) == []
    assert complaints(store) == []


async def test_a_worker_that_is_killed_is_replaced(store: Store) -> None:
    """A new one comes by itself, only what it was asked at its end is cut off, nothing is lost."""
    guests = Guests()

    with serving(store, "--workers", "2", settings=SETTINGS) as server:
        for number in range(WORKER_KILLS):
            victim = guests.chance.choice(server.workers())
            names = (f"guest-{number}-{guest}" for guest in range(2 * BEFORE_A_KILL_MAX))
            kill = partial(os.kill, victim, signal.SIGKILL)
            await guests.register(server.port, names, kill)
            await eventually(lambda: both_serve(server), within=10)
            await guests.assert_known(server.port)
        code = server.stop()

    assert code == 0
    assert len(guests.told) >= WORKER_KILLS * (2 * BEFORE_A_KILL_MAX - CLIENTS)
    assert await people.without_password(store) == []
    assert complaints(store) == []


async def both_serve(server: Server) -> bool:
    """Say whether two workers accept connections."""
    found = set()
    for _ in range(20):
        async with await Line.open(server.port) as line:
            found.add((await line.ask("GET", "/livez")).document["worker"])
    return len(found) == 2
