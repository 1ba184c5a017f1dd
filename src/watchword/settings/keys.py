"""The settings as an operator names them: in the file, and in the environment."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from watchword.settings.model import Settings
from watchword.settings.section import Section

PREFIX = "WATCHWORD_"
UNREAD = "dialects"
"""The tables that we hand on as they are."""

NAMED = "<name>"
"""Stands in a key for the name that an operator gives, such as that of a directory."""


class Key(NamedTuple):
    """One setting, such as `server.port`."""

    name: str
    kind: Any
    default: Any

    @property
    def is_list(self) -> bool:
        return not self.is_table and tuple in {
            get_origin(self.kind),
            *map(get_origin, get_args(self.kind)),
        }

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


@cache
def families() -> frozenset[str]:
    """Return the names of the tables in which each table has a name that an operator gave."""
    return frozenset(name.partition(f".{NAMED}")[0] for name in sections() if NAMED in name)


def general(path: tuple[str, ...]) -> str:
    """Return the key that a path is, with a placeholder for a name that an operator gave."""
    is_named = len(path) > 1 and path[0] in families()
    return ".".join((path[0], NAMED, *path[2:]) if is_named else path)


def path_of(variable_name: str) -> tuple[str, ...]:
    """Return the path that a variable means."""
    # Names are upper case; a lower-case one turns into a key that nobody knows.
    path = tuple(variable_name.removeprefix(PREFIX).swapcase().split("__"))
    if len(path) > 1 and path[0] in families():
        # Few shells take a hyphen in the name of a variable, and no name has an underscore.
        return (path[0], path[1].replace("_", "-"), *path[2:])
    return path


def variable(name: str) -> str:
    """Return what a key is called in the environment."""
    return PREFIX + name.upper().replace(".", "__").replace("-", "_")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the name that somebody who wrote this one probably meant."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a mistake has to pay for it

    def likeness(candidate: str) -> float:
        # The last part counts twice: `port` and `http.port` are both server.port.
        ends = name.rpartition(".")[2], candidate.rpartition(".")[2]
        return sum(SequenceMatcher(None, *pair).ratio() for pair in ((name, candidate), ends))

    return max(known, key=likeness)


def section_of(kind: Any) -> type[Section] | None:  # noqa: ANN401 - any annotation
    """Return the table that a field is, None if it is a value."""
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def family_of(kind: Any) -> type[Section] | None:  # noqa: ANN401 - any annotation
    """Return the table of which a field holds any number by name, None if it is none of these."""
    return section_of(get_args(kind)[1]) if get_origin(kind) is dict else None


def _walk(section: type[Section], before: str) -> Iterator[Key]:
    for field in msgspec.structs.fields(section):
        if (inner := section_of(field.type)) is not None:
            yield from _walk(inner, f"{before}{field.name}.")
        elif (each := family_of(field.type)) is not None:
            yield from _walk(each, f"{before}{field.name}.{NAMED}.")
        elif field.name != UNREAD:
            yield Key(before + field.name, field.type, _default(field))


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - each key has its own type
    made: Callable[[], Any] | Any = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()
