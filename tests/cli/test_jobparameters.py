"""What is typed for a flow is read by the types that its JSON Schema names."""

import enum
import json
from typing import Any, Literal

import msgspec
import pytest

from watchword.cli.exits import Failure
from watchword.cli.jobparameters import parameters_of, read_settings
from watchword.core.jobs.flows import FlowCard
from watchword.core.jobs.model import Lane, Needs


class Colour(enum.StrEnum):
    """Two of many."""

    BLUE = "blue"
    RED = "red"


class Everything(msgspec.Struct, kw_only=True):
    """A parameter of each kind."""

    text: str
    flag: bool = False
    number: int = 7
    ratio: float = 0.5
    colour: Colour | None = None
    size: Literal[1, 2] = 1
    maybe: str | None = None
    maybe_number: int | None = None
    some: list[int] = []
    table: dict[str, str] = {}
    any: Any = None


def card(kind: type[msgspec.Struct] = Everything) -> FlowCard:
    return FlowCard(
        name="some.flow",
        summary="Does something.",
        lane=Lane.HEAVY,
        needs=Needs.RUNNER,
        runs_alone=False,
        schema=json.dumps(msgspec.json.schema(kind)),
    )


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("text=true", "true"),
        ("text=12", "12"),
        ("text=null", "null"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("flag=true", True),
        ("flag=false", False),
        ("flag=yes", "yes"),
        ("flag=True", "True"),
        ("number=12", 12),
        ("number=-3", -3),
        ("number=1.5", "1.5"),
        ("number=" + "9" * 30, "9" * 30),
        ("number=\u0661", "\u0661"),
        ("ratio=0.25", 0.25),
        ("ratio=2", 2),
        ("ratio=1e3", 1000.0),
        ("ratio=nan", "nan"),
        ("colour=red", "red"),
        ("maybe=null", None),
        ("maybe=12", "12"),
        ("maybe_number=null", None),
        ("maybe_number=12", 12),
        ("maybe_number=twelve", "twelve"),
        ("size=2", 2),
        ("some=[1, 2]", [1, 2]),
        ("some={}", "{}"),
        ("some=[1", "[1"),
        ('table={"a": "b"}', {"a": "b"}),
        ("table=" + "[" * 100_000, "[" * 100_000),
        ("any=12", "12"),
        ("stranger=true", "true"),
    ],
)
def test_a_value_is_read_by_its_type(typed: str, value: object) -> None:
    """What fits no type stays a text: the flow itself says what is wrong with it."""
    name = typed.partition("=")[0]

    read = read_settings(parameters_of(card()), [typed])

    assert read == {name: value}
    assert type(read[name]) is type(value)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (["dry_run"], "NAME=VALUE"),
        (["=true"], "NAME=VALUE"),
        (["text=a", "text=b"], "twice"),
    ],
)
def test_what_is_no_setting_is_not_understood(typed: list[str], why: str) -> None:
    """The sentence repeats nothing of what was typed, which may be a secret."""
    with pytest.raises(Failure, match=why) as caught:
        read_settings(parameters_of(card()), typed)

    assert caught.value.exit_code == 2


def test_forms_say_what_may_be_typed() -> None:
    """For each parameter, with what counts if nothing is said."""
    told = {one.name: (one.form, one.usual, one.is_needed) for one in parameters_of(card())}

    assert told == {
        "text": ("TEXT", "null", True),
        "flag": ("true|false", "false", False),
        "number": ("N", "7", False),
        "ratio": ("X.Y", "0.5", False),
        "colour": ("blue|red|null", "null", False),
        "size": ("1|2", "1", False),
        "maybe": ("TEXT|null", "null", False),
        "maybe_number": ("N|null", "null", False),
        "some": ("[...]", "[]", False),
        "table": ("{...}", "{}", False),
        "any": ("TEXT", "null", False),
    }


def test_a_flow_without_parameters_has_none() -> None:
    """Then every name is left to the flow to refuse."""

    class Bare(msgspec.Struct):
        """Nothing."""

    known = parameters_of(card(Bare))

    assert known == ()
    assert read_settings(known, ["a=1"]) == {"a": "1"}
