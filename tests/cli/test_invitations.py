"""`watchword account invite`, on a real store."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.shell import Shell

ADDRESS = "ada@example.org"


def reachable(shell: Shell) -> tuple[str, str]:
    """Return what says where people reach the server."""
    config = shell.folder.with_name("watchword.toml")
    config.write_text('public_url = "https://id.example.org"\n')
    return "--config", str(config)


def left(told: dict[str, str]) -> timedelta:
    return datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)


def test_somebody_is_invited(each_shell: Shell) -> None:
    """For a week, as a user; the letter waits to be sent, and has a link."""
    each_shell.ask("migrate")
    where = reachable(each_shell)

    document = each_shell.ask("account", "invite", ADDRESS, *where)
    letter = each_shell.ask("mail", "show", "latest", *where)["letter"]
    told = document["invitation"]

    assert set(document) == {"invitation"}
    assert (told["address"], told["role"]) == (ADDRESS, "user")
    assert timedelta(days=6, hours=23) < left(told) <= timedelta(days=7)
    assert (letter["kind"], letter["to"]) == ("invitation", ADDRESS)
    assert "https://id.example.org/account/join?ticket=" in letter["text"]


def test_without_a_link_there_is_not_much_time(shell: Shell) -> None:
    """Nobody knows where our pages are, so there is a code alone: that is a warning."""
    shell.ask("migrate")

    document = shell.ask("account", "invite", ADDRESS)
    ran = shell.run("account", "invite", ADDRESS)

    assert left(document["invitation"]) <= timedelta(minutes=10)
    assert "public_url" in document["warnings"][0]
    assert ran.err.startswith("Warning: public_url is not set")


def test_people_read_what_happens_next(shell: Shell) -> None:
    """Whom, as what, and until when."""
    shell.ask("migrate")

    ran = shell.run("account", "invite", ADDRESS, "--role", "admin", *reachable(shell))

    assert ran.out.startswith(f"Invited {ADDRESS} (admin), until 20")
    assert ran.out.endswith(" UTC. A running server sends the letter at once.\n")
    assert ran.err == ""


def test_an_invitation_is_recorded(shell: Shell) -> None:
    """By the operator, about the letter: no address stands in the audit trail."""
    shell.ask("migrate")
    shell.ask("account", "invite", ADDRESS)

    (event,) = shell.ask("audit", "list")["events"]
    (letter,) = shell.ask("mail", "list")["letters"]

    assert (event["action"], event["actor"]) == ("account.invite", "operator")
    assert event["subject"] == letter["id"]
    assert "ada" not in str(event)


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("ada",), 1, "address_invalid"),
        (("a b@example.org",), 1, "address_invalid"),
        (("ADA@example.org",), 1, "address_taken"),
        (("bob@example.org", "--role", "king"), 2, "usage"),
        ((), 2, "usage"),
    ],
)
def test_what_cannot_be_is_refused(
    shell: Shell, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    """With a word for scripts, and no letter is written."""
    shell.has("ada", "--email", ADDRESS)

    ran = shell.run("account", "invite", *words, "--json")

    assert (ran.code, ran.out, ran.error["code"]) == (exit_code, "", code)
    assert shell.ask("mail", "list")["letters"] == []


def test_where_registration_is_closed_nobody_is_invited(shell: Shell) -> None:
    """The way that is left is told."""
    shell.ask("migrate")
    config = shell.folder / "watchword.toml"
    config.write_text('registration = "closed"\n')

    ran = shell.run("account", "invite", ADDRESS, "--config", str(config))

    assert ran.code == 1
    assert "watchword account create" in ran.err
