"""Looking for people in a real domain, with the service account."""

import pytest

from directory.asking import NAME, asked_for, directories_of, options_for
from parts.domain import Domain
from watchword.core.directory.model import Closed
from watchword.directory.directories import LdapDirectories

pytestmark = pytest.mark.slow

ROOT = "DC=ad,DC=test"


async def test_a_person_is_found_by_each_name(looking: LdapDirectories, domain: Domain) -> None:
    """Login, user principal name, and objectGUID whatever the login."""
    person = domain.new_person()

    found = [
        await looking.find(asked)
        for asked in (
            asked_for(person.name.upper()),
            asked_for(person.upn),
            asked_for("an old name", person.guid),
        )
    ]

    assert [one and one.guid for one in found] == [person.guid] * 3
    assert {one and one.dn for one in found} == {person.dn}


@pytest.mark.parametrize(
    ("login", "guid"),
    [
        ("nobody", ""),
        ("ali*", ""),
        ("alice@elsewhere.example", ""),
        ("alice", "00000000-0000-4000-8000-000000000000"),
        ("alice", "no guid"),
        ("dc1$", ""),
        ("Staff", ""),
    ],
)
async def test_who_is_not_there_is_nobody(looking: LdapDirectories, login: str, guid: str) -> None:
    """Nor are computers and groups anybody."""
    assert await looking.find(asked_for(login, guid)) is None


@pytest.mark.parametrize(("name", "closed"), [("disabled", "disabled"), ("expired", "expired")])
async def test_who_is_closed_is_found_too(looking: LdapDirectories, name: str, closed: str) -> None:
    """And it is told that they are."""
    found = await looking.find(asked_for(name))

    assert found is not None
    assert found.closed is Closed(closed)


async def test_people_are_searched_by_the_beginning_of_a_name(
    looking: LdapDirectories, domain: Domain
) -> None:
    """Of any of their names; in order, and no more than were asked for."""
    one = domain.new_person("zz-first", displayName="Quite Another")
    domain.new_person("zz-second")

    both = await looking.search(NAME, "ZZ-", limit=10)
    by_display_name = await looking.search(NAME, "quite an", limit=10)
    first = await looking.search(NAME, "zz-", limit=1)

    assert [person.login for person in both] == ["zz-first", "zz-second"]
    assert [person.guid for person in by_display_name] == [one.guid]
    assert len(first) == 1


@pytest.mark.parametrize("text", ["", " ", "*", "zz*first", ")(cn=*", "\0", "a\nb", "\ud800"])
async def test_a_search_for_nonsense_finds_nobody(looking: LdapDirectories, text: str) -> None:
    """Signs of filters are letters like others."""
    assert await looking.search(NAME, text, limit=10) == ()


async def test_groups_are_those_that_the_settings_name(domain: Domain) -> None:
    """Of each person who is found, and all groups of one with how the settings spell them."""
    staff, admins = f"CN=Staff,OU=Groups,{ROOT}", domain.group("AppAdmins").sid
    with directories_of(options_for(domain, watched=frozenset({staff, admins}))) as directories:
        alice = await directories.find(asked_for("alice"))
        bobs = await directories.search(NAME, "bob", limit=5)
        assert alice is not None
        belongings = await directories.belongings(alice)

    assert alice.groups == {staff}
    assert [bob.groups for bob in bobs] == [{admins}]
    named = {one.named: one.sid for one in belongings if one.named}
    assert named == {staff: domain.group("Staff").sid}
    assert domain.group("Engineering").sid in {one.sid for one in belongings}
