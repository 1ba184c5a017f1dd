"""Whatever stands in a directory can be read, and becomes what an account may have."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.accounts.names import is_name
from watchword.core.directory.model import MUST_BE_CHANGED, Closed, Person
from watchword.directory.entries import (
    attributes_of,
    guid_of,
    person_of,
    sid_of,
    users,
)
from watchword.directory.line import Entry
from watchword.directory.options import AttributeNames, DirectoryOptions
from watchword.directory.sids import write_guid, write_moment, write_sid

GUID, SID = "6f9619ff-8b86-d011-b42d-00c04fc964ff", "S-1-5-21-1-2-3-1104"
DN = "CN=Ada,OU=People,DC=ad,DC=test"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SET_AT = datetime(2029, 12, 1, tzinfo=UTC)
NEVER, OPEN = b"9223372036854775807", b"512"
OPTIONS = DirectoryOptions(name="corp", urls=("ldaps://dc1.ad.test",), domain="ad.test")


def entry(**changes: bytes | None) -> Entry:
    usual = {
        "objectguid": write_guid(GUID),
        "objectsid": write_sid(SID),
        "samaccountname": b"ada",
        "userprincipalname": b"ada@ad.test",
        "mail": b"ada@example.com",
        "givenname": b"Ada",
        "sn": b"Lovelace",
        "useraccountcontrol": OPEN,
        "accountexpires": NEVER,
        "pwdlastset": str(write_moment(SET_AT)).encode(),
    }
    values = {name: value for name, value in (usual | changes).items() if value is not None}
    return Entry(DN, {name: [value] for name, value in values.items()})


def read(one: Entry, options: DirectoryOptions = OPTIONS) -> Person | None:
    return person_of(one, options, groups=frozenset({"Staff"}), at=NOW)


def known(one: Entry, options: DirectoryOptions = OPTIONS) -> Person:
    person = read(one, options)
    assert person is not None
    return person


def test_a_person() -> None:
    """Everything that the core wants to know of somebody is there."""
    assert read(entry()) == Person(
        directory="corp",
        guid=GUID,
        dn=DN,
        login="ada",
        name="ada",
        upn="ada@ad.test",
        email="ada@example.com",
        first_name="Ada",
        last_name="Lovelace",
        groups=frozenset({"Staff"}),
        password_at=SET_AT,
    )
    assert guid_of(entry()) == GUID
    assert sid_of(entry()) == SID


def test_attributes_of_the_settings() -> None:
    """Names come from the attributes that the settings name; none is asked for twice."""
    names = AttributeNames(name="displayName", email="", first_name="CN", last_name="MEMBEROF")
    options = DirectoryOptions(name="corp", urls=(), domain="ad.test", attributes=names)

    person = known(entry(displayname=b"Ada L.", cn=b"Countess"), options)
    asked = [name.lower() for name in attributes_of(options)]

    assert (person.name, person.first_name, person.email) == ("Ada L.", "Countess", "")
    assert len(asked) == len(set(asked))
    assert {"displayname", "cn", "memberof", "primarygroupid"} <= set(asked)
    assert not {"mail", "sn", ""} & set(asked)


@pytest.mark.parametrize("hidden", ["objectguid", "samaccountname"])
def test_nobody_without_an_id_or_a_login(hidden: str) -> None:
    """Where the service account may not see who somebody is, there is nobody."""
    assert read(entry(**{hidden: None})) is None


def test_an_impossible_id() -> None:
    """Bytes that are no objectGUID or SID are no reason to fall over."""
    odd = entry(objectguid=b"short", objectsid=b"short")

    assert read(odd) is None
    assert sid_of(odd) == ""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "ada"),
        (b"", "ada"),
        (b"  ", "ada"),
        ("\u200b".encode(), "ada"),
        (b"x" * 101, "ada"),
        (b"Ada\0 L.", "Ada\ufffd L."),
        ("A\u202eda".encode(), "Ada"),
        (b"  Ada ", "Ada"),
        (b"A\xffa", "A\ufffda"),
    ],
)
def test_a_name_that_no_account_may_have(value: bytes | None, name: str) -> None:
    """It is cleaned, or the login stands for it."""
    options = DirectoryOptions(
        name="corp", urls=(), domain="ad.test", attributes=AttributeNames(name="displayName")
    )

    assert known(entry(displayname=value), options).name == name


@given(st.dictionaries(st.sampled_from(sorted(entry().values)), st.binary(max_size=300)))
def test_any_bytes_can_be_read(values: dict[str, bytes]) -> None:
    """Whoever writes into a directory breaks nothing here, and makes no name that may not be."""
    person = read(entry(**values))

    assert person is None or is_name(person.name)
    assert person is None or all(
        "\0" not in text and len(text) <= 100 for text in (person.first_name, person.last_name)
    )
    assert person is None or "\0" not in person.login + person.upn + person.email


def test_a_long_name_is_cut() -> None:
    """First and last names have at most 100 characters here."""
    person = known(entry(givenname="ä".encode() * 150, sn=b"x" * 99 + b" yz"))

    assert person.first_name == "ä" * 100
    assert person.last_name == "x" * 99


@pytest.mark.parametrize("text", [b"", b"ada", b"ada@", b"a b@example.com", b"a@b\0", b"\xff@x"])
def test_what_is_no_address(text: bytes) -> None:
    """Nobody gets an address that no letter can be sent to."""
    assert known(entry(mail=text)).email == ""


@pytest.mark.parametrize(
    ("flags", "closed"),
    [
        (b"512", Closed.OPEN),
        (b"514", Closed.DISABLED),
        (b"66082", Closed.DISABLED),
        (b"66048", Closed.OPEN),
        (b"-2147483646", Closed.DISABLED),
        (b"odd", Closed.DISABLED),
        (None, Closed.OPEN),
    ],
)
def test_disabled(flags: bytes | None, closed: Closed) -> None:
    """One bit of a number says so, whatever else it says; where it is hidden nothing does."""
    assert known(entry(useraccountcontrol=flags)).closed is closed


@pytest.mark.parametrize(
    ("ends_at", "closed"),
    [
        (NOW - timedelta(days=1), Closed.EXPIRED),
        (NOW, Closed.EXPIRED),
        (NOW + timedelta(seconds=1), Closed.OPEN),
    ],
)
def test_expired(ends_at: datetime, closed: Closed) -> None:
    """An account ends at its moment."""
    assert known(entry(accountexpires=str(write_moment(ends_at)).encode())).closed is closed


@pytest.mark.parametrize("ends", [None, b"0", NEVER, b"odd"])
def test_never_expired(ends: bytes | None) -> None:
    """Most accounts have no end."""
    assert known(entry(accountexpires=ends)).closed is Closed.OPEN


def test_disabled_comes_before_expired() -> None:
    """Both are true; an administrator's word counts for more."""
    both = entry(accountexpires=b"1", useraccountcontrol=b"514")

    assert known(both).closed is Closed.DISABLED


def test_a_password_that_must_be_changed() -> None:
    """A help desk's reset is a moment of its own, and not as if nobody might see it."""
    assert known(entry(pwdlastset=b"0")).password_at == MUST_BE_CHANGED


@pytest.mark.parametrize("text", [None, b"", b"odd"])
def test_a_password_whose_age_nobody_tells(text: bytes | None) -> None:
    """Nothing is known then."""
    assert known(entry(pwdlastset=text)).password_at is None


def test_only_people_count() -> None:
    """No computer, group or contact passes the filter, whatever the settings add to it."""
    options = DirectoryOptions(name="corp", urls=(), domain="ad.test", user_filter="mail=*")

    assert users(OPTIONS) == "(&(sAMAccountType=805306368))"
    assert users(options, "(cn=a)") == "(&(sAMAccountType=805306368)(mail=*)(cn=a))"
