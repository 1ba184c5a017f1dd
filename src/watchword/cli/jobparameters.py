"""What a flow can be told, as its JSON Schema says: shown to people, and read as they type it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchword.cli.exits import usage
from watchword.core.jobs.flows import FlowCard

Schema = Mapping[str, Any]

_NULL = "null"
_TRUTHS = {"true": True, "false": False}
_FORMS = {
    "boolean": "|".join(_TRUTHS),
    "string": "TEXT",
    "integer": "N",
    "number": "X.Y",
    "array": "[...]",
    "object": "{...}",
    "null": _NULL,
}
_NESTED = {"array": list, "object": dict}
# What has more digits is no number that a flow takes, and costs time to read.
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One member. `kinds` are types of JSON, and `form` is what may be typed."""

    name: str
    kinds: frozenset[str]
    form: str
    is_needed: bool
    default: object

    @property
    def usual(self) -> str:
        """Return what counts where nothing is said, as it would be typed."""
        if isinstance(self.default, str):
            return self.default or "empty"
        return json.dumps(self.default)

    def read(self, text: str) -> object:
        """Return what was typed, as the type that it may be; as text if it is none of them."""
        if _NULL in self.kinds and text == _NULL:
            return None
        if "boolean" in self.kinds and text in _TRUTHS:
            return _TRUTHS[text]
        if self.kinds & {"integer", "number"} and _INTEGER.fullmatch(text):
            return int(text)
        if "number" in self.kinds and _NUMBER.fullmatch(text):
            return float(text)
        return self._nested(text) if self.kinds & _NESTED.keys() else text

    def _nested(self, text: str) -> object:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        wanted = tuple(_NESTED[kind] for kind in self.kinds & _NESTED.keys())
        return found if isinstance(found, wanted) else text


def parameters_of(card: FlowCard) -> tuple[Parameter, ...]:
    """Return what a flow can be told, in its order."""
    schema: Schema = json.loads(card.schema)
    top = _followed(schema, schema)
    needed = set(top.get("required", ()))
    return tuple(
        _parameter(name, node, schema, is_needed=name in needed)
        for name, node in top.get("properties", {}).items()
    )


def read_settings(known: Sequence[Parameter], texts: Sequence[str]) -> dict[str, object]:
    """Return what was typed as NAME=VALUE. A name that is not known is left to the flow."""
    by_name = {one.name: one for one in known}
    read: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise usage("--set takes NAME=VALUE, such as --set dry_run=true.")
        if name in read:
            raise usage("--set has the same name twice. Give it once.")
        read[name] = by_name[name].read(value) if name in by_name else value
    return read


def _parameter(name: str, node: Schema, whole: Schema, *, is_needed: bool) -> Parameter:
    parts = list(_alternatives(node, whole))
    return Parameter(
        name=name,
        kinds=frozenset(kind for part in parts for kind in _kinds(part)),
        form="|".join(form for part in parts for form in _forms(part)),
        is_needed=is_needed,
        default=node.get("default"),
    )


def _alternatives(node: Schema, whole: Schema) -> Iterator[Schema]:
    found = _followed(node, whole)
    for part in found.get("anyOf", ()):
        yield from _alternatives(part, whole)
    if "anyOf" not in found:
        yield found


def _kinds(part: Schema) -> list[str]:
    if "enum" in part:
        return [_kind(value) for value in part["enum"]]
    kind = part.get("type", "string")
    return [kind] if isinstance(kind, str) else list(kind)


def _forms(part: Schema) -> list[str]:
    if "enum" in part:
        return [_NULL if value is None else str(value) for value in part["enum"]]
    return [_FORMS[kind] for kind in _kinds(part)]


def _kind(value: object) -> str:
    if value is None:
        return _NULL
    return "integer" if isinstance(value, int) else "string"


def _followed(node: Schema, whole: Schema) -> Schema:
    """Return what a reference refers to."""
    while "$ref" in node:
        found: Schema = whole["$defs"][node["$ref"].rpartition("/")[2]]
        node = found
    return node
