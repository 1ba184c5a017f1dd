"""Two spellings of one distinguished name are the same name, and two names never are."""

import pytest

from watchword.directory.distinguished import key_of

STAFF = "CN=Staff,OU=Groups,DC=ad,DC=test"


@pytest.mark.parametrize(
    "spelling",
    [
        "cn=staff,ou=groups,dc=ad,dc=test",
        "CN=Staff, OU=Groups , DC=ad, DC=test",
        "CN=\\53taff,OU=Groups,DC=ad,DC=test",
        'CN="Staff",OU=Groups,DC=ad,DC=test',
    ],
)
def test_spellings_of_one_name(spelling: str) -> None:
    """Case, blanks between the parts and needless escapes make no difference."""
    assert key_of(spelling) == key_of(STAFF)


@pytest.mark.parametrize(
    "other",
    [
        "CN=Staff,OU=North,DC=ad,DC=test",
        "CN=Staff,DC=ad,DC=test",
        "CN=Staff\\,OU=Groups,DC=ad,DC=test",
        "OU=Staff,OU=Groups,DC=ad,DC=test",
        "CN=Staff,OU=Groups,DC=ad,DC=test,DC=example",
        "OU=Groups,CN=Staff,DC=ad,DC=test",
    ],
)
def test_other_names(other: str) -> None:
    """A group of the same common name elsewhere is another group."""
    assert key_of(other) != key_of(STAFF)


def test_a_sharp_s_is_its_own_letter() -> None:
    """Folding may not make one name of two."""
    assert key_of("CN=Straße,DC=ad") != key_of("CN=Strasse,DC=ad")
    assert key_of("CN=STRAßE,DC=ad") == key_of("CN=straße,DC=ad")


def test_the_order_within_a_part_does_not_matter() -> None:
    """A part of several values is a set of them (RFC 4514, 2.2)."""
    assert key_of("CN=a+OU=b,DC=ad") == key_of("ou=B+cn=A,DC=ad")


@pytest.mark.parametrize("text", ["", "Staff", "S-1-5-32-544", "CN=a\0,DC=ad", "CN=\ud800,DC=ad"])
def test_what_is_no_name(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="no DN"):
        key_of(text)
