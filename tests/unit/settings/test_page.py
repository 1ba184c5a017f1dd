"""The page about settings says what the code does."""

import json
import re
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from watchword.settings.keys import NAMED, UNREAD, Key, known_keys, sections, variable
from watchword.settings.load import load
from watchword.settings.model import Settings
from watchword.settings.secret import Secret

PAGE = Path(__file__).parents[3] / "docs" / "operate" / "settings.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| `([^`]*)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)
TYPES = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "table",
    Secret: "secret",
}


class Row(NamedTuple):
    """What the page says of one key."""

    kind: str
    default: str
    variable: str
    meaning: str


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len({name for name, *_ in found}) == len(found), "a key stands on the page twice"
    return {name: Row(*cells) for name, *cells in found}


def test_each_key_is_on_the_page_and_no_other(rows: dict[str, Row]) -> None:
    """Who reads the page knows every setting; the order is the same too."""
    assert list(rows) == list(known_keys())


def test_no_row_of_a_table_is_unread(rows: dict[str, Row]) -> None:
    """A row with a slip in it is not passed over by this test."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    heads = [line for line in lines if line.startswith("| key")]

    assert len([line for line in lines if line.startswith("|")]) == len(rows) + 2 * len(heads)


@pytest.mark.parametrize("name", known_keys())
def test_the_page_is_right_about(name: str, rows: dict[str, Row]) -> None:
    """Type, default and variable are those of the code."""
    key, row = known_keys()[name], rows[name]

    assert row.kind == _kind(key)
    assert json.loads(row.default or '""') == _plain(key.default)
    assert row.variable == variable(name)
    assert row.meaning


def test_each_table_has_a_heading() -> None:
    """Each table of the file can be found by its name."""
    page = PAGE.read_text(encoding="utf-8")
    headings = set(re.findall(r"^## `\[([^\]]+)\]`$", page, re.MULTILINE))

    assert headings == (sections() - {UNREAD}) | {f"{UNREAD}.{NAMED}"}


def test_what_demo_changes_is_on_the_page() -> None:
    """The defaults of a demo are those that the page names, and no others."""
    usual, demo = load(environ={}), load(environ={}, demo=True)
    page = PAGE.read_text(encoding="utf-8").partition("## What `--demo` changes")[2]

    said = dict(re.findall(r"^- `([^`]+)` is `([^`]+)`\.$", page, re.MULTILINE))
    changed = {
        name: _plain(_at(demo, name))
        for name in known_keys()
        if NAMED not in name and _at(demo, name) != _at(usual, name)
    }

    assert sorted(said) == sorted(changed)
    assert said["passwords.preset"] == changed["passwords.preset"]
    assert json.loads(said["limits.exempt_addresses"]) == changed["limits.exempt_addresses"]


def _kind(key: Key) -> str:
    if key.choices:
        *most, last = (f'"{choice}"' for choice in key.choices)
        return f"{', '.join(most)} or {last}"
    return "list" if key.is_list else TYPES[getattr(key.kind, "__origin__", key.kind)]


def _plain(value: object) -> object:
    plain = msgspec.to_builtins(value, enc_hook=repr)
    return list(plain) if isinstance(plain, tuple) else plain


def _at(settings: Settings, name: str) -> object:
    return attrgetter(name)(settings)
