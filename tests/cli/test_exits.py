"""How commands end: exit codes, errors for people and for programs, and never a traceback."""

import os
import subprocess
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cli.shell import PROGRAM, Ran, Shell
from watchword.app.house import StartError
from watchword.cli.answers import Answer
from watchword.cli.calls import Call, command
from watchword.cli.program import Program
from watchword.core.kernel.errors import (
    ConflictError,
    CoreError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from watchword.core.policy.refusals import Refusal, Refused
from watchword.storage.migrate import SchemaError

SECRET = "a value nobody should see"


class OddError(Exception):
    """Something that nobody foresaw."""


def ends(error: Exception, *words: str) -> Ran:
    """Run a program whose only command, `once`, meets an error."""
    app = typer.Typer(cls=Program, add_completion=False)
    app.callback()(lambda: None)

    @command(app, "once", examples=("watchword once",))
    async def once(
        call: Call, *, word: Annotated[str, typer.Option("--word", help="Any.")] = ""
    ) -> Answer:
        """Raise what it was given."""
        del call, word
        raise error

    result = CliRunner().invoke(app, ["once", *words])
    return Ran(result.exit_code, result.stdout, result.stderr)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (NotFoundError(), 1, "not_found"),
        (InvalidError("after"), 1, "invalid"),
        (InvalidError("first_name"), 1, "invalid"),
        (ConflictError("setup"), 1, "conflict"),
        (CoreError(), 1, "error"),
        (StartError("Do this."), 3, "start"),
        (PermissionError(13, "Permission denied", "/somewhere"), 3, "start"),
        (UnavailableError(), 4, "unavailable"),
        (caused(StartError("It is down."), UnavailableError()), 4, "unavailable"),
        (caused(StartError("It is newer."), SchemaError()), 3, "start"),
        (OddError(SECRET), 70, "bug"),
        (ValueError(SECRET), 70, "bug"),
    ],
)
def test_each_error_has_its_exit_code(error: Exception, exit_code: int, code: str) -> None:
    """A script can tell what kind of trouble it is, by number and by word."""
    plain, document = ends(error), ends(error, "--json")

    assert (plain.code, document.code) == (exit_code, exit_code)
    assert plain.out == document.out == ""
    assert plain.err.startswith("Error: ")
    assert document.error["code"] == code
    assert document.error["message"] in plain.err


def test_when_to_try_again_is_told() -> None:
    """What is down or full says in how many seconds it may be worth another try."""
    error = ends(UnavailableError(retry_after=7), "--json").error

    assert error["retry_after"] == 7


def test_a_bug_names_its_place_and_no_value() -> None:
    """The report needs the place; the text of an unforeseen error may hold a secret."""
    ran = ends(OddError(SECRET))

    assert "OddError in tests.cli.test_exits, line" in ran.err
    assert SECRET not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("account", "nonsense"),
        ("account", "list", "--nonsense"),
        ("account", "list", "--limit", "0"),
        ("account", "show"),
        ("audit", "list", "--limit"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    """Also for programs, which get the error as JSON."""
    plain, document = shell.run(*words), shell.run(*words, "--json")

    assert (plain.code, document.code) == (2, 2)
    assert plain.err.startswith("Error: ")
    assert document.error["code"] == "usage"


def test_a_mistyped_command_is_corrected(shell: Shell) -> None:
    """The error names the command that was probably meant."""
    ran = shell.run("acount", "list")

    assert "Did you mean 'account'?" in ran.err


def test_settings_that_cannot_be_used_end_with_3(shell: Shell, tmp_path: Path) -> None:
    """All problems are told at once."""
    file = tmp_path / "watchword.toml"
    file.write_text('prot = 1\n[server]\nport = "x"\n')

    ran = shell.run("account", "list", "--config", str(file), "--json")

    assert (ran.code, ran.error["code"]) == (3, "settings")
    assert len(ran.error["problems"]) == 2
    assert "nearest is server.port" in ran.error["problems"][0]


def test_a_config_file_that_is_missing_ends_with_3(shell: Shell) -> None:
    """It was asked for, so it must be there."""
    ran = shell.run("account", "list", "--config", "/nowhere/watchword.toml")

    assert ran.code == 3
    assert "/nowhere/watchword.toml" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("account", "list"),
        ("account", "show", "ada"),
        ("account", "delete", "ada", "--yes"),
        ("session", "list"),
        ("session", "end", "--account", "ada"),
        ("audit", "list"),
        ("signing-key", "list"),
        ("signing-key", "rotate"),
        ("migrate", "--check"),
    ],
)
def test_a_look_from_the_wrong_folder_makes_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    """There is no store, so the command says so and leaves none."""
    ran = shell.run(*words)

    assert ran.code == 3
    assert "There is no store at" in ran.err
    assert not shell.folder.exists()


def test_a_refusal_can_be_returned_by_a_command(shell: Shell) -> None:
    """Refusals are values; they become exit code 1 and the sentence of the table."""
    shell.has("ada")

    ran = shell.run("account", "create", "ada", "--password-stdin", typed="lamp pear tree 12")

    assert ran.code == 1
    assert ran.err.startswith("Error: An account has this name already")
    assert (
        Refused(Refusal.NAME_TAKEN).reason
        in shell.run(
            "account", "create", "ada", "--password-stdin", "--json", typed="lamp pear tree 12"
        ).err
    )


def test_a_database_that_does_not_answer_ends_with_4(tmp_path: Path) -> None:
    """The port is closed: try again later, and no word of the password in the URL."""
    url = f"postgresql://watchword:{SECRET.replace(' ', '-')}@127.0.0.1:1/none"

    ran = Shell(tmp_path / "data", url).run("account", "list", "--json")

    assert (ran.code, ran.error["code"]) == (4, "unavailable")
    assert "should-see" not in ran.err


@pytest.mark.parametrize("words", [("dialects",), ("dialects", "--json")])
def test_a_reader_that_goes_away_is_no_error(words: tuple[str, ...]) -> None:
    """`watchword audit list | head -1` ends well and says nothing of it."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [str(PROGRAM), *words], stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")
