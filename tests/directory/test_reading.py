"""A look at a directory shows everybody, or whoever changed, with the groups they are in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from directory.looks import Corner
from directory.stingy import StingyLine
from parts.domain import BASE_DN, Domain
from watchword.core.directory.model import Closed
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.belongs import named_groups
from watchword.directory.line import LdapRefusedError, Line, LineLostError
from watchword.directory.sids import write_moment
from watchword.directory.watched import Watched

pytestmark = pytest.mark.slow

NORTH, SOUTH = (f"CN=Operators,OU={where},{BASE_DN}" for where in ("North", "South"))


@pytest.fixture
def corner(domain: Domain, admin_line: Line) -> Corner:
    """A corner of the domain that is looked at by who may see what was deleted."""
    corner = Corner(domain, admin_line)
    domain.new_ou(corner.ou)
    return corner


def ends_at(corner: Corner, after: timedelta) -> str:
    return str(write_moment(corner.clock.now() + after))


async def test_everybody_with_their_groups(corner: Corner, service_line: Line) -> None:
    """Whatever way somebody is in a group, a look at all tells it as one at them alone does."""
    domain = corner.domain
    corner.watched = frozenset(
        (NORTH, domain.group("Deep10").sid, domain.group("Staff").dn, domain.group("AppUsers").sid)
    )
    options = replace(corner.options, base=f"OU=People,{BASE_DN}")
    corner.line = StingyLine(service_line, values_max=1)

    seen = await corner.look(options=options)

    watched = Watched(options, corner.clock)
    alone = {
        name: await named_groups(service_line, options, watched, person.dn)
        for name, person in seen.people.items()
    }
    assert seen.is_whole
    assert {name: person.groups for name, person in seen.people.items()} == alone
    assert {name for name, groups in alone.items() if NORTH in groups} == {"nora"}
    assert {"deep", "alice", "primary"} <= {name for name, groups in alone.items() if groups}
    assert seen.present == {person.guid for person in seen.people.values()}


async def test_groups_in_a_circle(corner: Corner) -> None:
    """Two groups of the settings that are in each other are one crowd."""
    domain = corner.domain
    [name] = corner.people(1)
    one, two = corner.fresh_name("circle"), corner.fresh_name("circle")
    dns = {domain.new_group(one, name).dn, domain.new_group(two, one).dn}
    domain.add_members(one, two)
    corner.watched = frozenset(dns)

    seen = await corner.look()

    assert seen.people[name].groups == dns


async def test_only_those_who_count(corner: Corner) -> None:
    """A filter and a base say who counts; what is no person never does."""
    domain = corner.domain
    clerk, other = corner.people(2)
    domain.replace(clerk, department="IT")
    domain.new_group(corner.fresh_name("group"), ou=corner.ou)
    corner.user_filter = "(department=IT)"

    seen = await corner.look()

    assert seen.names == {clerk}
    assert seen.present == {domain.person(clerk).guid}
    assert other not in seen.people


async def test_nothing_changed(corner: Corner) -> None:
    """The second look shows nobody."""
    list(corner.people(2))
    first = await corner.look()

    second = await corner.look(first.cursor)

    assert not second.is_whole
    assert not second.people
    assert second.gone == frozenset()
    assert second.members is None
    assert second.cursor == first.cursor


async def test_whoever_changed(corner: Corner) -> None:
    """A rename keeps the objectGUID; who came, was disabled or got a mailbox is there too."""
    domain = corner.domain
    old, closed, mailed, still = corner.people(4)
    first = await corner.look()
    renamed = domain.rename(old, corner.fresh_name("renamed"))
    domain.disable(closed)
    domain.replace(mailed, mail="new@example.com")
    new = domain.new_person(ou=corner.ou)

    second = await corner.look(first.cursor)
    third = await corner.look(second.cursor)

    assert not second.is_whole
    assert second.names == {renamed.name, closed, mailed, new.name}
    assert second.people[renamed.name].guid == first.people[old].guid
    assert second.people[renamed.name].dn == renamed.dn
    assert second.people[closed].closed is Closed.DISABLED
    assert second.people[mailed].email == "new@example.com"
    assert second.gone == frozenset()
    assert still not in second.people
    assert not third.people


async def test_who_left(corner: Corner, service_line: Line) -> None:
    """Deleted, or moved out of the base, or out of what the filter matches: all are gone."""
    domain = corner.domain
    corner.user_filter = "(department=IT)"
    deleted, moved, changed, still = names = list(corner.people(4))
    for name in names:
        domain.replace(name, department="IT")
    first = await corner.look()
    outsider = domain.new_person(department="IT")
    domain.delete(deleted)
    domain.move(moved)
    domain.replace(changed, department="HR")
    domain.replace(still, title="clerk")

    second = await corner.look(first.cursor)
    corner.line = service_line
    without_rights = await corner.look(first.cursor)

    guids = {name: first.people[name].guid for name in names}
    assert second.gone is not None
    assert {guids[name] for name in (deleted, moved, changed)} <= second.gone
    assert guids[still] not in second.gone
    assert second.names == {still}
    assert second.present == {guids[still]}
    assert outsider.guid not in second.present
    assert not without_rights.is_whole
    assert without_rights.gone is None
    assert without_rights.present == second.present


async def test_who_left_is_known_without_a_look_at_people(corner: Corner) -> None:
    """Who changed and still counts is not gone, in whatever order one asks."""
    domain = corner.domain
    changed, deleted = corner.people(2)
    first = await corner.look()
    domain.replace(changed, title="clerk")
    domain.delete(deleted)

    async with corner.open(first.cursor) as reading:
        gone = await reading.gone()

    assert gone is not None
    assert first.people[deleted].guid in gone
    assert first.people[changed].guid not in gone


async def test_who_left_the_whole_domain(corner: Corner) -> None:
    """Where everybody counts, only who is deleted can leave."""
    deleted, moved = corner.people(2)
    everywhere = replace(corner.options, base="")
    first = await corner.look(options=everywhere)
    corner.domain.delete(deleted)
    corner.domain.move(moved)

    second = await corner.look(first.cursor, everywhere)

    assert not second.is_whole
    assert second.gone == frozenset([first.people[deleted].guid])
    assert second.people[moved].dn == f"CN={moved},OU=Elsewhere,{BASE_DN}"


async def test_who_moves_in(corner: Corner) -> None:
    """One who was elsewhere and is now below the base has come."""
    outsider = corner.domain.new_person()
    first = await corner.look()
    corner.domain.move(outsider.name, corner.ou)

    second = await corner.look(first.cursor)

    assert second.names == {outsider.name}


async def test_an_account_that_expires(corner: Corner) -> None:
    """Nothing changes in the directory when its moment comes, and it is seen all the same."""
    domain = corner.domain
    soon, late, never = corner.people(3)
    domain.replace(soon, accountExpires=ends_at(corner, timedelta(minutes=10)))
    domain.replace(late, accountExpires=ends_at(corner, timedelta(minutes=30)))
    first = await corner.look()
    corner.clock.advance(timedelta(minutes=10))

    second = await corner.look(first.cursor)
    corner.clock.advance(timedelta(minutes=10))
    third = await corner.look(second.cursor)
    corner.clock.advance(timedelta(minutes=-15))
    back = await corner.look(third.cursor)

    assert {one.closed for one in first.people.values()} == {Closed.OPEN}
    assert {name: one.closed for name, one in second.people.items()} == {soon: Closed.EXPIRED}
    assert not third.people
    assert {name: one.closed for name, one in back.people.items()} == {soon: Closed.OPEN}
    assert never in first.people


async def test_a_place_is_renamed(corner: Corner) -> None:
    """All below it are called otherwise then, though none of them changed: look at everybody."""
    [name] = corner.people(1)
    below = f"OU=Below,{corner.ou}"
    corner.domain.new_ou(below)
    inner = corner.domain.new_person(ou=below)
    first = await corner.look()
    corner.domain.move(below, "OU=Elsewhere")

    second = await corner.look(first.cursor)
    corner.domain.move("OU=Below,OU=Elsewhere", corner.ou)
    third = await corner.look(second.cursor)

    assert second.is_whole
    assert second.names == {name}
    assert third.is_whole
    assert third.people[inner.name].guid == inner.guid


async def test_a_new_place_changes_nobody(corner: Corner) -> None:
    """Who is moved there changes with it, so nobody else needs a look."""
    first = await corner.look()
    below = f"OU=New,{corner.ou}"
    corner.domain.new_ou(below)
    new = corner.domain.new_person(ou=below)

    second = await corner.look(first.cursor)

    assert not second.is_whole
    assert second.names == {new.name}


@pytest.mark.parametrize("since", ["nonsense", "", "[1, 2]"])
async def test_a_cursor_of_no_use(corner: Corner, since: str) -> None:
    """What is no cursor leads to a look at everybody."""
    names = set(corner.people(1))

    seen = await corner.look(since)

    assert seen.is_whole
    assert seen.names == names
    assert seen.gone is None
    assert seen.members is None


async def test_a_cursor_of_elsewhere(corner: Corner) -> None:
    """Another controller has other numbers, and other settings mean other people."""
    first = await corner.look()
    numbers = first.cursor.split(",")
    elsewhere = ",".join([numbers[0], ' "another"', *numbers[2:]])
    restored = ",".join([*numbers[:2], " 999999999", *numbers[3:]])

    looks = [
        await corner.look(elsewhere),
        await corner.look(restored),
        await corner.look(first.cursor, replace(corner.options, user_filter="(mail=*)")),
        await corner.look(first.cursor),
    ]

    assert [look.is_whole for look in looks] == [True, True, True, False]


async def test_a_filter_that_asks_for_groups(corner: Corner) -> None:
    """Where groups say who counts, people come and go without a change of their own."""
    domain = corner.domain
    stays, comes = corner.people(2)
    club = domain.new_group(corner.fresh_name("club"), stays)
    corner.user_filter = f"(memberOf={club.dn})"
    first = await corner.look()
    domain.replace(stays, title="clerk")
    second = await corner.look(first.cursor)
    domain.add_members(club.name, comes)

    third = await corner.look(second.cursor)

    assert not second.is_whole
    assert second.gone is None
    assert second.names == {stays}
    assert third.is_whole
    assert third.names == {stays, comes}


async def test_a_line_that_breaks(corner: Corner) -> None:
    """Nobody is taken for gone because the controller is."""
    first = await corner.look()
    list(corner.people(1))

    async with corner.open(first.cursor) as reading:
        corner.line.close()
        asked = (reading.present, reading.gone, lambda: anext(reading.people()))
        for ask in asked:
            with pytest.raises(UnavailableError):
                await ask()
        with pytest.raises(UnavailableError):
            await reading.look_up(guids=[corner.domain.service.guid])
    with pytest.raises(LineLostError):
        await corner.look()


async def test_a_base_that_is_not_there(corner: Corner) -> None:
    """A place that was renamed is not an empty one."""
    lost = replace(corner.options, base=f"OU=Nowhere,{BASE_DN}")

    async with corner.open(options=lost) as reading:
        with pytest.raises(UnavailableError) as caught:
            await anext(reading.people())

    assert isinstance(caught.value.__cause__, LdapRefusedError)
