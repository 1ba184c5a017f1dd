"""Where the store is: on the command line before or after the command, in a file, in the air."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.shell import Shell
from watchword import __version__
from watchword.cli.calls import Where
from watchword.cli.program import app


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def names(*words: str) -> list[str]:
    """Return the accounts of the store that these words name."""
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.stderr
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_the_store_is_named_before_or_after_the_command(tmp_path: Path) -> None:
    """Both are understood; what comes after the command counts."""
    here, there = Shell(tmp_path / "here"), Shell(tmp_path / "there")
    here.has("ada")
    there.has("bea")

    before = names("--data", str(here.folder), "account", "list")
    after = names("account", "list", "--data", str(there.folder))
    both = names("--data", str(here.folder), "account", "list", "--data", str(there.folder))

    assert (before, after, both) == (["ada"], ["bea"], ["bea"])


def test_a_database_can_be_named(tmp_path: Path) -> None:
    """A SQLite file anywhere, and the rest in the data folder."""
    place = tmp_path / "elsewhere" / "accounts.db"
    shell = Shell(tmp_path / "data", f"sqlite:///{place}")

    shell.has("ada")

    assert place.exists()
    assert not (shell.folder / "watchword.db").exists()


def test_the_command_line_goes_before_environment_and_file(tmp_path: Path) -> None:
    """File, then environment, then command line: the later says more."""
    stores = {name: Shell(tmp_path / name) for name in ("file", "air", "line")}
    for name, shell in stores.items():
        shell.has(name)
    config = tmp_path / "watchword.toml"
    config.write_text(f'data = "{stores["file"].folder}"\n')
    words = ("account", "list", "--config", str(config))

    from_file = names(*words)
    with variable("WATCHWORD_DATA", str(stores["air"].folder)):
        from_air = names(*words)
        from_line = names(*words, "--data", str(stores["line"].folder))

    assert (from_file, from_air, from_line) == (["file"], ["air"], ["line"])


def test_two_places_together() -> None:
    """What is said in one of them only stays."""
    near = Where(data=Path("near"))
    far = Where(data=Path("far"), database="sqlite:////x.db", config=Path("c.toml"))

    both = near.over(far)

    assert both == Where(data=Path("near"), database="sqlite:////x.db", config=Path("c.toml"))


def test_the_version_is_said() -> None:
    """`--version` needs no store and no command."""
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.stdout) == (0, f"watchword {__version__}\n")


@pytest.mark.parametrize("words", [(), ("account",)])
def test_no_command_shows_the_help(words: tuple[str, ...]) -> None:
    """Nothing was asked for, so the help says what can be; exit 2, for nothing was done."""
    result = CliRunner().invoke(app, [*words])

    assert result.exit_code == 2
    assert "Usage: watchword" in result.output
