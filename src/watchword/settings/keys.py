"""The settings as an operator names them: in the file, and in the environment."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from watchword.settings.model import Section, Settings

PREFIX = "WATCHWORD_"
UNREAD = "dialects"
"""The tables that we hand on as they are."""


class Key(NamedTuple):
    """One setting, such as `server.port`."""

    name: str
    kind: Any
    default: Any

    @property
    def is_list(self) -> bool:
        return tuple in {get_origin(self.kind), *map(get_origin, get_args(self.kind))}

    @property
    def is_table(self) -> bool:
        return get_origin(self.kind) is dict

    @property
    def choices(self) -> tuple[str, ...]:
        """Return every value it may have, or nothing if they are too many to name."""
        if get_origin(self.kind) is Literal:
            return get_args(self.kind)
        if isinstance(self.kind, type) and issubclass(self.kind, Enum):
            return tuple(str(item.value) for item in self.kind)
        return ()


@cache
def known_keys() -> dict[str, Key]:
    """Return every key by its name, in the order of the structs, without the unread tables."""
    return {key.name: key for key in _walk(Settings, "")}


@cache
def sections() -> frozenset[str]:
    """Return the names of all tables, the unread ones included."""
    return frozenset({name.rpartition(".")[0] for name in known_keys()} - {""} | {UNREAD})


def variable(name: str) -> str:
    """Return what a key is called in the environment."""
    return PREFIX + name.upper().replace(".", "__")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the name that somebody who wrote this one probably meant."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a mistake has to pay for it

    def likeness(candidate: str) -> float:
        # The last part counts twice: `port` and `http.port` are both server.port.
        ends = name.rpartition(".")[2], candidate.rpartition(".")[2]
        return sum(SequenceMatcher(None, *pair).ratio() for pair in ((name, candidate), ends))

    return max(known, key=likeness)


def _walk(section: type[Section], before: str) -> Iterator[Key]:
    for field in msgspec.structs.fields(section):
        if isinstance(field.type, type) and issubclass(field.type, Section):
            yield from _walk(field.type, f"{field.name}.")
        elif field.name != UNREAD:
            yield Key(before + field.name, field.type, _default(field))


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - each key has its own type
    made: Callable[[], Any] | Any = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()
