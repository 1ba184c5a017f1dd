"""A domain controller dies, comes back, or never says a word: who feels it, and for how long."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from journeys import keys, people
from journeys.directory import (
    LOG_IN_AD,
    LOG_INS,
    WRONG,
    Corp,
    at_corp,
    open_files,
    settings_of,
    threads,
)
from journeys.people import ADMIN, ME
from parts.domain import BASE_DN, PASSWORD, Domain
from parts.line import Json, Line
from parts.server import Store
from parts.slow_dc import silent_dc
from parts.waiting import until

pytestmark = pytest.mark.slow

TRIES, AT_ONCE = 1000, 25
LONGEST_S = 15.0
"""A refusal takes 3.8 s at most where nothing else runs; see what is printed."""

BACK_S = 90.0
"""It is left alone for up to half a minute."""

GRACE_S = 0.5
SLACK = 12
"""So many files or threads more or less are no leak of a thousand tries."""

ASSETS = "/services/login"


@dataclass
class Felt:
    """What came of some requests, and how long the slowest took."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def note(self, status: int, began: float) -> None:
        self.statuses[status] += 1
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)


@contextmanager
def three_policies(dc: Domain, store: Store) -> Iterator[Corp]:
    """Serve three directories that are one in truth, but for what holds while it is away."""
    settings = {
        **policy(dc, "strict", offline_grace_s=str(GRACE_S)),
        **policy(dc, "lax", offline="sessions"),
        **policy(dc, "cached", offline="cache"),
    }
    with at_corp(store, dc, settings=settings) as corp:
        yield corp


def policy(dc: Domain, name: str, **more: Json) -> dict[str, str]:
    """Return the settings of a directory with names of its own."""
    names: dict[str, Json] = {"domain": f"{name}.test", "netbios": name.upper()}
    return settings_of(dc, name, base=BASE_DN, pool_size="1", **names, **more)


def refused_in_all_words(corp: Corp, name: str) -> Felt:
    """Try to log in by every call; each says in its own words that it cannot be done now."""
    felt = Felt()
    for call in LOG_INS:
        began = time.monotonic()
        answer = corp.try_door(call, name)
        felt.note(answer.status, began)
        assert int(answer.headers["retry-after"]) > 0, answer
        member = {"asta": "detail", "precrime": "message"}.get(call, "title")
        assert answer.document[member], answer
    began = time.monotonic()
    answer = corp.press(ASSETS, username=name, password=PASSWORD)
    felt.note(answer.status, began)
    assert int(answer.headers["retry-after"]) > 0, answer
    assert answer.document["errorcode"] == 503, answer
    return felt


