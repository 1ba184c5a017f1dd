"""A key that is pasted where a name or an id belongs goes no further."""

import pytest

from cli.shell import Shell


def make(shell: Shell) -> str:
    """Make an account and a key of it."""
    shell.has("ada")
    key: str = shell.ask("apikey", "create", "ada", "--name", "one")["key"]
    return key


@pytest.mark.parametrize(
    "words",
    [
        ("apikey", "revoke", "KEY"),
        ("apikey", "rotate", "KEY"),
        ("apikey", "revoke", "KEY", "--json"),
        ("apikey", "revoke", "--account", "KEY"),
        ("apikey", "revoke", "3f9a", "KEY"),
        ("apikey", "rotate", "3f9a", "--overlap", "KEY"),
        ("apikey", "create", "KEY", "--name", "x"),
        ("apikey", "create", "ada", "--name", "x", "--scope", "KEY"),
        ("apikey", "create", "ada", "--name", "x", "--expires", "KEY"),
        ("apikey", "create", "ada", "--name", "x", "--per-minute", "KEY", "--json"),
        ("apikey", "list", "KEY"),
        ("apikey", "list", "--after", "KEY"),
        ("apikey", "KEY"),
        ("KEY",),
        ("account", "role", "ada", "KEY"),
        ("group", "show", "KEY"),
    ],
)
def test_a_key_that_was_pasted_is_not_repeated(shell: Shell, words: tuple[str, ...]) -> None:
    """Wherever it stands by mistake; nothing of it is in an answer or an event, nor is it ended."""
    key = make(shell)

    ran = shell.run(*(key if word == "KEY" else word for word in words))
    trail = shell.run("audit", "list", "--json").out

    assert ran.code in {1, 2}
    assert key[3:20] not in ran.out + ran.err + trail
    assert shell.uses(key) == "ada"


def test_who_pasted_a_key_is_told_to_use_the_id(shell: Shell) -> None:
    """And that it stands in the history of the shell."""
    key = make(shell)

    ran = shell.run("apikey", "revoke", key)

    assert ran.code == 2
    assert "Use the id" in ran.err
    assert "history" in ran.err
