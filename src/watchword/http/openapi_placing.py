"""Moves a JSON Schema into a document that has one place for all definitions."""

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

COMPONENT = "#/components/schemas/"

_DEFINITION = "#/$defs/"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")


def placed(schema: Json, components: Json) -> Json:
    """Return a schema whose own definitions stand among the components of the document."""
    definitions: Json = schema.get("$defs", {})
    places = {_DEFINITION + name: COMPONENT + _NOT_IN_A_NAME.sub("_", name) for name in definitions}
    for name, definition in definitions.items():
        component = places[_DEFINITION + name].removeprefix(COMPONENT)
        assert component not in components, f"two shapes are called {component}"
        components[component] = _pointed(definition, places)
    bare: Json = _pointed({name: schema[name] for name in schema if name != "$defs"}, places)
    return bare


def _pointed(schema: Any, places: Mapping[str, str]) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a schema whose references lead to other places."""
    if isinstance(schema, list):
        return [_pointed(one, places) for one in schema]
    if isinstance(schema, dict):
        return {name: _pointed(value, places) for name, value in schema.items()}
    # No other text in a schema looks like that.
    return places.get(schema, schema) if isinstance(schema, str) else schema
