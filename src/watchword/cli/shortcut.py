"""The short way to `watchword serve`: without Typer, which a server would keep for months.

Typer, with the pydantic that it brings, costs 13 MiB and a third of a second. So `serve` is
read here if each word of it is plain; all else is Typer's, `--help` and every mistake too.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from watchword.cli.answers import hush, say_anything, show_failure, tell
from watchword.cli.exits import ExitCode, failure_of
from watchword.cli.serving import PORTS, WORKERS, LogFormat, Tls, overrides, run

Said = dict[str, object]
"""What was typed, by the name that the command's function has for it."""

_COMMAND = "serve"


def serve_plainly(words: Sequence[str]) -> int | None:
    """Run the server and return the exit code; None if Typer must read the words."""
    said = read(words)
    if said is None:
        return None
    say_anything()
    try:
        return _serve(said)
    except KeyboardInterrupt:
        tell("\nStopped. Nothing was changed.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        hush()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody is shown a traceback
        failure = failure_of(error)
        show_failure(failure, as_json=False)
        return failure.exit_code


def _serve(said: Said) -> int:
    from watchword.settings.load import load  # noqa: PLC0415 - other commands must be quick

    place = {"data": said.get("data"), "database": said.get("database")}
    config, demo = said.get("config"), "demo" in said
    assert config is None or isinstance(config, Path)
    return run(load(config, overrides=place | overrides(said), demo=demo), demo=demo)


def read(words: Sequence[str]) -> Said | None:
    """Return what the words of a plain `serve` say; None if they are anything else."""
    if _COMMAND not in words:
        return None
    place = list(words).index(_COMMAND)
    try:
        # What comes after the command counts more; of two the last one does.
        return _read(words[:place], _PLACES) | _read(words[place + 1 :], _OPTIONS)
    except (LookupError, ValueError):
        return None


def _read(words: Sequence[str], known: Mapping[str, Callable[[str], object]]) -> Said:
    said: Said = {}
    rest = iter(words)
    for word in rest:
        option, has_value, value = word.partition("=")
        name = _name(option)
        if known[name] is _no_value and not has_value:
            said[name] = True
        else:
            said[name] = known[name](_plain(value if has_value else next(rest, "")))
    return said


def _name(option: str) -> str:
    if not option.startswith("--") or "_" in option:
        raise ValueError(option)
    return option.removeprefix("--").replace("-", "_")


def _no_value(text: str) -> bool:
    raise ValueError(text)


def _plain(value: str) -> str:
    if not value or value.startswith("-"):
        raise ValueError(value)
    return value


def _number(allowed: range) -> Callable[[str], int]:
    def read_number(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) not in allowed:
            raise ValueError(text)
        return int(text)

    return read_number


_PLACES: Mapping[str, Callable[[str], object]] = {"data": Path, "database": str, "config": Path}
_OPTIONS: Mapping[str, Callable[[str], object]] = {
    **_PLACES,
    "demo": _no_value,
    "host": str,
    "port": _number(PORTS),
    "workers": _number(WORKERS),
    "tls": Tls,
    "tls_cert": Path,
    "tls_key": Path,
    "log_format": LogFormat,
}
