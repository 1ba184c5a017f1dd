"""Read the settings: defaults, then the file, then the environment, then the command line."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

import msgspec

from watchword.settings.directorychecks import NAME, directory_problems
from watchword.settings.keys import (
    NAMED,
    PREFIX,
    UNREAD,
    families,
    family_of,
    general,
    known_keys,
    nearest,
    path_of,
    section_of,
    sections,
    variable,
)
from watchword.settings.model import Settings
from watchword.settings.secret import Secret
from watchword.settings.section import Section
from watchword.settings.texts import joined, list_from, table_from
from watchword.settings.values import CHECKS, RULES, TLS_KEYS

# What `serve --demo` starts from; whatever an operator says goes before it.
_DEMO: dict[str, Any] = {
    "passwords": {"preset": "documented"},
    "limits": {"exempt_addresses": ["127.0.0.0/8", "::1/128"]},
}


class SettingsError(Exception):
    """The settings cannot be used. `problems` has every reason, not only the first."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(("The settings cannot be used:", *problems)))
        self.problems = problems


class _Given(NamedTuple):
    """One value that somebody gave, and the words that say where."""

    path: tuple[str, ...]
    value: Any
    place: str
    is_text: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def key(self) -> str:
        """Return the key of the settings that this is, or would be."""
        return general(self.path)


class _Wrong(NamedTuple):
    """A key whose value cannot be used, and why."""

    name: str
    problem: str


_S = TypeVar("_S", bound=Section)
_Values = dict[tuple[str, ...], Any]


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
    demo: bool = False,
) -> Settings:
    """Return the settings, or raise SettingsError with every problem at once.

    `overrides` has the shape of the file; a None in it means that nothing was said.
    """
    given = list(_flat(_DEMO, "of --demo")) if demo else []
    wrong: list[_Wrong] = []
    try:
        given += _flat(_table(path), f"in {path}") if path else ()
    except ValueError as error:
        wrong.append(_Wrong("", f"{path}: {error}"))
    given += _from_environment(environ)
    said = _flat(overrides or {}, "on the command line")
    given += (item for item in said if item.value is not None)
    values: _Values = {}
    for item in given:
        try:
            values[item.path] = _judged(item)
        except ValueError as error:
            wrong.append(_Wrong(item.name, f"{item.place}: {error}"))
    return _finished(values, wrong)


def _table(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - 5 ms that only a file has to pay for

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {error}") from None


def _flat(table: Mapping[str, Any], where: str, before: tuple[str, ...] = ()) -> Iterator[_Given]:
    """Yield the leaves of a table. A table that stands for a value is a leaf as well."""
    for name, value in table.items():
        item = _Given((*before, name), value, f"{'.'.join((*before, name))} {where}")
        if isinstance(value, Mapping) and value and item.key not in known_keys():
            yield from _flat(value, where, item.path)
        elif value != {} or item.key not in sections() | families() or item.key.endswith(NAMED):
            yield item


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for name in sorted(environ):
        if name.startswith(PREFIX):
            yield _Given(path_of(name), environ[name], f"{name} in the environment", is_text=True)


def _judged(item: _Given) -> Any:  # noqa: ANN401 - each key has its own type
    """Return the value as its key wants it, or raise ValueError."""
    if item.path[0] == UNREAD:
        return _unread(item)
    if item.path[0] in families() and not _is_well_named(item.path):
        raise ValueError(_ILL_NAMED)
    key = known_keys().get(item.key)
    if key is None:
        raise ValueError(_unknown(item))
    value = str(item.value) if isinstance(item.value, PurePath) else item.value
    if item.is_text and key.is_list:
        value = list_from(value)
    if key.is_table:
        value = joined(table_from(value) if item.is_text else value)
    try:
        typed = msgspec.convert(value, key.kind, strict=not item.is_text, dec_hook=_secret)
    except msgspec.ValidationError as error:
        choices = ", ".join(key.choices)
        raise ValueError(f"must be one of {choices}" if choices else str(error)) from None
    check = CHECKS.get(item.key)
    return check(typed) if check else typed


def _unread(item: _Given) -> Any:  # noqa: ANN401 - the dialect knows
    table_names = 2
    if len(item.path) <= table_names and item.value != {}:
        raise ValueError("each dialect's keys stand in a table of its own, [dialects.<name>]")
    is_list = item.is_text and item.value.lstrip().startswith("[")
    return list_from(item.value) if is_list else item.value


_ILL_NAMED = (
    "a directory has a name of its own here, [directories.<name>]: a small letter, then small"
    " letters, digits and hyphens, 40 at most"
)


def _is_well_named(path: tuple[str, ...]) -> bool:
    return len(path) > 1 and bool(NAME.match(path[1]))


def _unknown(item: _Given) -> str:
    if item.key.endswith(NAMED) and item.value == {}:
        return "is empty: a directory needs urls and domain at least"
    if item.key in sections() | families():
        return "is a table of keys, not a value"
    known = sections() if isinstance(item.value, Mapping) else known_keys()
    meant = nearest(item.key.lower(), sorted(known))
    if item.path[0] in families():
        meant = meant.replace(NAMED, item.path[1])
    return f"no such setting; the nearest is {variable(meant) if item.is_text else meant}"


def _secret(kind: type, value: object) -> Secret:
    assert kind is Secret
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    return Secret(value)


def _finished(values: _Values, wrong: list[_Wrong]) -> Settings:
    if ("server", "tls") not in values and not _names(wrong) & set(TLS_KEYS):
        files = (values.get(("server", name)) for name in ("tls_cert", "tls_key"))
        values["server", "tls"] = "files" if any(files) else "off"
    settings = _built(values)
    problems = [item.problem for item in wrong]
    # A rule is not asked about a key that is wrong by itself.
    problems += [
        rule.text
        for rule in RULES
        if _names(wrong).isdisjoint(rule.keys) and not rule.holds(settings)
    ]
    problems += directory_problems(settings.directories, settings.kerberos, _names(wrong))
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def _names(wrong: list[_Wrong]) -> set[str]:
    return {item.name for item in wrong}


def _built(values: _Values) -> Settings:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        _plant(tree, path, value)
    return _made(Settings, tree)


def _made(kind: type[_S], tree: dict[str, Any]) -> _S:
    """Return a table with the tables in it."""
    for field in msgspec.structs.fields(kind):
        below = tree.get(field.name, {})
        if (section := section_of(field.type)) is not None:
            tree[field.name] = _made(section, below)
        elif (each := family_of(field.type)) is not None:
            tree[field.name] = {name: _made(each, one) for name, one in below.items()}
    return kind(**tree)


def _plant(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401
    *tables, name = path
    for table in tables:
        below = tree.get(table)
        if not isinstance(below, dict):
            below = tree[table] = {}
        tree = below
    tree[name] = value
