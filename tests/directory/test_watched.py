"""The groups of the settings are found where they are, and none is taken for another."""

import asyncio
from datetime import timedelta

import pytest

from directory.asking import options_for
from directory.stingy import StingyLine
from fakes import HandClock
from parts.domain import BASE_DN, Domain
from watchword.directory.line import Line
from watchword.directory.watched import Watched

pytestmark = pytest.mark.slow

NORTH, SOUTH = (f"CN=Operators,OU={where},{BASE_DN}" for where in ("North", "South"))


def watched_of(
    domain: Domain, *specs: str, clock: HandClock | None = None, looks: bool = True
) -> Watched:
    options = options_for(domain, watched=frozenset(specs), looks=looks)
    return Watched(options, clock or HandClock())


async def test_groups_by_sid_and_by_name(domain: Domain, service_line: Line) -> None:
    """Both ways to spell a group lead to the same things, in whatever case they are."""
    staff = domain.group("Staff")
    watched = watched_of(domain, staff.sid, staff.dn.lower())

    seen = await watched.groups(service_line)

    assert {(one.spec, one.sid, one.dn) for one in seen.groups} == {
        (staff.sid, staff.sid, staff.dn),
        (staff.dn.lower(), staff.sid, staff.dn),
    }
    assert not seen.missing


async def test_two_groups_of_one_name(domain: Domain, service_line: Line) -> None:
    """A group of the same name in another place is not the one that is meant."""
    watched = watched_of(domain, NORTH)

    [north] = (await watched.groups(service_line)).groups

    assert north.sid == domain.group("Operators North").sid
    assert north.sid != domain.group("Operators South").sid


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (f"CN=Nobody,{BASE_DN}", "there is nothing of that name"),
        ("S-1-5-21-1-2-3-4", "there is nothing of that name"),
        ("Staff", "there is nothing of that name"),
        (f"CN=alice,OU=People,{BASE_DN}", "it is no security group"),
    ],
    ids=["name", "sid", "bare", "person"],
)
async def test_what_is_no_group(domain: Domain, service_line: Line, spec: str, why: str) -> None:
    """What does not name a group is told, and matches nobody."""
    seen = await watched_of(domain, spec).groups(service_line)

    assert seen.missing == {spec: why}
    assert not seen.groups


async def test_a_group_for_letters(domain: Domain, service_line: Line) -> None:
    """It gives no rights, so it matches nobody."""
    letters = domain.new_group("Letters")
    domain.replace("Letters", groupType="2")

    seen = await watched_of(domain, letters.sid).groups(service_line)
    domain.delete("Letters")

    assert seen.missing == {letters.sid: "it is no security group"}
    assert not seen.groups


async def test_a_group_that_moves(domain: Domain, service_line: Line) -> None:
    """A SID follows its group, and a name follows whichever group stands there."""
    moving = domain.new_group("Moving")
    watched = watched_of(domain, moving.sid, moving.dn)
    domain.move("Moving", "OU=Elsewhere")

    seen = await watched.groups(service_line)
    domain.delete("Moving")

    assert [(one.spec, one.dn) for one in seen.groups] == [
        (moving.sid, f"CN=Moving,OU=Elsewhere,{BASE_DN}")
    ]
    assert set(seen.missing) == {moving.dn}


async def test_what_is_remembered(domain: Domain, service_line: Line) -> None:
    """For some minutes nobody asks again, unless it must be known now."""
    clock = HandClock()
    brief = domain.new_group("Brief")
    watched = watched_of(domain, brief.dn, clock=clock)
    await watched.groups(service_line)
    domain.delete("Brief")

    soon = await watched.groups(service_line)
    clock.advance(timedelta(minutes=6))
    later = await watched.groups(service_line)

    assert soon.groups
    assert not later.groups


async def test_a_lack_is_looked_at_again_soon(domain: Domain, service_line: Line) -> None:
    """A group that was not there may come, and a fresh look sees it at once."""
    clock = HandClock()
    name = f"CN=Coming,OU=Groups,{BASE_DN}"
    watched = watched_of(domain, name, clock=clock)
    await watched.groups(service_line)
    domain.new_group("Coming")

    at_once = await watched.groups(service_line)
    clock.advance(timedelta(seconds=11))
    soon = await watched.groups(service_line)
    domain.delete("Coming")
    fresh = await watched.groups(service_line, fresh=True)

    assert not at_once.groups
    assert soon.groups
    assert not fresh.groups


async def test_without_a_service_account_each_has_their_own_rights(
    domain: Domain, service_line: Line
) -> None:
    """Who may not see a group takes it from nobody else."""
    staff = domain.group("Staff")
    watched = watched_of(domain, staff.sid, staff.dn, looks=False)
    blind_line = StingyLine(service_line, hides=("objectSid",))

    seen = [
        await watched.groups(line) for line in (blind_line, service_line, blind_line, service_line)
    ]
    at_once = await asyncio.gather(
        *(watched.groups(line) for line in (blind_line, service_line) * 3)
    )

    assert [len(one.groups) for one in (*seen, *at_once)] == [0, 2] * 5
    assert [len(one.missing) for one in (*seen, *at_once)] == [2, 0] * 5
