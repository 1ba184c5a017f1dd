"""Who is in which group is known however it came about, and whatever the controller shows."""

from collections.abc import Callable

import pytest

from directory.asking import options_for
from directory.stingy import StingyLine
from fakes import HandClock
from parts.domain import BASE_DN, Domain
from watchword.directory.belongs import belongings, climb, named_groups, sids_of
from watchword.directory.line import Line
from watchword.directory.watched import Watched

pytestmark = pytest.mark.slow

DOMAIN_USERS = f"CN=Domain Users,CN=Users,{BASE_DN}"


def shows_all(line: Line) -> Line:
    return line


def hides_tokens(line: Line) -> Line:
    return StingyLine(line, hides=["tokenGroups"])


WAYS = pytest.mark.parametrize("way", [shows_all, hides_tokens])
Way = Callable[[Line], Line]


async def groups_of(domain: Domain, line: Line, name: str, *specs: str) -> frozenset[str]:
    options = options_for(domain, watched=frozenset(specs))
    watched = Watched(options, HandClock())
    return await named_groups(line, options, watched, domain.person(name).dn)


@WAYS
async def test_ten_deep_in_a_circle(domain: Domain, service_line: Line, way: Way) -> None:
    """Who is in the first of ten groups, each in the next, is in the last."""
    last = domain.group("Deep10")

    groups = await groups_of(domain, way(service_line), "deep", last.sid, last.dn)

    assert groups == {last.sid, last.dn}


@WAYS
async def test_one_of_two_groups_of_one_name(domain: Domain, service_line: Line, way: Way) -> None:
    """Who is in the one is not in the other."""
    north = domain.group("Operators North").dn
    line = way(service_line)

    assert await groups_of(domain, line, "nora", north) == {north}
    assert await groups_of(domain, line, "sven", north) == frozenset()


@WAYS
async def test_the_primary_group(domain: Domain, service_line: Line, way: Way) -> None:
    """It counts like any other, though no list of members names it."""
    primary = domain.group("AppUsers").dn
    line = way(service_line)

    assert await groups_of(domain, line, "primary", primary) == {primary}
    assert await groups_of(domain, line, "alice", primary, DOMAIN_USERS) == {DOMAIN_USERS}


@WAYS
async def test_groups_for_letters(domain: Domain, service_line: Line, way: Way) -> None:
    """They give no rights, and lead into no group that does."""
    reader = domain.new_person()
    domain.new_group("Readers", reader.name)
    above = domain.new_group("Above readers", "Readers")
    domain.replace("Readers", groupType="2")

    groups = await groups_of(domain, way(service_line), reader.name, above.dn)
    domain.delete("Readers", "Above readers", reader.name)

    assert groups == frozenset()


@pytest.mark.parametrize("name", ["alice", "bob", "deep", "primary", "nora", "svc-watchword"])
async def test_both_ways_tell_the_same(domain: Domain, service_line: Line, name: str) -> None:
    """The steps from group to group lead to what the controller itself says."""
    options, dn = options_for(domain), domain.person(name).dn

    told = await sids_of(service_line, options, dn)
    climbed = await climb(service_line, options, dn)
    in_small_steps = await climb(StingyLine(service_line, values_max=1), options, dn)

    assert told == climbed == in_small_steps
    assert told


async def test_what_is_explained(domain: Domain, service_line: Line) -> None:
    """Every group that counts has its name, also those that the settings do not name."""
    staff = domain.group("Staff")
    options = options_for(domain, watched=frozenset({staff.sid}))

    told = await belongings(
        service_line, options, Watched(options, HandClock()), domain.person("alice").dn
    )

    named = {one.dn.partition(",")[0]: one.named for one in told}
    assert named == {
        "CN=Staff": staff.sid,
        "CN=Engineering": "",
        "CN=Platform Team": "",
        "CN=Domain Users": "",
        "CN=Users": "",
    }
    assert [one.dn.lower() for one in told] == sorted(one.dn.lower() for one in told)


@WAYS
async def test_nobody_is_in_no_group(domain: Domain, service_line: Line, way: Way) -> None:
    """Who was deleted a moment ago is nobody's member."""
    gone = domain.new_person(groups=["Staff"])
    domain.delete(gone.name)
    options = options_for(domain)

    assert await sids_of(way(service_line), options, gone.dn) == frozenset()


async def test_without_groups_nobody_is_asked(domain: Domain, service_line: Line) -> None:
    """Where the settings name none, it does not matter in which anybody is."""
    line = StingyLine(service_line)

    assert await groups_of(domain, line, "alice") == frozenset()
    assert line.asked == 0
