"""`watchword mail test`, against a real SMTP server."""

import pytest

from cli.shell import Ran, Shell
from parts.smtp import DROP, Mode, Phase, SmtpServer, smtp_server

ADDRESS = "ada@example.org"
LOGIN = ("watchword", "a secret of the mail server")


def tries(shell: Shell, server: SmtpServer, *words: str, **mail: object) -> Ran:
    """Send a test letter by this mail server, with these settings beside what it needs."""
    shell.ask("migrate")
    values: dict[str, object] = {
        "smtp_host": server.host,
        "smtp_port": server.port,
        "tls": server.mode,
        "sender": "id@example.org",
        "timeout_s": 2.0,
    }
    if server.mode != "none":
        values["ca_file"] = str(server.certificate)
    lines = [f"{name} = {_toml(value)}" for name, value in (values | mail).items()]
    file = shell.folder / "watchword.toml"
    file.write_text("\n".join(["[mail]", *lines, ""]))
    return shell.run("mail", "test", *(words or (ADDRESS,)), "--config", str(file))


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
def test_a_letter_is_sent_now(shell: Shell, mode: Mode) -> None:
    """It is there when the command ends, and nothing of it stays in the outbox."""
    login = {"username": LOGIN[0], "password": LOGIN[1]}
    with smtp_server(mode, login=LOGIN) as server:
        plain = tries(shell, server, **login)
        told = tries(shell, server, ADDRESS, "--json", **login).document["test"]

    assert plain.code == 0
    assert plain.out.startswith(f"localhost port {server.port} took the letter to {ADDRESS}.\n")
    assert (told["to"], told["outcome"]) == (ADDRESS, "accepted")
    assert set(told) == {"to", "server", "outcome", "reason"}
    assert [one.recipients for one in server.letters] == [(ADDRESS,)] * 2
    assert {one.user for one in server.letters} == {LOGIN[0]}
    assert shell.ask("mail", "list")["letters"] == []


def test_without_a_mail_server_nothing_is_sent(shell: Shell) -> None:
    """It says which setting is missing, and where letters are."""
    shell.ask("migrate")

    ran = shell.run("mail", "test", ADDRESS)
    document = shell.run("mail", "test", ADDRESS, "--json")

    assert ran.code == 1
    assert "mail.smtp_host is not set" in ran.err
    assert document.error["code"] == "no_mail_server"


def test_what_is_no_address_is_refused(shell: Shell) -> None:
    """Before anybody is asked."""
    with smtp_server() as server:
        ran = tries(shell, server, "ada", "--json")

    assert (ran.code, ran.error["code"]) == (1, "address_invalid")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("phase", "answer", "outcome", "advice"),
    [
        ("RCPT", "550 5.1.1 nobody here", "refused", "Look at the address"),
        ("RCPT", "451 4.7.1 come again", "deferred", "try again in some minutes"),
        ("MAIL", "550 5.7.1 not from you", "unreachable", "mail.sender"),
        ("CONNECT", "421 4.3.2 full", "unreachable", "try again in some minutes"),
    ],
)
def test_what_it_says_is_told(
    shell: Shell, phase: Phase, answer: str, outcome: str, advice: str
) -> None:
    """In its own words and in plain ones, with what to do; exit 1."""
    with smtp_server() as server:
        server.on(phase, answer)
        plain = tries(shell, server)
        document = tries(shell, server, ADDRESS, "--json")

    assert (plain.code, document.code) == (1, 1)
    assert f"\nReason: {answer}\n" in plain.out
    assert advice in plain.out
    assert document.document["test"]["outcome"] == outcome
    assert document.document["test"]["reason"] == answer


def test_a_connection_that_is_cut_is_told(shell: Shell) -> None:
    """The same happens at a wrong port, so those are named."""
    with smtp_server() as server:
        server.on("EHLO", DROP)
        ran = tries(shell, server)

    assert ran.code == 1
    assert "mail.smtp_port and mail.tls" in ran.out


def test_a_wrong_password_is_told(shell: Shell) -> None:
    """Which settings those are; the password is not repeated."""
    with smtp_server("starttls", login=LOGIN) as server:
        ran = tries(shell, server, username=LOGIN[0], password="another, quite wrong")

    assert ran.code == 1
    assert "\nReason: 535 " in ran.out
    assert "mail.username and mail.password" in ran.out
    assert "quite wrong" not in ran.out


def test_a_forgotten_log_in_is_told(shell: Shell) -> None:
    """The mail server wants one, and none is set."""
    with smtp_server(login=LOGIN) as server:
        ran = tries(shell, server)

    assert ran.code == 1
    assert "\nReason: 530 " in ran.out
    assert "mail.username and mail.password" in ran.out


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
def test_a_certificate_that_is_not_good_is_told(shell: Shell, mode: Mode) -> None:
    """One of an unknown authority, and one for another name."""
    with smtp_server(mode) as server, smtp_server(mode, names=("mail.example.org",)) as other:
        unknown = tries(shell, server, ca_file="")
        misnamed = tries(shell, other)

    for ran in (unknown, misnamed):
        assert ran.code == 1
        assert "mail.smtp_host must be a name in its certificate" in ran.out
        assert "mail.ca_file" in ran.out


@pytest.mark.parametrize(
    ("mode", "tls"), [("none", "starttls"), ("none", "implicit"), ("implicit", "none")]
)
def test_the_wrong_way_to_connect_is_told(shell: Shell, mode: Mode, tls: str) -> None:
    """With which port goes with which."""
    with smtp_server(mode) as server:
        ran = tries(shell, server, tls=tls, timeout_s=0.5)

    assert ran.code == 1
    assert 'port 465 is "implicit"' in ran.out


def test_nobody_at_home_is_told(shell: Shell) -> None:
    """A port on which nobody listens, and a name that no machine has."""
    with smtp_server() as server:
        server.stop()
        closed = tries(shell, server)
    unknown = tries(shell, server, smtp_host="mail.nowhere.invalid")

    assert closed.code == unknown.code == 1
    assert "listens on no such port" in closed.out
    assert "mail.smtp_host" in unknown.out


def test_what_a_mail_server_says_steers_no_terminal(shell: Shell) -> None:
    """It is a stranger's text."""
    with smtp_server() as server:
        server.on("RCPT", "550 5.1.1 \x1b[2Jgone")
        ran = tries(shell, server)

    assert "gone" in ran.out
    assert "\x1b" not in ran.out
