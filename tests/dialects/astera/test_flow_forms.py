"""What flows can be told: how this API reads it, and how it describes it."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema import (  # type: ignore[import-untyped] # it comes without types
    Draft202012Validator,
)

from watchword.core.jobs.flows import FlowCard
from watchword.core.jobs.model import Lane, Needs
from watchword.dialects.astera.flowforms import body_schema, form_of

Json = dict[str, Any]


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """Something within."""

    with_dots: bool = False


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """What a flow is told."""

    path: str
    dry_run: bool = False
    dryrun: bool | None = None
    more: Inner | None = None


class Other(msgspec.Struct, forbid_unknown_fields=True):
    """What another flow is told."""

    more: Inner | None = None


def card(name: str, told: type[msgspec.Struct]) -> FlowCard:
    return FlowCard(
        name=name,
        summary=f"Does {name}.",
        lane=Lane.LIGHT,
        needs=Needs.RUNNER,
        runs_alone=False,
        schema=json.dumps(msgspec.json.schema(told)),
    )


DESCRIBED = body_schema([card("a.told", Told), card("b.other", Other)])


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"path": "x"}, {"path": "x"}),
        ({"PATH": "x", "Dry_Run": 1}, {"path": "x", "dry_run": True}),
        ({"path": "x", "dry_run": "False"}, {"path": "x", "dry_run": False}),
        ({"path": "x", "dry_run": "perhaps"}, {"path": "x", "dry_run": "perhaps"}),
        ({"path": "x", "dry_run": 1.0}, {"path": "x", "dry_run": 1.0}),
        ({"path": "y", "Path": "x"}, {"path": "x"}),
        ({"dryrun": True, "dry_run": 0}, {"dryrun": True, "dry_run": False}),
        ({"dryrun": "1"}, {"dryrun": True}),
        ({"dryrun": None}, {"dryrun": None}),
        ({"nobody": 1, "\uff30ath": "x"}, {"nobody": 1, "\uff30ath": "x"}),
    ],
)
def test_members_are_spelled_as_the_flow_spells_them(given: Json, read: Json) -> None:
    """What it does not know stays as it is, for the flow to refuse."""
    assert form_of(card("a.told", Told)).read(given) == read


@pytest.mark.parametrize(
    "body",
    [
        {"flow": "a.told", "parameters": {"path": "x"}},
        {"flow": "a.told", "parameters": {"path": "x", "dry_run": "True"}, "key": "k"},
        {"flow": "a.told", "parameters": {"path": "x", "more": {"with_dots": True}}, "key": None},
        {"flow": "a.told", "parameters": {"path": "x", "dryrun": 1}},
        {"flow": "a.told", "parameters": {"path": "x", "dryrun": None}},
        {"flow": "b.other"},
        {"flow": "b.other", "parameters": None, "colour": "red"},
        {"flow": "b.other", "parameters": {"more": None}},
    ],
)
def test_what_is_taken_is_described(body: Json) -> None:
    """Each flow has its own shape, with what it needs, and yes in all its spellings."""
    assert Draft202012Validator(DESCRIBED).is_valid(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"flow": "c"},
        {"flow": "a.told"},
        {"flow": "a.told", "parameters": None},
        {"flow": "a.told", "parameters": {"path": 1}},
        {"flow": "b.other", "parameters": {"path": "x"}},
        {"flow": "b.other", "parameters": {"more": {"x": 1}}},
        {"flow": "b.other", "key": ""},
        {"flow": "b.other", "key": "ä"},
        {"flow": "b.other", "key": "x" * 256},
    ],
)
def test_what_is_refused_is_not_described(body: Json) -> None:
    """The description promises nothing that is not kept."""
    assert not Draft202012Validator(DESCRIBED).is_valid(body)


def test_flows_do_not_share_names() -> None:
    """Two may call what they are told alike."""
    names = [name for name in DESCRIBED["$defs"] if name.endswith("Inner")]

    assert names == ["a.told Inner", "b.other Inner"]
