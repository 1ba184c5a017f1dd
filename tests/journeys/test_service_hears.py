"""A service in another process trusts our tokens, and hears at once of each that has ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import pytest

from journeys import keys, people
from journeys.keys import FEED, FEED_SCOPE
from journeys.people import ME, PASSWORD, USERS, WITH_ADMIN, Person
from parts.line import Line
from parts.server import FOR_ALL, Server, Store, command, serving
from parts.service_process import Trusted, guarded
from parts.waiting import eventually

pytestmark = pytest.mark.slow

ISSUER, SERVICE = "https://id.example.com", "reports"
SETTINGS = {
    **WITH_ADMIN,
    **FOR_ALL,
    "WATCHWORD_ISSUER": ISSUER,
    "WATCHWORD_TOKENS__AUDIENCES": f"invoices,{SERVICE}",
}
WORKERS = 2
TRIES = 100
REFUSED_WITHIN_S = 1.0
NEW_PASSWORD = "four mules and a wagon"


@dataclass(frozen=True)
class Place:
    """A server with two workers, a service that trusts it, and an admin who is logged in."""

    store: Store
    lines: list[Line]
    service: Line
    admin: Person

    async def token_for(self, person: Person, audience: str = SERVICE) -> str:
        path = f"/user/token?aud={audience}"
        answer = await self.lines[0].ask("GET", path, token=person.token)
        assert answer.status == 200, answer
        token: str = answer.document["Token"]
        return token

    async def arrive(self, name: str) -> tuple[Person, str]:
        """Log in, and return a token that the service takes."""
        person = await people.log_in(self.lines[0], name)
        token = await self.token_for(person)
        assert await self.status(token) == 200
        return person, token

    async def status(self, token: str) -> int:
        return (await self.service.ask("GET", "/", token=token)).status


@dataclass
class Hammer:
    """Uses a token at the service again and again, until it is refused."""

    service: Line
    token: str
    began: float = 0.0
    """When the end of the session was asked for."""

    uses: list[tuple[float, float, int]] = field(default_factory=list)
    """When each use was sent, when it was answered, and how."""

    async def run(self) -> None:
        while not self.uses or self.uses[-1][2] == 200:
            sent = time.monotonic()
            answer = await self.service.ask("GET", "/", token=self.token)
            self.uses.append((sent, time.monotonic(), answer.status))

    async def is_under_way(self) -> bool:
        return len(self.uses) > 2

    def seconds_to_refusal(self, ended: float) -> float:
        """Return for how long after an answer the token was taken still, 0 if it was not."""
        return max(0.0, *(answered - ended for _, answered, status in self.uses if status == 200))

    def was_taken_until(self, began: float) -> bool:
        """Say whether nothing was refused that was answered before the end was asked for."""
        return all(status == 200 for _, answered, status in self.uses if answered < began)


@asynccontextmanager
async def place_on(store: Store, server: Server) -> AsyncIterator[Place]:
    """Run the service, and connect to it and to each worker."""
    async with AsyncExitStack() as stack:
        lines = await stack.enter_async_context(people.line_to_each(server.port, WORKERS))
        port = stack.enter_context(guarded(trusting(store, server)))
        service = await stack.enter_async_context(await Line.open(port))
        yield Place(store, lines, service, await people.log_in(lines[0]))


@asynccontextmanager
async def at(store: Store, *names: str) -> AsyncIterator[Place]:
    with serving(store, "--workers", str(WORKERS), settings=SETTINGS) as server:
        await people.furnish(store, names)
        async with place_on(store, server) as place:
            yield place


def trusting(store: Store, server: Server) -> Trusted:
    """Return what a service needs to know, with a key that its operator was given."""
    key = keys.create(store, "--scope", FEED_SCOPE)
    return Trusted(f"http://127.0.0.1:{server.port}", ISSUER, SERVICE, key.text)


@pytest.mark.alone
async def test_a_logged_out_token_is_refused_within_a_second(
    store: Store, tell: Callable[[str], None]
) -> None:
    """A hundred log-outs, at this worker or that; each token is taken right up to its log-out."""
    delays, cut_short = [], []

    async with at(store, "ada") as place:
        for number in range(TRIES):
            person, token = await place.arrive("ada")
            hammer = Hammer(place.service, token)
            hammering = asyncio.create_task(hammer.run())
            await eventually(hammer.is_under_way)
            began = time.monotonic()
            line = place.lines[number % WORKERS]
            answer = await line.ask("POST", "/user/logout", token=person.token)
            ended = time.monotonic()
            await asyncio.wait_for(hammering, 5)
            assert answer.status == 200
            delays.append(hammer.seconds_to_refusal(ended))
            if not hammer.was_taken_until(began):
                cut_short.append(number)
            if sum(delay >= REFUSED_WITHIN_S for delay in delays) > TRIES // 50:
                break  # lost already, and the rest would take minutes

    p99 = quantiles(delays, n=100, method="inclusive")[98]
    tell(
        f"{TRIES} log-outs: the service takes the token for p99 {p99 * 1000:.0f} ms more,"
        f" at most {max(delays) * 1000:.0f} ms"
    )
    assert p99 < REFUSED_WITHIN_S
    assert cut_short == []


async def log_out_elsewhere(place: Place, person: Person) -> None:
    await tell_line(place.lines[1], "POST", "/api/auth/logout", None, person.token)


async def exchange(place: Place, person: Person) -> None:
    await tell_line(place.lines[1], "GET", "/user/token?m=5", None, person.token)


async def change_password(place: Place, person: Person) -> None:
    body = {"username": person.name, "old": PASSWORD, "new": NEW_PASSWORD, "confirm": NEW_PASSWORD}
    await tell_line(place.lines[1], "POST", "/user/password", body, None)


async def disable(place: Place, person: Person) -> None:
    path = f"{USERS}/{person.id}"
    await tell_line(place.lines[1], "PUT", path, {"active": False}, place.admin.token)


async def delete(place: Place, person: Person) -> None:
    await tell_line(place.lines[1], "DELETE", f"{USERS}/{person.id}", None, place.admin.token)


async def end_by_command(place: Place, person: Person) -> None:
    words = ("session", "end", "--account", person.name)
    ran = await asyncio.to_thread(command, place.store, *words)
    assert ran.returncode == 0, ran.stderr


async def tell_line(line: Line, method: str, path: str, body: object, token: str | None) -> None:
    answer = await line.ask(method, path, body, token=token)
    assert answer.status == 200, answer


ENDS: list[Callable[[Place, Person], Awaitable[None]]] = [
    log_out_elsewhere,
    exchange,
    change_password,
    disable,
    delete,
    end_by_command,
]


@pytest.mark.alone
async def test_every_end_of_a_session_is_heard(store: Store, tell: Callable[[str], None]) -> None:
    """Whoever ends it and however: the service refuses the token within a second."""
    delays = {}

    async with at(store, *(end.__name__ for end in ENDS)) as place:
        for end in ENDS:
            person, token = await place.arrive(end.__name__)
            await end(place, person)
            began = time.monotonic()
            while await place.status(token) == 200:
                pass
            delays[end.__name__] = time.monotonic() - began

    tell(f"refused after { ({name: f'{delay * 1000:.0f} ms' for name, delay in delays.items()}) }")
    assert max(delays.values()) < REFUSED_WITHIN_S


async def test_a_token_is_for_one_place_only(sqlite_store: Store) -> None:
    """Ours is refused by the service, the service's by us, another service's by both."""
    async with at(sqlite_store, "ada") as place:
        person, token = await place.arrive("ada")
        other = await place.token_for(person, "invoices")
        ours = [await place.lines[0].ask("GET", ME, token=one) for one in (token, other)]
        theirs = [await place.status(one) for one in (person.token, other, "", token)]
        unknown = await place.lines[0].ask("GET", "/user/token?aud=nowhere", token=person.token)
        who = await place.service.ask("GET", "/", token=token)

    assert [answer.status for answer in ours] == [401, 401]
    assert theirs == [401, 401, 401, 200]
    assert unknown.status == 400
    assert who.document == {"subject": person.id}


async def test_only_a_key_with_its_scope_reads_the_feed(sqlite_store: Store) -> None:
    """A token does not, not even an admin's, and neither does a key made by its name alone."""
    path = f"{FEED}?wait=0"
    async with at(sqlite_store) as place:
        line = place.lines[0]
        everyday = await keys.add(line, place.admin)
        able = keys.create(sqlite_store, "--scope", FEED_SCOPE)
        answers = [
            await line.ask("GET", path),
            await line.ask("GET", path, token=place.admin.token),
            await keys.use(line, everyday, path),
            await keys.use(line, able, path),
            await keys.use(line, able, ME),
        ]

    assert [answer.status for answer in answers] == [401, 403, 403, 200, 403]
