"""What is too long for one answer comes in several, and nothing is lost between them."""

import pytest

from directory.stingy import StingyLine
from parts.domain import BASE_DN, Domain
from watchword.directory.line import Entry, LdapRefusedError, Line
from watchword.directory.paging import (
    all_at_once,
    entry_at,
    everything,
    pages,
    part_of,
    portions,
    ranges,
    values_of,
)

pytestmark = pytest.mark.slow

PEOPLE = f"OU=People,{BASE_DN}"
USERS = "(sAMAccountType=805306368)"


async def test_pages(service_line: Line) -> None:
    """A page has no more than it may, and all of them have everybody once."""
    at_once = await service_line.search(PEOPLE, USERS, ["cn"])

    read = [page async for page in pages(service_line, PEOPLE, USERS, ["cn"], size=5)]

    assert all(len(page) <= 5 for page in read)
    assert len(read) > 1
    dns = [entry.dn for page in read for entry in page]
    assert sorted(dns) == sorted(entry.dn for entry in at_once.entries)


async def test_nothing_has_no_pages(service_line: Line) -> None:
    """Where nobody is, no page comes."""
    assert await everything(service_line, PEOPLE, "(cn=nobody)", ["cn"]) == []


async def test_all_at_once_or_in_pages(service_line: Line) -> None:
    """A controller that gives no more than a thousand is asked for pages."""
    stingy = StingyLine(service_line, entries_max=3)

    at_once = await all_at_once(service_line, PEOPLE, USERS, ["cn"])
    in_pages = await all_at_once(stingy, PEOPLE, USERS, ["cn"])

    assert [one.dn for one in in_pages] == [one.dn for one in at_once]
    assert stingy.asked > 1


async def test_another_refusal_is_one(service_line: Line) -> None:
    """A base that is not there is no reason to ask for pages, and not the same as nobody."""
    with pytest.raises(LdapRefusedError):
        await all_at_once(service_line, f"OU=Nowhere,{BASE_DN}", USERS, ["cn"])


@pytest.mark.parametrize("dn", [f"CN=nobody,{BASE_DN}", "no name at all", "<GUID=00>"])
async def test_nothing_at_that_name(service_line: Line, dn: str) -> None:
    """Nothing is nothing, also where the name is none."""
    assert await entry_at(service_line, dn, ["cn"]) is None


async def test_ranges_of_a_real_group(domain: Domain, service_line: Line) -> None:
    """Members come in steps, each once; a group without any has none."""
    names = [domain.new_person().name for _ in range(5)]
    group, empty = domain.new_group("Ranged", *names), domain.new_group("Empty")

    steps = [some async for some in ranges(service_line, group.dn, "member", step=2)]
    at_once = [some async for some in ranges(service_line, group.dn, "member")]
    none = [some async for some in ranges(service_line, empty.dn, "member")]
    domain.delete("Ranged", "Empty", *names)
    nothing = [some async for some in ranges(service_line, group.dn, "member")]

    assert [len(some) for some in steps] == [2, 2, 1]
    assert sorted(dn for some in steps for dn in some) == sorted(at_once[0])
    assert len(set(at_once[0])) == 5
    assert none == []
    assert nothing == []


@pytest.mark.parametrize("values_max", [1, 2, 3, 7])
async def test_values_that_were_held_back(
    domain: Domain, service_line: Line, values_max: int
) -> None:
    """An attribute of which a controller gave a part is read to its end."""
    member = domain.new_person()
    groups = [domain.new_group(f"Many{number}", member.name).name for number in range(6)]
    line = StingyLine(service_line, values_max=values_max)

    entry = await entry_at(line, member.dn, ["memberOf"])
    assert entry is not None
    values = await values_of(line, entry, "memberOf")
    domain.delete(member.name, *groups)

    assert len(values) == len(set(values)) == 6


@pytest.mark.parametrize(
    ("values", "part", "after"),
    [
        ({}, [], None),
        ({"member": [b"a", b"b"]}, [b"a", b"b"], None),
        ({"member": [], "member;range=0-1499": [b"a"]}, [b"a"], 1500),
        ({"member;range=1500-*": [b"a"]}, [b"a"], None),
        ({"member;range=0-*": []}, [], None),
        ({"member;range=5-9": []}, [], None),
        ({"member;range=0-x": [b"a"]}, [b"a"], None),
        ({"memberof;range=0-1499": [b"a"]}, [], None),
    ],
)
def test_what_a_part_says(
    values: dict[str, list[bytes]], part: list[bytes], after: int | None
) -> None:
    """The name of an attribute says which of its values came; nonsense ends it."""
    assert part_of(Entry("CN=a", values), "member") == (part, after)


def test_portions() -> None:
    """No filter asks for more than it can hold."""
    assert list(portions(["a", "b", "c"], 2)) == [["a", "b"], ["c"]]
    assert [len(some) for some in portions(["x"] * 250)] == [100, 100, 50]
