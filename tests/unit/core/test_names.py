"""Names and addresses: which are allowed, and which are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.accounts.names import canonical, is_address, is_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", " ada "),
        ("ADA", "\uff21\uff24\uff21"),  # full-width letters
        ("stra\u00dfe", "STRASSE"),
        ("re\u0301sume\u0301", "r\u00e9sum\u00e9"),
        ("\u212aelvin", "kelvin"),  # the Kelvin sign
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    """A second account cannot hide behind another spelling."""
    assert canonical(one) == canonical(other)


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    """The key of a key is itself, so a key can be stored and compared."""
    assert canonical(canonical(text)) == canonical(text)


@pytest.mark.parametrize("name", ["a", "ada lovelace", "\u00e9milie", "\u674e", "x" * 100, "a@b.c"])
def test_good_names(name: str) -> None:
    """Any script, spaces inside, up to 100 characters."""
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 101,
        "a\x00b",
        "a\nb",
        "a\u200bb",  # zero width space
        "a\u202eb",  # right-to-left override
        "\u3164",  # Hangul filler: looks like nothing
        "a\ufe0f",  # variation selector
        "\ud800",  # lone surrogate
        "a\u2028b",  # line separator
    ],
)
def test_bad_names(name: str) -> None:
    """Nothing invisible, nothing that a database or a terminal stumbles over."""
    assert not is_name(name)


@pytest.mark.parametrize("address", ["a@b.c", "ada+x@example.org", "\u00fc@b\u00fccher.de"])
def test_good_addresses(address: str) -> None:
    """What a mail server would take."""
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@b.c",
        "a@",
        "a b@c.d",
        "a@b@c",
        "a@b.c\r\nBcc: x@y.z",
        "<a@b.c>",
        "a" * 255 + "@b",
        "\uff41da@b.c",  # a full-width letter: another mailbox under the same key
        "ada@b\u3002c",  # an ideographic full stop
    ],
)
def test_bad_addresses(address: str) -> None:
    """No second recipient, no header, no name around it."""
    assert not is_address(address)
