"""People are read with what the directory shows of them, and nobody waits for that."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from directory.looks import Corner
from directory.stingy import StingyLine
from parts.domain import BASE_DN, Domain
from parts.loglines import LogLines
from watchword.core.directory.model import Closed
from watchword.directory.line import Line
from watchword.observability import log

pytestmark = pytest.mark.slow


@pytest.fixture
def corner(domain: Domain, service_line: Line) -> Corner:
    """A corner of the domain that the service account looks at."""
    corner = Corner(domain, service_line)
    domain.new_ou(corner.ou)
    return corner


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """The log of the test."""
    lines = LogLines()
    log.configure("debug", "json", stream=lines.stream)
    yield lines
    log.configure()


async def test_looked_up(corner: Corner) -> None:
    """Persons are found by objectGUID and by DN, and only those who count."""
    domain = corner.domain
    one, two, closed = corner.people(3)
    outsider = domain.new_person()
    group = domain.new_group(corner.fresh_name("group"), one)
    groups = corner.watched = frozenset({group.sid})
    domain.disable(closed)
    people = {name: domain.person(name) for name in (one, two, closed)}

    async with corner.open() as reading:
        by_guid = await reading.look_up(guids=[people[one].guid, outsider.guid])
        by_dn = await reading.look_up(dns=[people[closed].dn, outsider.dn, group.dn, "odd)(*\\"])
        both = await reading.look_up(guids=[people[two].guid], dns=[people[two].dn])
        nobody = await reading.look_up()

    assert [(person.login, person.groups) for person in by_guid] == [(one, groups)]
    assert [(person.login, person.closed) for person in by_dn] == [(closed, Closed.DISABLED)]
    assert [person.login for person in both] == [two]
    assert nobody == ()


@pytest.mark.parametrize(
    ("hidden", "event", "shown"),
    [
        ("sAMAccountName", "some people cannot be read", 0),
        ("objectGUID", "some people cannot be read", 0),
        ("userAccountControl", "it cannot be read who is disabled", 2),
    ],
)
async def test_what_is_not_shown(
    corner: Corner, log_lines: LogLines, hidden: str, event: str, shown: int
) -> None:
    """Where the service account has too few rights, the log says what that does."""
    list(corner.people(2))
    corner.line = StingyLine(corner.line, hides=[hidden])

    seen = await corner.look()

    assert len(seen.people) == shown
    assert [line["people"] for line in log_lines.of(event)] == [2]


async def test_the_loop_goes_on(corner: Corner) -> None:
    """Others have their turn between the portions of a page."""
    options = replace(corner.options, base=f"OU=People,{BASE_DN}")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.ensure_future(count())
    async with corner.open(options=options) as reading:
        portions = 0
        async for _ in reading.people():
            portions += 1
    counting.cancel()

    assert portions >= 1
    assert turns > portions
