"""docs/operate/cli.md and the program say the same, in both directions."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from watchword.cli.exits import ExitCode
from watchword.cli.program import app
from watchword.core.audit.model import Action

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate" / "cli.md"
SHARED = {"--data", "--database", "--config", "--help"}
OPTION = re.compile(r"--[a-z][a-z-]*")


@cache
def commands() -> dict[str, TyperCommand]:
    """Return every command by the words that call it."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(_walk("watchword", root))


def _walk(words: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    for name, below in group.commands.items():
        if isinstance(below, TyperGroup):
            yield from _walk(f"{words} {name}", below)
        else:
            assert isinstance(below, TyperCommand)
            yield f"{words} {name}", below


@cache
def sections() -> dict[str, str]:
    """Return the text below each heading that is a command."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        title: text
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
        if title.startswith("watchword ")
    }


def options(command: TyperCommand) -> set[str]:
    """Return a command's own options, as they are typed."""
    found = {name for one in command.params if isinstance(one, TyperOption) for name in one.opts}
    return found - SHARED


def rows(text: str) -> dict[str, str]:
    """Return the first word of each row of the last table, with the rest of its cell."""
    table = text.rpartition("| option | meaning |")[2]
    cells = re.findall(r"^\| `(--[a-z-]+)([^`]*)` \|", table, flags=re.MULTILINE)
    return dict(cells)


def examples(text: str) -> list[str]:
    return re.findall(r"^    (.*watchword .*)$", text, flags=re.MULTILINE)


def test_the_page_has_every_command_and_no_other() -> None:
    """A command that is added, renamed or taken out shows on the page."""
    assert set(sections()) == set(commands())


def test_the_root_and_every_command_take_the_shared_options() -> None:
    """Where the store is can be said everywhere, and the page's first table says so."""
    head = PAGE.read_text(encoding="utf-8").partition("## Answers")[0]
    root = get_command(app)
    everywhere = [root, *commands().values()]

    assert set(rows(head)) == SHARED
    for command in everywhere:
        names = {name for one in command.params for name in one.opts}
        assert names >= SHARED - {"--help"}, command.name


@pytest.mark.parametrize("words", sorted(commands()))
def test_a_section_has_the_commands_options(words: str) -> None:
    """Each option that a command takes has a row, and each row is an option."""
    assert set(rows(sections()[words])) == options(commands()[words])


@pytest.mark.parametrize("words", sorted(commands()))
def test_help_and_page_give_the_same_examples(words: str) -> None:
    """Each example of `--help` stands on the page, and the other way round."""
    _, *in_help = (commands()[words].epilog or "").split("\n\n")

    assert in_help
    assert examples(sections()[words]) == in_help


@pytest.mark.parametrize("words", sorted(commands()))
def test_examples_can_be_typed(words: str) -> None:
    """Each example calls the command that it is about, with options that it has."""
    command = commands()[words]
    for example in examples(sections()[words]):
        [first, *_] = [part.strip() for part in re.split(r"\|\||[|<>]", example)]
        typed = shlex.split(first)

        assert typed[: len(words.split())] == words.split()
        command.make_context(words, typed[len(words.split()) :])


@pytest.mark.parametrize("words", sorted(commands()))
def test_everything_is_explained(words: str) -> None:
    """Each command and each of its options and arguments says what it is for."""
    command = commands()[words]
    silent = [
        one.name
        for one in command.params
        if isinstance(one, TyperOption | TyperArgument) and not one.help
    ]

    assert command.help
    assert silent == []


def test_who_runs_until_it_is_stopped_prints_no_document() -> None:
    """Every other command has --json."""
    without = [words for words, command in commands().items() if "--json" not in options(command)]

    assert without == ["watchword serve", "watchword worker"]


def test_the_page_has_every_exit_code() -> None:
    """And no other."""
    text = PAGE.read_text(encoding="utf-8").partition("| exit code | meaning |")[2]
    codes = re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)

    assert [int(code) for code in codes] == sorted(ExitCode)


def test_the_page_has_every_action() -> None:
    """What can be asked of the audit trail is listed."""
    text = PAGE.read_text(encoding="utf-8")
    [listed] = re.findall(r"^Actions are (.+?)\n\n", text, re.DOTALL | re.MULTILINE)

    assert re.findall(r"`([a-z.-]+)`", listed) == sorted(Action)


def test_the_page_names_every_check_of_the_doctor() -> None:
    """A finding can be looked up."""
    folder = PAGE.parents[2] / "src" / "watchword" / "cli" / "doctor"
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    checks = set(re.findall(r"\b(?:ok|warn|fail|judge_moments)\(\s*\"([a-z_]+)\"", code))
    table = sections()["watchword doctor"].partition("| check |")[2].partition("| option |")[0]
    first_cells = re.findall(r"^\| (`.+?`) \|", table, flags=re.MULTILINE)
    on_page = {name for cell in first_cells for name in re.findall(r"`([a-z_]+)`", cell)}

    assert checks
    assert on_page == checks
