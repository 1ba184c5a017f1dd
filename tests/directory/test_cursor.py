"""A cursor says how far a look came; one that is not of this directory is of no use."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.directory.cursor import Cursor, digest_of, read_cursor
from watchword.directory.options import AttributeNames, DirectoryOptions

CURSOR = Cursor(
    controller="one",
    number=7,
    at=datetime(2030, 1, 1, 1, 2, 3, 456789, tzinfo=UTC),
    options="digest",
    groups="digest of groups",
)
OPTIONS = DirectoryOptions(name="corp", urls=(), domain="ad.test", watched=frozenset({"A", "B"}))


def test_a_cursor_comes_back() -> None:
    """To write one and to read it again changes nothing."""
    assert read_cursor(CURSOR.write()) == CURSOR


def altered(place: int, value: object) -> str:
    parts = json.loads(CURSOR.write())
    parts[place] = value
    return json.dumps(parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "one:7",
        CURSOR.write()[:-1],
        "[" * 100_000,
        altered(0, 2),
        altered(1, None),
        altered(2, "7"),
        altered(2, 7.0),
        altered(3, 10**30),
        altered(3, "soon"),
        altered(4, 4),
    ],
)
def test_what_is_no_cursor(text: str) -> None:
    """What is not as we wrote it is as if there were none."""
    assert read_cursor(text) is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Whatever stands in the store, a look at everybody follows and no crash."""
    assert read_cursor(text) is None


def test_it_goes_on_at_the_same_controller() -> None:
    """What came after it can be told by numbers."""
    assert CURSOR.goes_on_to(CURSOR)
    assert CURSOR.goes_on_to(replace(CURSOR, number=9, groups="others"))


@pytest.mark.parametrize(
    "change",
    [
        {"controller": "two"},
        {"options": "others"},
        {"number": 6},
        {"at": CURSOR.at + timedelta(days=3)},
        {"at": CURSOR.at - timedelta(days=3)},
    ],
    ids=["another", "settings", "restored", "late", "clock"],
)
def test_it_does_not_go_on(change: dict[str, object]) -> None:
    """Numbers tell nothing at another controller, after a restore, or after too long."""
    assert not CURSOR.goes_on_to(replace(CURSOR, **change))  # type: ignore[arg-type]  # of its fields


def test_it_never_goes_on_without_an_id() -> None:
    """A controller that does not say who it is might be any."""
    unnamed = replace(CURSOR, controller="")

    assert not unnamed.goes_on_to(unnamed)


@pytest.mark.parametrize(
    "change",
    [
        {"base": "OU=People,DC=ad,DC=test"},
        {"user_filter": "(mail=*)"},
        {"attributes": AttributeNames(name="cn")},
        {"watched": frozenset({"A"})},
        {"domain": "ad.example"},
    ],
    ids=["base", "filter", "attributes", "groups", "domain"],
)
def test_settings_that_matter(change: dict[str, object]) -> None:
    """Other settings may mean other people, or other things of them."""
    assert digest_of(replace(OPTIONS, **change)) != digest_of(OPTIONS)  # type: ignore[arg-type]  # of its fields


def test_settings_that_do_not_matter() -> None:
    """How the directory is reached says nothing of who is in it."""
    assert digest_of(replace(OPTIONS, urls=("ldaps://dc2",), timeout_s=9.0)) == digest_of(OPTIONS)
