"""kill -9 while keys are made and deleted: what was acknowledged is so after the start."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from journeys import keys, people
from journeys.keys import Key
from journeys.people import ME, WITH_ADMIN, Person
from parts.database import complaints
from parts.line import Line
from parts.peer import ClosedError
from parts.server import FOR_ALL, Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

KEYS, KILLS, CLIENTS = 320, 6, 12
SETTINGS = {**WITH_ADMIN, **FOR_ALL, "WATCHWORD_API_KEYS__PER_ACCOUNT_MAX": "1000"}


@dataclass
class Hoard:
    """Keys of one owner: those that were acknowledged, and those whose end was."""

    made: list[Key] = field(default_factory=list)
    ended: list[Key] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(9261))  # the same at each run
    _numbers: "count[int]" = field(default_factory=count)

    async def grow(self, port: int, owner: Person, most: int, kill: Callable[[], None]) -> None:
        """Make keys with many clients at once, delete some, and kill somewhere in the middle."""
        enough = most - self.chance.randrange(CLIENTS)

        async def has_enough() -> bool:
            return len(self.made) + len(self.ended) >= enough

        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._work(port, owner))
            await eventually(has_enough, within=30)
            kill()

    async def _work(self, port: int, owner: Person) -> None:
        """Go on until the connection ends; what was under way then may have happened or not."""
        async with await Line.open(port) as line:
            with suppress(ClosedError):
                while True:
                    key = await keys.add(line, owner, f"key {next(self._numbers)}")
                    if self.chance.randrange(3):
                        self.made.append(key)
                        continue
                    await keys.delete(line, owner, key.text)
                    self.ended.append(key)


async def test_no_acknowledged_key_is_lost(store: Store, tell: Callable[[str], None]) -> None:
    """Killed six times among 300: each key works after the start, and what was deleted is dead."""
    hoard, seen = Hoard(), []

    for number in range(KILLS + 1):
        words = ("--workers", str(1 + number % 2))
        with serving(store, *words, settings=SETTINGS) as server:
            async with await Line.open(server.port) as line:
                owner = await people.log_in(line)
                seen.append(await look(line, hoard))
            if number < KILLS:
                await hoard.grow(server.port, owner, KEYS * (number + 1) // KILLS, server.kill)

    made, ended = len(hoard.made), len(hoard.ended)
    tell(f"{KILLS} kills: {made} keys acknowledged and there, {ended} deleted and gone")
    assert made + ended >= 300
    assert ended > KILLS
    assert all(found == {"made": {200}, "ended": {401}} for found in seen[1:])
    assert complaints(store) == []


async def test_a_session_that_ended_stays_ended(store: Store) -> None:
    """Log-outs that were acknowledged right before the end are in force after the start."""
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            gone, kept = [(await people.log_in(line)).token for _ in range(2)]
            answer = await line.ask("POST", "/user/logout", token=gone)
            server.kill()
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            after = [(await line.ask("GET", ME, token=one)).status for one in (gone, kept)]

    assert answer.status == 200
    assert after == [401, 200]


async def look(line: Line, hoard: Hoard) -> dict[str, set[int]]:
    """Use every key there ever was."""
    return {
        "made": {(await keys.use(line, key)).status for key in hoard.made},
        "ended": {(await keys.use(line, key)).status for key in hoard.ended},
    }
