"""The short way to `watchword serve` reads what Typer reads, and nothing that Typer refuses."""

from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.shell import program
from watchword.cli.program import app
from watchword.cli.shortcut import read

PLAIN = (
    (),
    ("--demo",),
    ("--data", "some/folder"),
    ("--data=a=b",),
    ("--database", "postgresql://ada:secret@localhost/x?a=b"),
    ("--config", "c.toml"),
    ("--host", "::1"),
    ("--port", "9000"),
    ("--port=65535",),
    ("--workers", "256"),
    ("--tls", "self-signed"),
    ("--tls-cert", "cert.pem", "--tls-key", "key.pem"),
    ("--log-format", "text"),
    ("--port", "1", "--demo", "--port", "2", "--data", "a", "--data", "b"),
)
REFUSED = (
    ("--port", "70000"),
    ("--port", "-1"),
    ("--port", "1_0"),
    ("--port",),
    ("--workers", "0"),
    ("--workers", "257"),
    ("--tls", "maybe"),
    ("--log-format", "x"),
    ("--demo=1",),
    ("--tls_cert", "cert.pem"),
    ("--dem",),
    ("-d",),
    ("more",),
    ("--json",),
    ("--help",),
)


def serve() -> TyperCommand:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    command = root.commands["serve"]
    assert isinstance(command, TyperCommand)
    return command


def by_typer(*words: str) -> dict[str, object]:
    """Return what Typer makes of the words after `serve`, without what was not said."""
    with serve().make_context("serve", [*words]) as context:
        return {name: value for name, value in context.params.items() if value}


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_plain_words_mean_the_same(words: tuple[str, ...]) -> None:
    """Whoever reads them, the server is told the same."""
    assert read(["serve", *words]) == by_typer(*words)


def test_every_option_is_among_them() -> None:
    """An option that only Typer knew would make each server that uses it a fifth larger."""
    known = {name for words in PLAIN for name in by_typer(*words)}

    assert known == {one.name for one in serve().params} - {"help"}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_all_else_is_left_to_typer(words: tuple[str, ...]) -> None:
    """It words every mistake, and shows the help."""
    assert read(["serve", *words]) is None


def test_the_place_may_stand_before_the_command() -> None:
    """As with any command; what stands behind it counts more."""
    before = read(["--data", "a", "--config=c.toml", "serve", "--data", "b"])

    assert before == {"data": Path("b"), "config": Path("c.toml")}


@pytest.mark.parametrize(
    "words",
    [(), ("account", "list"), ("account", "show", "serve"), ("--port", "1", "serve"), ("worker",)],
)
def test_other_commands_are_left_to_typer(words: tuple[str, ...]) -> None:
    """There is one short way, and it leads to the server."""
    assert read(words) is None


def test_a_start_that_fails_is_told_in_a_sentence(tmp_path: Path) -> None:
    """With the exit code of any command, and without a traceback."""
    ran = program("serve", "--config", str(tmp_path / "missing.toml"))

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: The settings cannot be used:")
