"""Lists and tables, as the text of a variable and as the tables of a file spell them."""

from collections.abc import Mapping
from typing import Any

import msgspec


def list_from(text: str) -> list[Any]:
    """Return a list that is JSON, or has commas between its items."""
    if not text.lstrip().startswith("["):
        return [part for piece in text.split(",") if (part := piece.strip())]
    try:
        return msgspec.json.decode(text, type=list[Any])
    except msgspec.DecodeError:
        raise ValueError("is not a JSON list") from None


def table_from(text: str) -> dict[str, Any]:
    """Return a table that is a JSON object."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise ValueError("is not a JSON object") from None


def joined(value: Any) -> Any:  # noqa: ANN401 - what a file may hold
    """Return a table whose names have dots in them as they were meant: TOML makes tables of it."""
    if not isinstance(value, Mapping):
        return value
    whole: dict[str, Any] = {}
    for name, item in value.items():
        below = joined(item)
        if isinstance(below, Mapping):
            whole |= {f"{name}.{more}": one for more, one in below.items()}
        else:
            whole[name] = below
    return whole
