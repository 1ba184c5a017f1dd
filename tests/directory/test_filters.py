"""Filters for who is asked for: what was typed cannot leave its place in them."""

import pytest

from watchword.core.directory.model import Asked
from watchword.directory.filters import beginning_with, clause_for, pick
from watchword.directory.line import Entry
from watchword.directory.options import DirectoryOptions

CORP = DirectoryOptions(name="corp", urls=(), domain="corp.example")
GUID = "00112233-4455-6677-8899-aabbccddeeff"
SID = "S-1-5-21-1-2-258"


def asked(login: str, guid: str = "", sid: str = "") -> Asked:
    return Asked(directory="corp", login=login, guid=guid, sid=sid)


def entry(login: str, upn: str = "") -> Entry:
    values = {"samaccountname": [login.encode()]}
    return Entry(f"CN={login}", values | ({"userprincipalname": [upn.encode()]} if upn else {}))


@pytest.mark.parametrize(
    ("login", "clause"),
    [
        ("ada", "(sAMAccountName=ada)"),
        ("al*", "(sAMAccountName=al\\2a)"),
        ("a)(cn=*", "(sAMAccountName=a\\29\\28cn=\\2a)"),
        ("a\\b", "(sAMAccountName=a\\5cb)"),
        ("a@example.com", "(userPrincipalName=a@example.com)"),
        ("a@Corp.Example", "(|(userPrincipalName=a@Corp.Example)(sAMAccountName=a))"),
    ],
)
def test_a_login_is_looked_for_by_what_it_is(login: str, clause: str) -> None:
    """With the domain behind the @ it may be either name; signs of filters are escaped."""
    assert clause_for(asked(login), CORP) == clause


def test_a_known_person_is_looked_for_by_guid_alone() -> None:
    """Its bytes are in the order of Microsoft's; the name may be an old one."""
    clause = clause_for(asked("old", GUID), CORP)

    assert clause == (r"(objectGUID=\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff)")


def test_whoever_has_a_ticket_is_looked_for_by_sid_alone() -> None:
    """The name in the ticket may be another's by now; what never changes goes before."""
    clause = clause_for(asked("old", sid=SID), CORP)

    assert clause == (
        r"(objectSid=\01\04\00\00\00\00\00\05"
        r"\15\00\00\00\01\00\00\00\02\00\00\00\02\01\00\00)"
    )
    assert clause_for(asked("old", GUID, SID), CORP) == clause_for(asked("old", GUID), CORP)


@pytest.mark.parametrize(("guid", "sid"), [("*)(cn=*", ""), ("", "*)(cn=*"), ("", "S-1-5")])
def test_an_impossible_id_is_no_clause(guid: str, sid: str) -> None:
    """Nothing of it gets into a filter."""
    with pytest.raises(ValueError, match=r"hex|SID"):
        clause_for(asked("ada", guid, sid), CORP)


def test_the_beginning_of_a_name_is_escaped() -> None:
    """Only the star at the end is ours."""
    clause = beginning_with("a*(", CORP)

    assert "(sAMAccountName=a\\2a\\28*)" in clause
    assert clause.count("*") == clause.count("=")


def test_one_who_is_called_so_is_picked() -> None:
    """In whatever case; not those whom the directory holds for alike and we do not."""
    assert pick([entry("Ada")], asked("aDA"), CORP) == entry("Ada")
    assert pick([entry("Adá")], asked("ada"), CORP) is None
    assert pick([], asked("ada"), CORP) is None
    assert pick([entry("ada"), entry("ada")], asked("ada"), CORP) is None


def test_a_user_principal_name_counts_before_a_login() -> None:
    """Whoever is called `ada@corp.example` is meant, and not who has the login `ada`."""
    other, ada = entry("x1", "Ada@corp.example"), entry("ada", "lovelace@example.com")

    assert pick([ada, other], asked("ada@corp.example"), CORP) == other
    assert pick([ada], asked("ada@corp.example"), CORP) == ada
    assert pick([ada], asked("ada@example.com"), CORP) is None
    assert pick([ada], asked("lovelace@example.com"), CORP) == ada


def test_an_id_is_enough() -> None:
    """Whoever has it is meant, whatever the name."""
    assert pick([entry("new")], asked("old", GUID), CORP) == entry("new")
    assert pick([entry("new")], asked("old", sid=SID), CORP) == entry("new")
    assert pick([], asked("old", sid=SID), CORP) is None
