"""Read the settings: defaults, then the file, then the environment, then the command line."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import msgspec

from watchword.settings.keys import PREFIX, UNREAD, known_keys, nearest, sections, variable
from watchword.settings.model import Section, Settings
from watchword.settings.secret import Secret
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


class _Wrong(NamedTuple):
    """A key whose value cannot be used, and why."""

    name: str
    problem: str


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
        if isinstance(value, Mapping) and value and item.name not in known_keys():
            yield from _flat(value, where, item.path)
        elif value != {} or item.name not in sections():
            yield item


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for name in sorted(environ):
        if name.startswith(PREFIX):
            # Names are upper case; a lower-case one turns into a key that nobody knows.
            path = tuple(name.removeprefix(PREFIX).swapcase().split("__"))
            yield _Given(path, environ[name], f"{name} in the environment", is_text=True)


def _judged(item: _Given) -> Any:  # noqa: ANN401 - each key has its own type
    """Return the value as its key wants it, or raise ValueError."""
    if item.path[0] == UNREAD:
        return _unread(item)
    key = known_keys().get(item.name)
    if key is None:
        raise ValueError(_unknown(item))
    value = str(item.value) if isinstance(item.value, PurePath) else item.value
    if item.is_text and key.is_list:
        value = _list_from(value)
    if key.is_table:
        value = _joined(_table_from(value) if item.is_text else value)
    try:
        typed = msgspec.convert(value, key.kind, strict=not item.is_text, dec_hook=_secret)
    except msgspec.ValidationError as error:
        choices = ", ".join(key.choices)
        raise ValueError(f"must be one of {choices}" if choices else str(error)) from None
    check = CHECKS.get(item.name)
    return check(typed) if check else typed


def _unread(item: _Given) -> Any:  # noqa: ANN401 - the dialect knows
    table_names = 2
    if len(item.path) <= table_names and item.value != {}:
        raise ValueError("each dialect's keys stand in a table of its own, [dialects.<name>]")
    is_list = item.is_text and item.value.lstrip().startswith("[")
    return _list_from(item.value) if is_list else item.value


def _unknown(item: _Given) -> str:
    if item.name in sections():
        return "is a table of keys, not a value"
    known = sections() if isinstance(item.value, Mapping) else known_keys()
    meant = nearest(item.name.lower(), sorted(known))
    return f"no such setting; the nearest is {variable(meant) if item.is_text else meant}"


def _list_from(text: str) -> list[Any]:
    if not text.lstrip().startswith("["):
        return [part for piece in text.split(",") if (part := piece.strip())]
    try:
        return msgspec.json.decode(text, type=list[Any])
    except msgspec.DecodeError:
        raise ValueError("is not a JSON list") from None


def _table_from(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise ValueError("is not a JSON object") from None


def _joined(value: Any) -> Any:  # noqa: ANN401 - what a file may hold
    """Return a table whose names have dots in them as they were meant: TOML makes tables of it."""
    if not isinstance(value, Mapping):
        return value
    joined: dict[str, Any] = {}
    for name, item in value.items():
        below = _joined(item)
        if isinstance(below, Mapping):
            joined |= {f"{name}.{more}": one for more, one in below.items()}
        else:
            joined[name] = below
    return joined


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
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def _names(wrong: list[_Wrong]) -> set[str]:
    return {item.name for item in wrong}


def _built(values: _Values) -> Settings:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        _plant(tree, path, value)
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.type, type) and issubclass(field.type, Section):
            tree[field.name] = field.type(**tree.get(field.name, {}))
    return Settings(**tree)


def _plant(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401
    *tables, name = path
    for table in tables:
        below = tree.get(table)
        if not isinstance(below, dict):
            below = tree[table] = {}
        tree = below
    tree[name] = value
