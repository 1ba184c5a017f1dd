"""Whom a typed name may mean, in one directory and in several."""

import pytest

from watchword.core.directory.model import Asked
from watchword.directory.names import bind_name, candidates, of_principal
from watchword.directory.options import DirectoryOptions

CORP = DirectoryOptions(
    name="corp",
    urls=("ldaps://dc1.corp.example",),
    domain="corp.example",
    netbios="CORP",
    upn_suffixes=("example.com", "shared.example"),
)
LAB = DirectoryOptions(
    name="lab",
    urls=("ldaps://dc1.lab.example",),
    domain="lab.example",
    netbios="LAB",
    upn_suffixes=("shared.example",),
)
SHY = DirectoryOptions(name="shy", urls=(), domain="shy.example", bare_names=False)
ALL = (CORP, LAB, SHY)


def meant(typed: str, domain: str = "") -> list[tuple[str, str]]:
    return [(one.directory, one.login) for one in candidates(ALL, typed, domain)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ada", [("corp", "ada"), ("lab", "ada")]),
        (" ada ", [("corp", "ada"), ("lab", "ada")]),
        ("ada lovelace", [("corp", "ada lovelace"), ("lab", "ada lovelace")]),
        ("Zoë", [("corp", "Zoë"), ("lab", "Zoë")]),
        ("CORP\\ada", [("corp", "ada")]),
        ("corp\\Ada", [("corp", "Ada")]),
        ("lab.example\\ada", [("lab", "ada")]),
        ("shy.example\\ada", [("shy", "ada")]),
        ("ada@corp.example", [("corp", "ada@corp.example")]),
        ("ada@CORP.Example", [("corp", "ada@CORP.Example")]),
        ("ada@example.com", [("corp", "ada@example.com")]),
        ("ada@shared.example", [("corp", "ada@shared.example"), ("lab", "ada@shared.example")]),
        ("ada@LAB", [("lab", "ada")]),
        ("ada @corp.example", [("corp", "ada@corp.example")]),
        (" ada @ corp.example ", [("corp", "ada@corp.example")]),
        ("ada @ example.com", [("corp", "ada@example.com")]),
        ("ada @ lab", [("lab", "ada")]),
        ("CORP\\ ada", [("corp", "ada")]),
        (" CORP \\ ada ", [("corp", "ada")]),
        ("example.com \\ ada", [("corp", "ada@example.com")]),
        ("ada@nowhere.example", []),
        ("NOWHERE\\ada", []),
    ],
)
def test_a_name_leads_to_its_directories(typed: str, expected: list[tuple[str, str]]) -> None:
    """By NetBIOS name, domain or suffix in any case, and bare ones by the order of settings.

    A blank around a part changes nothing: a directory would not see it, and whoever counts
    guesses by the name would.
    """
    assert meant(typed) == expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("CORP", [("corp", "ada")]),
        ("lab.EXAMPLE", [("lab", "ada")]),
        ("shy.example", [("shy", "ada")]),
        ("example.com", [("corp", "ada@example.com")]),
        ("nowhere", []),
        ("  ", [("corp", "ada"), ("lab", "ada")]),
        ("CO\nRP", []),
    ],
)
def test_a_domain_beside_the_name_says_which(domain: str, expected: list[tuple[str, str]]) -> None:
    """It is another way to write what could stand in the name."""
    assert meant("ada", domain) == expected


def test_a_domain_in_the_name_counts_before_one_beside_it() -> None:
    """Whoever writes both means the more exact."""
    assert meant("LAB\\ada", "CORP") == [("lab", "ada")]
    assert meant("ada@lab.example", "CORP") == [("lab", "ada@lab.example")]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "\\ada",
        "CORP\\",
        "CORP\\ ",
        " \\ada",
        " @corp.example",
        "ada@ ",
        "CORP\\LAB\\ada",
        "CORP\\\\ada",
        "CORP\\ada@corp.example",
        "@corp.example",
        "ada@",
        "a@b@corp.example",
        "CORP\\ada\0",
        "a\x1bda",
        "a\u202eda",
        "\ud800",
        "a" * 257,
        "a" * 250 + "@corp.example",
        "@",
        "\\",
    ],
)
def test_nonsense_means_nobody(typed: str) -> None:
    """Empty parts, too many parts, what no name has in it, and what is too long."""
    assert meant(typed) == []


@pytest.mark.parametrize("typed", ["*", "al*", "alice)(cn=*", "(|(cn=*))", "a&b", "CN=x,DC=y"])
def test_signs_of_filters_are_letters_like_others(typed: str) -> None:
    """They are escaped where a filter is made, so that such a name is only one nobody has."""
    assert meant(typed) == [("corp", typed), ("lab", typed)]


def test_an_empty_netbios_name_is_nobodys() -> None:
    """A directory without one is not called by nothing."""
    assert meant("shy\\ada") == []
    assert meant("ada", "shy") == []


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("ada@CORP.EXAMPLE", Asked(directory="corp", login="ada")),
        ("ada@lab.example", Asked(directory="lab", login="ada")),
        ("ada@EXAMPLE.COM", None),
        ("ada@CORP", None),
        ("ada", None),
        ("@CORP.EXAMPLE", None),
        ("HTTP/app.corp.example@CORP.EXAMPLE", None),
        ("ada@example.com@CORP.EXAMPLE", None),
        ("a\0da@CORP.EXAMPLE", None),
    ],
)
def test_a_principal_belongs_to_the_realm(principal: str, expected: Asked | None) -> None:
    """The realm is the domain, and nothing else will do; services are nobody."""
    assert of_principal(ALL, principal) == expected


def test_who_has_no_suffix_binds_with_that_of_the_domain() -> None:
    """Active Directory takes no bare name in a bind."""
    assert bind_name(Asked(directory="corp", login="ada"), CORP) == "ada@corp.example"
    assert bind_name(Asked(directory="corp", login="a@example.com"), CORP) == "a@example.com"
