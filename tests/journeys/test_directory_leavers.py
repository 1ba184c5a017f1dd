"""Who leaves Active Directory is out here as soon as a synchronisation ends, on every worker."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from journeys import keys, people
from journeys.directory import Corp, at_corp, settings_of
from parts.database import dump
from parts.domain import Domain, Person
from parts.line import Line
from parts.server import Store

pytestmark = pytest.mark.slow

WORKERS, LOOKS = 2, 20
LEAVERS, STAYERS = 4, 6
IN, OUT = {200}, {401}
TABLES = ("accounts", "identifiers", "memberships", "directory_links", "directory_marks")
SYNC = ("directory", "sync", "corp")


@dataclass
class Party:
    """People who are logged in and have an API key, and a connection to each worker."""

    corp: Corp
    lines: Sequence[Line]
    tokens: dict[str, str] = field(default_factory=dict)
    held: dict[str, keys.Key] = field(default_factory=dict)

    async def arrive(self, persons: Iterable[Person]) -> None:
        for one in persons:
            self.tokens[one.name] = token = self.corp.enter(one.name)["token"]
            owner = people.Person("", one.name, token)
            self.held[one.name] = await keys.add(self.lines[0], owner)

    async def seen(self, names: Iterable[str]) -> set[int]:
        """Ask each worker for each of these, again and again, with token and key."""
        told = await asyncio.gather(*(self._ask(line, list(names)) for line in self.lines))
        return set[int]().union(*told)

    async def _ask(self, line: Line, names: Sequence[str]) -> set[int]:
        statuses = set[int]()
        for _ in range(LOOKS):
            for name in names:
                answers = [
                    await line.ask("GET", people.ME, token=self.tokens[name]),
                    await keys.use(line, self.held[name], people.ME),
                ]
                statuses |= {answer.status for answer in answers}
        return statuses


@asynccontextmanager
async def party(store: Store, domain: Domain, group: str) -> AsyncIterator[Party]:
    """Serve the members of a group, with two workers."""
    allowed = domain.new_group(group)
    settings = settings_of(domain, allowed_groups=[allowed.dn], stop_above=str(LEAVERS))
    with at_corp(store, domain, "--workers", str(WORKERS), settings=settings) as corp:
        async with people.line_to_each(corp.server.port, WORKERS) as lines:
            yield Party(corp, lines)


def engine_of(store: Store) -> str:
    return "postgres" if store.database else "sqlite"


async def kept(store: Store) -> dict[str, list[str]]:
    """Return what is stored of people: who is there, who they are, what they are in."""
    rows = await dump(store)
    return {name: sorted(map(repr, rows[name])) for name in TABLES}


async def test_who_leaves_the_directory_is_out(store: Store, domain: Domain) -> None:
    """Disabled, deleted, expired or in no group any more: tokens and keys are dead at once.

    Whoever is enabled there again comes back, but no token that was dead.
    """
    group = f"Party on {engine_of(store)}"
    async with party(store, domain, group) as here:
        persons = [domain.new_person(groups=[group]) for _ in range(LEAVERS + STAYERS)]
        await here.arrive(persons)
        names = [one.name for one in persons]
        leavers, stayers = names[:LEAVERS], names[LEAVERS:]
        before = await here.seen(names)
        domain.disable(leavers[0])
        domain.delete(leavers[1])
        domain.expire(leavers[2])
        domain.remove_members(group, leavers[3])
        unasked = await here.seen(names)
        ran = here.corp.command(*SYNC)
        after = await here.seen(leavers), await here.seen(stayers)
        refused = [here.corp.try_enter(name).status for name in leavers]

        domain.enable(leavers[0])
        again = here.corp.command(*SYNC)
        back, old = here.corp.try_enter(leavers[0]), here.corp.me(here.tokens[leavers[0]])

    assert (before, unasked) == (IN, IN)
    assert ran.returncode == again.returncode == 0, (ran, again)
    assert after == (OUT, IN)
    assert refused == [403, 401, 403, 403]
    assert (back.status, old.status) == (200, 401)


async def test_too_many_who_leave_are_a_mistake(store: Store, domain: Domain) -> None:
    """Then nobody is closed; a dry run tells it and stores nothing; who is sure says so."""
    group = f"Crowd on {engine_of(store)}"
    async with party(store, domain, group) as here:
        persons = [domain.new_person(groups=[group]) for _ in range(STAYERS)]
        await here.arrive(persons)
        *leavers, stayer = [one.name for one in persons]
        for name in leavers:
            domain.disable(name)
        before = await kept(store)
        dry, stored = here.corp.command(*SYNC, "--dry-run"), await kept(store)
        stopped, still = here.corp.command(*SYNC), await here.seen([*leavers, stayer])
        sure = here.corp.command(*SYNC, "--stop-percent", "90")
        after = await here.seen(leavers), await here.seen([stayer])

    assert dry.returncode == 0, dry
    assert stored == before
    assert stopped.returncode == 1, stopped
    assert "5 of 6 accounts would be closed" in stopped.stdout + stopped.stderr, stopped
    assert still == IN
    assert sure.returncode == 0, sure
    assert after == (OUT, IN)