async def press(corp: Corp, name: str) -> tuple[Felt, Felt]:
    """Try to log in a thousand times; return what came of it, and what a local user felt."""
    theirs, ours, token = Felt(), Felt(), corp.admin()

    async def guess() -> None:
        async with await Line.open(corp.server.port) as line:
            for _ in range(TRIES // AT_ONCE):
                began = time.monotonic()
                answer = await line.ask("POST", LOG_IN_AD, {"user": name, "password": PASSWORD})
                theirs.note(answer.status, began)

    async with await Line.open(corp.server.port) as line:
        guesses = asyncio.gather(*(guess() for _ in range(AT_ONCE)))
        while not guesses.done():
            began = time.monotonic()
            ours.note((await line.ask("GET", ME, token=token)).status, began)
            await asyncio.sleep(0.02)
        await guesses
    return theirs, ours


def use(corp: Corp, key: keys.Key) -> int:
    return corp.ask("GET", ME, None, f"X-Authorization: {key.text}").status


@dataclass
class Open:
    """What a server has open."""

    corp: Corp
    files: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        self.files, self.threads = open_files(self.corp.server), threads(self.corp.server)

    def is_all(self) -> bool:
        """Say whether it has hardly more open now."""
        files, running = open_files(self.corp.server), threads(self.corp.server)
        return files <= self.files + SLACK and running <= self.threads + SLACK


async def test_a_controller_dies_and_comes_back(
    own_domain: Domain, sqlite_store: Store, tell: Callable[[str], None]
) -> None:
    """Its people wait, local ones do not, nothing leaks, and nobody has to do anything."""
    ada = own_domain.new_person()
    with three_policies(own_domain, sqlite_store) as corp:
        name = f"STRICT\\{ada.name}"
        token = corp.enter(name)["token"]
        before = Open(corp)
        with own_domain.away():
            refused = refused_in_all_words(corp, name)
            resting = until(lambda: corp.me(token).status == 503)
            local = corp.try_log_in(ADMIN).status
            theirs, ours = await press(corp, name)
            until(before.is_all)
        began = time.monotonic()
        until(lambda: corp.try_enter(name).status == 200, within=BACK_S)
        back_s, again = time.monotonic() - began, corp.me(token).status
        until(before.is_all)

    tell(f"refused within {refused.slowest_s:.2f} s, of a thousand {theirs.slowest_s:.2f} s")
    tell(f"back after {back_s:.1f} s; a local user waited {ours.slowest_s:.2f} s at most")
    assert refused.statuses == {503: len(LOG_INS) + 1}
    assert theirs.statuses == {503: TRIES}
    assert max(refused.slowest_s, theirs.slowest_s) < LONGEST_S
    assert set(ours.statuses) == {200}
    assert (resting, local, again) == (True, 200, 200)


async def test_a_controller_that_never_answers(
    domain: Domain, sqlite_store: Store, tell: Callable[[str], None]
) -> None:
    """It takes connections and says nothing: a refusal takes no longer than a controller may."""
    with (
        silent_dc() as silent,
        at_corp(
            sqlite_store, domain, settings=policy(domain, "mute", urls=silent.ldaps_url)
        ) as corp,
    ):
        corp.admin()
        before = Open(corp)
        refused = refused_in_all_words(corp, "MUTE\\ada")
        local = corp.try_log_in(ADMIN).status
        theirs, ours = await press(corp, "MUTE\\ada")
        until(before.is_all)
        until(lambda: silent.connections <= 1)

    tell(f"refused within {refused.slowest_s:.2f} s, of a thousand {theirs.slowest_s:.2f} s")
    tell(f"{silent.accepted} connections; a local user waited {ours.slowest_s:.2f} s at most")
    assert refused.statuses == {503: len(LOG_INS) + 1}
    assert theirs.statuses == {503: TRIES}
    assert max(refused.slowest_s, theirs.slowest_s) < LONGEST_S
    assert set(ours.statuses) == {200}
    assert local == 200


async def test_what_holds_while_a_directory_is_away(
    own_domain: Domain, sqlite_store: Store
) -> None:
    """Sessions rest or go on; who was here lately gets in again only where that is asked for."""
    with three_policies(own_domain, sqlite_store) as corp:
        names = {
            one: f"{one}\\{own_domain.new_person().name}" for one in ("strict", "lax", "cached")
        }
        tokens = {one: corp.enter(name)["token"] for one, name in names.items()}
        owner = people.Person("", names["strict"], tokens["strict"])
        async with await Line.open(corp.server.port) as line:
            key = await keys.add(line, owner)
        never = f"cached\\{own_domain.new_person().name}"
        with own_domain.away():
            tried = {one: corp.try_enter(name).status for one, name in names.items()}
            until(lambda: corp.me(tokens["strict"]).status == 503)
            rested, by_key = corp.me(tokens["strict"]), use(corp, key)
            seen = {one: corp.me(token).status for one, token in tokens.items()}
            wrong = corp.try_enter(names["cached"], WRONG).status
            stranger = corp.try_enter(never).status
            by_another_call = corp.try_door("asta", names["cached"]).status
        until(lambda: corp.me(tokens["strict"]).status == 200, within=BACK_S)
        again = use(corp, key)

    assert tried == {"strict": 503, "lax": 503, "cached": 200}
    assert seen == {"strict": 503, "lax": 200, "cached": 200}
    assert int(rested.headers["retry-after"]) > 0
    assert (by_key, again) == (503, 200)
    assert (wrong, stranger, by_another_call) == (401, 503, 200)
