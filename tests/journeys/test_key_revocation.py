"""A key that was ended is dead in every process before the answer says so."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from journeys import keys, people
from journeys.keys import Key
from journeys.people import PASSWORD, WITH_ADMIN, Person
from parts.line import Line
from parts.server import Store, serving
from parts.steward import steward
from parts.traffic import Counts, traffic

pytestmark = pytest.mark.slow

WORKERS = 2
ROUNDS = 200
NODES_HEAR_S = 1.0
BUSY_PEOPLE = ["busy-0", "busy-1"]

Seen = Counter[tuple[int, int]]
"""How often each worker answered what, to a key that was ended."""

each_load = pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])


@dataclass(frozen=True)
class Place:
    """A server with two workers, a connection to each, and an admin who makes keys."""

    store: Store
    lines: list[Line]
    admin: Person

    async def statuses(self, key: Key) -> list[int]:
        """Use a key on both connections at once."""
        answers = await asyncio.gather(*(keys.use(line, key) for line in self.lines))
        return [answer.status for answer in answers]

    async def arrive(self) -> Key:
        """Make a key, and have each worker remember it."""
        key = await keys.add(self.lines[0], self.admin)
        await self.warm(key)
        return key

    async def warm(self, key: Key) -> None:
        for _ in range(2):
            assert await self.statuses(key) == [200] * WORKERS

    async def see(self, key: Key, seen: Seen) -> None:
        seen.update(enumerate(await self.statuses(key)))


@asynccontextmanager
async def at(store: Store, *, busy: bool = False) -> AsyncIterator[Place]:
    """Serve the admin; where it is busy, others log in and out all the time."""
    async with AsyncExitStack() as stack:
        words = ("--workers", str(WORKERS))
        server = stack.enter_context(serving(store, *words, settings=WITH_ADMIN))
        lines = await stack.enter_async_context(people.line_to_each(server.port, WORKERS))
        counts: Counts | None = None
        if busy:
            await people.furnish(store, BUSY_PEOPLE)
            others = traffic(server.port, BUSY_PEOPLE, PASSWORD)
            counts = await stack.enter_async_context(others)
        yield Place(store, lines, await people.log_in(lines[0]))
    if counts is not None:
        assert set(counts) == {"log-in 200", "look 200", "log-out 200"}, counts


@each_load
async def test_a_deleted_key_is_accepted_by_nobody(
    store: Store, tell: Callable[[str], None], *, busy: bool
) -> None:
    """By itself or by its id, at this worker or that: none of 200 gets in anywhere.

    Where it is busy, none of 100.
    """
    rounds, seen = ROUNDS // (2 if busy else 1), Counter[tuple[int, int]]()

    async with at(store, busy=busy) as place:
        for number in range(rounds):
            key = await place.arrive()
            named = key.text if number % 4 < 2 else key.id
            await keys.delete(place.lines[number % WORKERS], place.admin, named)
            await place.see(key, seen)

    accepted = sum(count for (_, status), count in seen.items() if status != 401)
    tell(f"deleted keys: {accepted} of {rounds} accepted; by worker and status: {dict(seen)}")
    assert seen == {(0, 401): rounds, (1, 401): rounds}


async def test_what_another_process_ends_is_dead_at_once(store: Store) -> None:
    """A process that is no worker of the server deletes keys and rotates them."""
    rounds, seen = 50, Counter[tuple[int, int]]()

    async with at(store) as place, steward(store) as other:
        for _, verb in zip(range(rounds), cycle(["revoke-key", "rotate-key"]), strict=False):
            key = await place.arrive()
            await other.do(verb, key.id)
            await place.see(key, seen)

    assert seen == {(0, 401): rounds, (1, 401): rounds}


async def test_what_a_command_ends_is_dead_at_once(store: Store) -> None:
    """The same with `watchword apikey` itself; the successor works at once, too."""
    seen: Seen = Counter()

    async with at(store) as place:
        key = await place.arrive()
        keys.order(store, "revoke", key.id)
        await place.see(key, seen)
        key = await place.arrive()
        successor = keys.rotate(store, key, "--overlap", "0")
        await place.see(key, seen)
        await place.warm(successor)
        kept = await place.arrive()
        successor = keys.rotate(store, kept, "--overlap", "1h")
        await place.warm(kept)
        await place.warm(successor)

    assert seen == {(0, 401): 2, (1, 401): 2}


@pytest.mark.parametrize("how", ["disable", "delete"])
async def test_keys_end_with_their_account(store: Store, how: str) -> None:
    """Who is disabled or deleted has no key that works; who comes back has it again."""
    async with at(store) as place:
        line = place.lines[0]
        ada = await people.make(line, place.admin, "ada")
        key = keys.create(store, owner="ada")
        await place.warm(key)
        path = f"{people.USERS}/{ada}"
        body = {"active": False} if how == "disable" else None
        method = "PUT" if how == "disable" else "DELETE"
        answer = await line.ask(method, path, body, token=place.admin.token)
        ended = await place.statuses(key)
        if how == "disable":
            await line.ask("PUT", path, {"active": True}, token=place.admin.token)
        after = await place.statuses(key)

    assert answer.status == 200
    assert ended == [401, 401]
    assert after == ([200, 200] if how == "disable" else [401, 401])


@pytest.mark.alone
async def test_another_node_hears_of_it_within_a_second(
    postgres_url: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Two servers that share nothing but the database and the master key."""
    settings = {**WITH_ADMIN, "WATCHWORD_MASTER_KEY": "A" * 43}
    here, there = (Store(tmp_path / name, postgres_url) for name in ("here", "there"))
    delays = []

    with serving(here, settings=settings) as first, serving(there, settings=settings) as second:
        async with await Line.open(first.port) as near, await Line.open(second.port) as far:
            place = Place(here, [near, far], await people.log_in(near))
            for _ in range(20):
                key = await place.arrive()
                await keys.delete(near, place.admin, key.text)
                delays.append(await time_to_die(far, key))

    tell(f"another node refuses a deleted key after {max(delays) * 1000:.0f} ms at most")
    assert max(delays) < NODES_HEAR_S


async def time_to_die(line: Line, key: Key) -> float:
    """Return for how long a key is still accepted, in seconds."""
    began = time.monotonic()
    while (await keys.use(line, key)).status == 200:
        pass
    return time.monotonic() - began
