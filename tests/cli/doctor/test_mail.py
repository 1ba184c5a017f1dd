"""What the doctor says of letters, with a real SMTP server and a real store."""

import asyncio
from pathlib import Path

import pytest

from cli.shell import Shell
from parts.smtp import Mode, SmtpServer, smtp_server
from watchword.cli.doctor.examination import examine
from watchword.cli.doctor.findings import Finding, Grade
from watchword.cli.doctor.mail import judge_sender, look_at_mail
from watchword.core.kernel.clock import SystemClock
from watchword.settings.load import load

LOGIN = ("watchword", "a secret of the mail server")
WITH_LOGIN = {"username": LOGIN[0], "password": LOGIN[1]}


def look(server: SmtpServer | None, **mail: object) -> list[Finding]:
    """Look at the mail server that these settings name."""
    needed: dict[str, object] = {}
    if server is not None:
        needed = {
            "smtp_host": server.host,
            "smtp_port": server.port,
            "tls": server.mode,
            "sender": "id@example.org",
            "timeout_s": 2.0,
            "ca_file": str(server.certificate) if server.mode != "none" else "",
        }
    settings = load(environ={}, overrides={"mail": needed | mail})
    return asyncio.run(look_at_mail(settings))


def examined(shell: Shell) -> dict[str, Finding]:
    settings = load(environ={}, overrides=shell.overrides)
    findings = asyncio.run(examine(settings, SystemClock(), seconds=0))
    return {one.check: one for one in findings}


def invites(shell: Shell, *addresses: str) -> None:
    for address in addresses:
        shell.ask("account", "invite", address)


def test_without_a_mail_server_letters_stay() -> None:
    """That is no fault; who wants them elsewhere reads where they are."""
    (finding,) = look(None)

    assert finding.grade is Grade.OK
    assert "watchword mail list" in finding.found


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
def test_a_mail_server_that_would_take_letters_is_well(mode: Mode) -> None:
    """It was asked as far as the sender, and nothing was sent."""
    with smtp_server(mode, login=LOGIN) as server:
        found = look(server, **WITH_LOGIN)
        server.wait_until_idle()

    assert [(one.check, one.grade) for one in found] == [
        ("mail_server", Grade.OK),
        ("mail_sender", Grade.OK),
    ]
    assert server.connections == 1
    assert server.letters == []


@pytest.mark.parametrize(
    ("mail", "advice"),
    [
        ({"ca_file": ""}, "mail.ca_file"),
        ({**WITH_LOGIN, "password": "wrong"}, "mail.password"),
        ({}, "mail.username"),
        ({"tls": "implicit"}, "mail.tls"),
    ],
)
def test_what_is_in_the_way_fails(mail: dict[str, object], advice: str) -> None:
    """With its reason, and which setting to look at."""
    with smtp_server("starttls", login=LOGIN) as server:
        finding, _ = look(server, **mail)

    assert finding.grade is Grade.FAIL
    assert finding.found.startswith(f"localhost port {server.port}: ")
    assert advice in finding.advice


def test_a_mail_server_that_is_away_fails() -> None:
    """So is one that does not take letters from us."""
    with smtp_server() as server:
        server.on("MAIL", "550 5.7.1 not from you")
        unwelcome, _ = look(server)
        server.stop()
        away, _ = look(server)

    assert unwelcome.grade is away.grade is Grade.FAIL
    assert "mail.sender" in unwelcome.advice
    assert "mail.smtp_port" in away.advice


def test_settings_that_cannot_work_fail(tmp_path: Path) -> None:
    """A folder of templates that is not there, with a mail server and without."""
    with smtp_server() as server:
        found = [
            *look(server, templates=str(tmp_path / "none")),
            *look(None, templates=str(tmp_path / "none")),
        ]

    assert [one.grade for one in found] == [Grade.FAIL, Grade.FAIL]
    assert all("mail.templates" in one.found for one in found)


@pytest.mark.parametrize(
    ("sender", "grade"),
    [
        ("id@example.org", Grade.OK),
        ("id@mail.example.org", Grade.OK),
        ("no-reply@localhost", Grade.WARN),
        ("id@server.local", Grade.WARN),
        ("id@intranet", Grade.WARN),
    ],
)
def test_a_sender_that_nobody_finds_is_a_warning(sender: str, grade: Grade) -> None:
    """Many mail servers take no letter from a domain that is not there."""
    assert judge_sender(sender).grade is grade


def test_letters_that_wait_for_long_are_a_warning(shell: Shell) -> None:
    """A minute is nothing; after an hour something is wrong."""
    shell.has("boss", "--role", "admin")
    invites(shell, "ada@example.org", "bob@example.org")
    early = examined(shell)["letters_waiting"]
    shell.sets("UPDATE letters SET created_at = created_at - 3700 * 1000000")

    late = examined(shell)["letters_waiting"]

    assert early.grade is Grade.OK
    assert late.grade is Grade.WARN
    assert late.found.endswith(": 2")
    assert "watchword mail list --standing waiting" in late.advice


def test_letters_that_were_refused_lately_are_a_warning(shell: Shell) -> None:
    """For a day; nobody wants to read of them for ever."""
    shell.has("boss", "--role", "admin")
    invites(shell, "ada@example.org", "bob@example.org")
    shell.sets("UPDATE letters SET standing = 'refused', settled_at = created_at")
    today = examined(shell)["letters_refused"]
    shell.sets("UPDATE letters SET settled_at = settled_at - 25 * 3600 * 1000000")

    later = examined(shell)["letters_refused"]

    assert today.grade is Grade.WARN
    assert today.found.endswith(": 2")
    assert "watchword mail retry --refused" in today.advice
    assert later.grade is Grade.OK
