"""When groups change, everybody in those of the settings is told, and not otherwise."""

from collections.abc import Mapping

import pytest

from directory.looks import Corner, Seen
from directory.stingy import StingyLine
from parts.domain import Domain
from watchword.directory.graph import look_down
from watchword.directory.line import Line
from watchword.directory.watched import Watched

pytestmark = pytest.mark.slow


@pytest.fixture
def corner(domain: Domain, service_line: Line) -> Corner:
    """A corner with a group that is watched, one in it, and one in that."""
    corner = Corner(domain, service_line)
    domain.new_ou(corner.ou)
    domain.new_group(bottom(corner), ou=corner.ou)
    domain.new_group(middle(corner), bottom(corner), ou=corner.ou)
    top = domain.new_group(f"top {corner.ou[3:]}", middle(corner), ou=corner.ou)
    corner.watched = frozenset({top.sid})
    return corner


def bottom(corner: Corner) -> str:
    return f"bottom {corner.ou[3:]}"


def middle(corner: Corner) -> str:
    return f"middle {corner.ou[3:]}"


def top_of(seen: Seen) -> frozenset[str]:
    assert not seen.is_whole
    assert seen.members is not None
    [dns] = seen.members.values()
    return dns


def dns_of(seen: Seen) -> Mapping[str, str]:
    return {name: person.dn for name, person in seen.people.items()}


async def test_somebody_comes_deep_below(corner: Corner) -> None:
    """Who comes into a group that leads to one of the settings is in that one now."""
    one, two = corner.people(2)
    first = await corner.look()
    corner.domain.add_members(bottom(corner), one)
    corner.domain.add_members(middle(corner), two)

    second = await corner.look(first.cursor)
    third = await corner.look(second.cursor)

    assert not second.people
    assert top_of(second) == set(dns_of(first).values())
    assert third.members is None


async def test_somebody_leaves(corner: Corner) -> None:
    """Who was taken out of a group is not told any more."""
    one, two = corner.people(2)
    corner.domain.add_members(bottom(corner), one, two)
    first = await corner.look()
    corner.domain.remove_members(bottom(corner), one)

    second = await corner.look(first.cursor)

    assert top_of(second) == {dns_of(first)[two]}


async def test_a_group_is_taken_out(corner: Corner) -> None:
    """With it go all that were in through it."""
    [name] = corner.people(1)
    corner.domain.add_members(bottom(corner), name)
    first = await corner.look()
    corner.domain.remove_members(middle(corner), bottom(corner))

    second = await corner.look(first.cursor)

    assert first.people[name].groups
    assert top_of(second) == frozenset()


async def test_a_group_between_is_deleted(corner: Corner) -> None:
    """It changes nothing of the group that it was in, and is missed all the same."""
    [name] = corner.people(1)
    corner.domain.add_members(bottom(corner), name)
    first = await corner.look()
    corner.domain.delete(middle(corner))

    second = await corner.look(first.cursor)

    assert top_of(second) == frozenset()


async def test_a_watched_group_is_deleted(corner: Corner) -> None:
    """Nobody is in a group that is not there."""
    [name] = corner.people(1)
    corner.domain.add_members(bottom(corner), name)
    first = await corner.look()
    corner.domain.delete(f"top {corner.ou[3:]}")

    second = await corner.look(first.cursor)

    assert top_of(second) == frozenset()


async def test_a_group_becomes_one_for_letters(corner: Corner) -> None:
    """It gives no rights then, nor leads to any."""
    [name] = corner.people(1)
    corner.domain.add_members(bottom(corner), name)
    first = await corner.look()
    corner.domain.replace(middle(corner), groupType="2")

    second = await corner.look(first.cursor)

    assert dns_of(first)[name] not in top_of(second)


async def test_a_group_becomes_the_primary_one(corner: Corner) -> None:
    """Its members are told though it does not name them."""
    one, two = corner.people(2)
    corner.domain.add_members(bottom(corner), one, two)
    first = await corner.look()
    corner.domain.make_primary(one, bottom(corner))

    second = await corner.look(first.cursor)

    assert top_of(second) == set(dns_of(first).values())
    assert second.people[one].groups == corner.watched


async def test_another_group_changes(corner: Corner) -> None:
    """What leads to no group of the settings is nobody's concern."""
    [name] = corner.people(1)
    corner.domain.new_group(f"other {corner.ou[3:]}", bottom(corner), ou=corner.ou)
    first = await corner.look()
    corner.domain.add_members(f"other {corner.ou[3:]}", name)

    second = await corner.look(first.cursor)

    assert not second.is_whole
    assert second.members is None


async def test_each_group_has_its_own(corner: Corner) -> None:
    """Somebody may be in several groups of the settings, and in some of them only."""
    one, two = corner.people(2)
    domain = corner.domain
    inner = domain.group(middle(corner)).dn
    corner.watched |= {inner}
    first = await corner.look()
    domain.add_members(bottom(corner), one)
    domain.add_members(f"top {corner.ou[3:]}", two)

    second = await corner.look(first.cursor)

    assert second.members is not None
    sizes = {spec == inner: len(dns) for spec, dns in second.members.items()}
    assert sizes == {True: 1, False: 2}
    assert second.members[inner] == {dns_of(first)[one]}


async def test_members_in_many_answers(corner: Corner) -> None:
    """A controller that gives two at once is asked again until it has given all."""
    names = list(corner.people(5))
    first = await corner.look()
    corner.domain.add_members(bottom(corner), *names)
    corner.line = StingyLine(corner.line, values_max=2)

    second = await corner.look(first.cursor)

    assert top_of(second) == set(dns_of(first).values())


async def test_a_person_is_renamed(corner: Corner) -> None:
    """Members are told by the names that the look at people tells."""
    [name] = corner.people(1)
    corner.domain.add_members(bottom(corner), name)
    first = await corner.look()
    renamed = corner.domain.rename(name, corner.fresh_name("renamed"))
    corner.domain.replace(bottom(corner), description="another")

    second = await corner.look(first.cursor)

    assert top_of(second) == {second.people[renamed.name].dn}


async def test_many_groups_come_another_way(corner: Corner, service_line: Line) -> None:
    """Whether a few groups are followed or all of them are read, it comes to the same."""
    domain = corner.domain
    corner.watched |= {domain.group("Deep10").sid, domain.group("Operators North").dn}
    watched = Watched(corner.options, corner.clock)
    seen = await watched.groups(service_line)

    followed = await look_down(service_line, corner.options, seen)
    read = await look_down(service_line, corner.options, seen, few=0)

    assert len(list(followed.groups())) == 3 + 10 + 1
    assert sorted(followed.groups(), key=str) == sorted(read.groups(), key=str)
    assert followed.digest == read.digest


async def test_odd_names(corner: Corner) -> None:
    """Names may hold what a filter or a DN would take for its own."""
    domain = corner.domain
    [name] = corner.people(1)
    odd = rf"\#a\,b (c) *\\ {corner.ou[3:]} ä\+\=\"\<"
    top = domain.new_group(odd, ou=corner.ou, login=corner.fresh_name("odd"))
    login = corner.fresh_name("odd")
    inner = domain.new_group(f"inner {odd}", name, ou=corner.ou, login=login)
    domain.add_members(top.name, inner.name)
    corner.watched = frozenset({top.dn, inner.dn.lower()})

    first = await corner.look()
    domain.remove_members(top.name, inner.name)
    second = await corner.look(first.cursor)

    assert first.people[name].groups == corner.watched
    assert second.members == {top.dn: frozenset(), inner.dn.lower(): {dns_of(first)[name]}}
