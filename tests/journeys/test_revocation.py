"""What was revoked is dead in every process before the answer says so."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from journeys import people
from journeys.people import ME, PASSWORD, USERS, Person
from parts.line import Line
from parts.server import Store, command, serving
from parts.steward import NEW_PASSWORD, steward
from parts.traffic import Counts, traffic

pytestmark = pytest.mark.slow

WORKERS = 2
NODES_HEAR_S = 1.0
BUSY_PEOPLE = [f"busy-{number}" for number in range(2)]

Look = tuple[int, str]
"""What a worker says to a token: the status, and the role that it carries."""

ALIVE, DEAD, PROMOTED = (200, "user"), (401, ""), (200, "admin")


@dataclass(frozen=True)
class Place:
    """A server with two workers, a connection to each, and an admin who is logged in."""

    store: Store
    lines: list[Line]
    admin: Person

    async def look(self, person: Person) -> list[Look]:
        """Use a token on both connections at once."""
        answers = await asyncio.gather(
            *(line.ask("GET", ME, token=person.token) for line in self.lines)
        )
        return [(answer.status, answer.document.get("role", "")) for answer in answers]

    async def warm(self, person: Person) -> None:
        """Have each worker remember a token."""
        for _ in range(2):
            assert await self.look(person) == [ALIVE] * WORKERS

    async def arrive(self, name: str) -> Person:
        """Log in, and have each worker remember the token."""
        person = await people.log_in(self.lines[0], name)
        await self.warm(person)
        return person

    async def tell(self, line: Line, method: str, path: str, body: object = None) -> None:
        """Do something as the admin; the answer has come when this returns."""
        answer = await line.ask(method, path, body, token=self.admin.token)
        assert answer.status == 200, answer


@asynccontextmanager
async def at(store: Store, names: Sequence[str], *, busy: bool) -> AsyncIterator[Place]:
    """Serve these people; where it is busy, others log in and out all the time."""
    async with AsyncExitStack() as stack:
        words = ("--workers", str(WORKERS))
        server = stack.enter_context(serving(store, *words, settings=people.WITH_ADMIN))
        await people.furnish(store, [*names, *BUSY_PEOPLE])
        lines = await stack.enter_async_context(people.line_to_each(server.port, WORKERS))
        counts: Counts | None = None
        if busy:
            others = traffic(server.port, BUSY_PEOPLE, PASSWORD)
            counts = await stack.enter_async_context(others)
        yield Place(store, lines, await people.log_in(lines[0]))
    if counts is not None:
        assert set(counts) == {"log-in 200", "look 200", "log-out 200"}, counts


async def log_out(place: Place, line: Line, person: Person) -> None:
    del place
    answer = await line.ask("POST", "/api/auth/logout", token=person.token)
    assert answer.status == 200, answer


async def disable(place: Place, line: Line, person: Person) -> None:
    await place.tell(line, "PUT", f"{USERS}/{person.id}", {"active": False})


async def delete(place: Place, line: Line, person: Person) -> None:
    await place.tell(line, "DELETE", f"{USERS}/{person.id}")


async def change_password(place: Place, line: Line, person: Person) -> None:
    """Change it from a second log-in: the first one ends."""
    second = await people.log_in(line, person.name)
    await place.warm(person)
    passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = await line.ask("POST", "/api/auth/change-password", passwords, token=second.token)
    assert answer.status == 200, answer


async def reset_password(place: Place, line: Line, person: Person) -> None:
    path = f"{USERS}/{person.id}/reset-password"
    await place.tell(line, "PUT", path, {"new_password": NEW_PASSWORD})


async def promote(place: Place, line: Line, person: Person) -> None:
    await place.tell(line, "PUT", f"{USERS}/{person.id}", {"role": "admin"})


BY_API: list[tuple[Callable[[Place, Line, Person], Awaitable[None]], Look]] = [
    (log_out, DEAD),
    (disable, DEAD),
    (delete, DEAD),
    (change_password, DEAD),
    (reset_password, DEAD),
    (promote, PROMOTED),
]
BY_ORDER = [
    ("disable", DEAD),
    ("delete", DEAD),
    ("passwd", DEAD),
    ("end", DEAD),
    ("role", PROMOTED),
]
BY_COMMAND = [
    ("account disable {}", DEAD),
    ("account delete {} --yes", DEAD),
    ("account passwd {} --password-stdin", DEAD),
    ("session end --account {}", DEAD),
    ("account role {} admin", PROMOTED),
]

each_load = pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])


@each_load
async def test_what_the_api_revokes_is_dead_at_once(store: Store, *, busy: bool) -> None:
    """Time and again: whichever worker made the change, both have heard of it."""
    names = [f"api-{number}" for number in range(100 if busy else 200)]
    wrong = []

    async with at(store, names, busy=busy) as place:
        for number, (name, (revoke, wanted)) in enumerate(zip(names, cycle(BY_API), strict=False)):
            person = await place.arrive(name)
            await revoke(place, place.lines[number // len(BY_API) % WORKERS], person)
            if (seen := await place.look(person)) != [wanted] * WORKERS:
                wrong.append((name, revoke.__name__, seen))

    assert wrong == []


@each_load
async def test_what_another_process_revokes_is_dead_at_once(store: Store, *, busy: bool) -> None:
    """A process that is no worker of the server makes the change, and both have heard of it."""
    names = [f"order-{number}" for number in range(50)]
    wrong = []

    async with at(store, names, busy=busy) as place, steward(store) as other:
        for name, (order, wanted) in zip(names, cycle(BY_ORDER), strict=False):
            person = await place.arrive(name)
            await other.do(order, name)
            if (seen := await place.look(person)) != [wanted] * WORKERS:
                wrong.append((name, order, seen))

    assert wrong == []


@each_load
async def test_what_a_command_revokes_is_dead_at_once(store: Store, *, busy: bool) -> None:
    """The same with `watchword account` and `watchword session` themselves."""
    names = [f"command-{number}" for number in range(len(BY_COMMAND))]
    wrong = []

    async with at(store, names, busy=busy) as place:
        for name, (words, wanted) in zip(names, BY_COMMAND, strict=True):
            person = await place.arrive(name)
            ran = command(store, *words.format(name).split(), typed=f"{NEW_PASSWORD}\n")
            seen = await place.look(person)
            assert ran.returncode == 0, ran.stderr
            if seen != [wanted] * WORKERS:
                wrong.append((name, words, seen))

    assert wrong == []


@pytest.mark.alone
async def test_another_node_hears_of_it_within_a_second(postgres_url: str, tmp_path: Path) -> None:
    """Two servers that share nothing but the database and the master key."""
    settings = {**people.WITH_ADMIN, "WATCHWORD_MASTER_KEY": "A" * 43}
    names = [f"node-{number}" for number in range(20)]
    here, there = (Store(tmp_path / name, postgres_url) for name in ("here", "there"))
    delays = []

    with serving(here, settings=settings) as first, serving(there, settings=settings) as second:
        await people.furnish(here, names)
        async with await Line.open(first.port) as near, await Line.open(second.port) as far:
            place = Place(here, [near, far], await people.log_in(near))
            for name, revoke in zip(
                names, cycle([log_out, disable, delete, reset_password]), strict=False
            ):
                person = await place.arrive(name)
                await revoke(place, near, person)
                delays.append(await time_to_die(far, person))

    assert max(delays) < NODES_HEAR_S


async def time_to_die(line: Line, person: Person) -> float:
    """Return for how long a token is still accepted, in seconds."""
    began = time.monotonic()
    while (await line.ask("GET", ME, token=person.token)).status == 200:
        pass
    return time.monotonic() - began
