"""Passwords and questions: at a terminal, and without one."""

import pytest

from cli.shell import PASSWORD, Shell, at_terminal, program

NEW = "New password: "
AGAIN = "The same again: "
ODD = "  spaces stay, ünïcode too  "


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_comes_from_one_line(shell: Shell, end: str) -> None:
    """Only the end of the line is cut; spaces belong to the password."""
    ran = shell.run("account", "create", "ada", "--password-stdin", typed=ODD + end)

    assert ran.code == 0
    assert shell.signs_in("ada", ODD)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "no password"),
        ("\n", "no password"),
        ("one line\nand another\n", "more than one line"),
        (b"\xff\xfe\xfa\xfb is no text", "not UTF-8"),
    ],
)
def test_what_is_no_password_is_not_understood(shell: Shell, typed: str | bytes, why: str) -> None:
    """A file piped in by mistake makes no account."""
    ran = shell.run("account", "create", "ada", "--password-stdin", typed=typed)

    assert ran.code == 2
    assert why in ran.err
    assert not shell.folder.exists()


def test_a_huge_input_is_not_read_to_its_end(shell: Shell) -> None:
    """It is refused like any password that is too long."""
    ran = shell.run("account", "create", "ada", "--password-stdin", "--json", typed="ä" * 100_000)

    assert (ran.code, ran.error["code"]) == (1, "password_long")


def test_without_a_terminal_the_way_is_told(shell: Shell) -> None:
    """A pipe without --password-stdin is probably a mistake: exit 2 and a sentence."""
    ran = shell.run("account", "create", "ada", typed=PASSWORD)

    assert ran.code == 2
    assert "--password-stdin" in ran.err


def test_a_password_is_no_argument(shell: Shell) -> None:
    """There is no option for it, since others can see arguments."""
    ran = shell.run("account", "create", "ada", "--password", PASSWORD)

    assert ran.code == 2
    assert "No such option: --password" in ran.err


@pytest.mark.slow
def test_a_password_is_typed_twice_and_not_shown(shell: Shell) -> None:
    """What does not match is asked for again; nothing of it is on the screen."""
    answers = [
        (NEW, f"{PASSWORD}\n"),
        (AGAIN, "something else\n"),
        (NEW, f"{PASSWORD}\n"),
        (AGAIN, f"{PASSWORD}\n"),
    ]

    ran = at_terminal([*shell.where, "account", "create", "ada"], answers)

    assert ran.code == 0, ran.out
    assert "do not match" in ran.out
    assert PASSWORD not in ran.out
    assert shell.signs_in("ada")


@pytest.mark.slow
def test_passwd_asks_once_it_knows_the_account(shell: Shell) -> None:
    """Nobody types a password twice to read that there is no such account."""
    shell.has("ada")

    unknown = at_terminal([*shell.where, "account", "passwd", "eve"], [])
    changed = at_terminal(
        [*shell.where, "account", "passwd", "ada"],
        [(NEW, "pear tree lamp 9\n"), (AGAIN, "pear tree lamp 9\n")],
    )

    assert unknown.code == 1
    assert NEW not in unknown.out
    assert changed.code == 0
    assert shell.signs_in("ada", "pear tree lamp 9")


@pytest.mark.slow
def test_deleting_asks_and_a_no_is_a_no(shell: Shell) -> None:
    """A no leaves everything; a yes deletes."""
    shell.has("ada")
    words = [*shell.where, "account", "delete", "ada"]

    no = at_terminal(words, [("[y/N]: ", "n\n")])
    kept = shell.run("account", "show", "ada").code
    yes = at_terminal(words, [("[y/N]: ", "y\n")])

    assert (no.code, kept, yes.code) == (1, 0, 0)
    assert "Nothing was deleted" in no.out
    assert shell.run("account", "show", "ada").code == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", [("delete", "ada"), ("passwd", "ada"), ("create", "bea")])
def test_ctrl_c_ends_a_question_at_once(shell: Shell, words: tuple[str, ...]) -> None:
    """One is enough, nothing was changed, and the exit code is that of an interrupt."""
    shell.has("ada")

    ran = at_terminal([*shell.where, "account", *words], [(": ", "\x03")])

    assert ran.code == 130, ran.out
    assert "Nothing was changed" in ran.out
    assert [one["name"] for one in shell.ask("account", "list")["accounts"]] == ["ada"]
    assert shell.signs_in("ada")


def test_a_program_run_for_real_says_the_same(shell: Shell) -> None:
    """The installed program, its pipes and its exit code."""
    shell.has("boss")

    made = program(
        *shell.where, "account", "create", "ada", "--password-stdin", typed=f"{PASSWORD}\n"
    )
    refused = program(
        *shell.where, "account", "create", "ADA", "--password-stdin", typed=f"{PASSWORD}\n"
    )

    assert (made.code, made.out, made.err) == (0, "Made ada (user).\n", "")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("Error: An account has this name already")
