"""What flows can be told, as this API spells it: any letter case, and every kind of yes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from watchword.core.jobs.flows import FlowCard
from watchword.core.jobs.model import KEY_LENGTH_MAX
from watchword.dialects.astera.wire import read_flag

Json = dict[str, Any]

_WAYS = 3
"""To spell a member: as it is, in lower case, and by its letters alone."""

_DEFINITION = "#/$defs/"

_KEY: Json = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[ -~]+$"},
        {"type": "null"},
    ],
}
_BOOLEAN: Json = {"type": "boolean"}
_FLAG: list[Json] = [
    _BOOLEAN,
    {"enum": [0, 1, "0", "1", "true", "false", "True", "False"]},
]


@dataclass(frozen=True, slots=True)
class FlowForm:
    """The members that a flow knows, by several spellings; `flags` are yes or no."""

    names: Mapping[str, str]
    flags: frozenset[str]

    def read(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return what was given as the flow spells it. What it does not know stays as it is.

        Of a member that comes twice, in whatever case, the last counts.
        """
        members: dict[str, object] = {}
        for name, value in given.items():
            spellings = (self.names.get(one) for one in _spellings(name))
            known = next(filter(None, spellings), name)
            members[known] = _flag_or(value) if known in self.flags else value
        return members


def form_of(card: FlowCard) -> FlowForm:
    """Return how to read what a flow is told."""
    members: Mapping[str, Json] = _shape_of(json.loads(card.schema)).get("properties", {})
    flags = (name for name, schema in members.items() if _BOOLEAN in _ways(schema))
    known = {name: _spellings(name) for name in members}
    names: dict[str, str] = {}
    for place in reversed(range(_WAYS)):  # the most exact one comes last and counts
        names |= {spellings[place]: name for name, spellings in known.items()}
    return FlowForm(names, frozenset(flags))


def body_schema(cards: Iterable[FlowCard]) -> Json:
    """Describe the body that starts a job: one shape for each flow."""
    definitions: Json = {}
    shapes = [{"$ref": _DEFINITION + _describe(card, definitions)} for card in cards]
    return {"anyOf": shapes, "$defs": definitions}


def _describe(card: FlowCard, definitions: Json) -> str:
    """Add the shape of a flow's job, and what it is made of; return its name."""
    # Two flows may have parameters of one name.
    own = f"{card.name} "
    schema = json.loads(card.schema.replace(f'"{_DEFINITION}', f'"{_DEFINITION}{own}'))
    inner: Json = {own + name: shape for name, shape in schema.pop("$defs", {}).items()}
    shape = _shape_of({**schema, "$defs": inner})
    for member in shape.get("properties", {}).values():
        ways = _ways(member)
        if _BOOLEAN in ways:
            others = [way for way in ways if way != _BOOLEAN]
            member.pop("type", None)
            member["anyOf"] = [*_FLAG, *others]
    needed = bool(shape.get("required"))
    definitions.update(inner)
    whole = f"job {card.name}"
    definitions[whole] = {
        "type": "object",
        "description": card.summary,
        "properties": {
            "flow": {"const": card.name},
            "parameters": schema if needed else {"anyOf": [schema, {"type": "null"}]},
            "key": _KEY,
        },
        "required": ["flow", "parameters"] if needed else ["flow"],
    }
    return whole


def _ways(member: Json) -> list[Json]:
    """Return the types that a member may have, where they are named outright."""
    ways: list[Json] = member.get("anyOf", [])
    return [{"type": member["type"]}] if "type" in member else ways


def _shape_of(schema: Json) -> Json:
    """Return the object itself, which may stand among the definitions."""
    name = str(schema.get("$ref", "")).removeprefix(_DEFINITION)
    shape: Json = schema["$defs"][name] if name else schema
    return shape


def _spellings(name: str) -> tuple[str, ...]:
    if not name.isascii():
        return (name,) * _WAYS
    # A flow writes with_hashes where this API would write withHashes.
    return (name, name.lower(), name.replace("_", "").lower())


def _flag_or(value: object) -> object:
    flag = read_flag(value)
    return value if flag is None else flag
