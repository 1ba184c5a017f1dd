"""Which way letters leave, and what is wrong before the first one does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchword.app.house import open_house, rules
from watchword.app.postroom import make_mailer
from watchword.cli.calls import OPERATOR
from watchword.core.kernel.errors import InvalidError
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refused
from watchword.core.services.delivery import CLAIM
from watchword.mail.console import ConsoleMailer
from watchword.mail.line import DOT_TIMEOUT_S
from watchword.mail.smtp import SmtpMailer
from watchword.settings.keys import known_keys
from watchword.settings.load import load
from watchword.settings.model import Settings

AT = datetime(2030, 1, 1, tzinfo=UTC)
RESET = Letter(kind=LetterKind.RESET, to="ada@example.org", page="reset", secret="s" * 32)
STEPS_BEFORE_THE_DOT = 8
"""Connect, EHLO, STARTTLS, EHLO, AUTH, MAIL, RCPT, DATA."""


def settings(folder: Path, **mail: object) -> Settings:
    return load(environ={}, overrides={"data": str(folder), "mail": mail})


def with_server(folder: Path, **mail: object) -> Settings:
    return settings(folder, **{"smtp_host": "localhost", "sender": "id@example.com", **mail})


def test_without_a_mail_server_letters_end_here(tmp_path: Path) -> None:
    """On the console; nothing has to be set for it."""
    mailer = make_mailer(settings(tmp_path))

    assert isinstance(mailer, ConsoleMailer)
    assert mailer.is_last


def test_with_one_they_leave(tmp_path: Path) -> None:
    """By SMTP."""
    mailer = make_mailer(with_server(tmp_path))

    assert isinstance(mailer, SmtpMailer)
    assert not mailer.is_last


def test_links_begin_with_public_url(tmp_path: Path) -> None:
    """Without it letters have none, and tickets end with their codes."""
    known = load(environ={}, overrides={"data": str(tmp_path), "public_url": "https://id.example"})

    linked = make_mailer(known).word(RESET, at=AT).text
    plain = make_mailer(settings(tmp_path)).word(RESET, at=AT).text

    assert "https://id.example/account/reset?ticket=" in linked
    assert "://" not in plain
    assert rules(known).tickets.has_links
    assert not rules(settings(tmp_path)).tickets.has_links


def test_an_operators_language_and_name(tmp_path: Path) -> None:
    """Are in letters to readers who asked for nothing."""
    mailer = make_mailer(settings(tmp_path, language="de", sender_name="Passierschein A 38"))

    worded = mailer.word(RESET, at=AT)

    assert "Passwort" in worded.subject
    assert "Passierschein A 38" in worded.text


@pytest.mark.parametrize(
    ("mail", "named"),
    [
        ({"ca_file": "missing.pem"}, r"mail\.ca_file: .*missing\.pem cannot be used: No such file"),
        ({"ca_file": "__file__"}, r"mail\.ca_file: .*cannot be used"),
        ({"templates": "missing"}, r"mail\.templates: .*missing is not a folder"),
        (
            {"smtp_host": "mail.example.com", "tls": "none", "username": "a", "password": "b"},
            r"mail\.tls: .*in the open",
        ),
        ({"sender": "jörg@example.com"}, r"mail\.sender: "),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, mail: dict[str, str], named: str) -> None:
    """With the key that it is about."""
    said = {key: __file__ if value == "__file__" else value for key, value in mail.items()}

    with pytest.raises(InvalidError, match=named):
        make_mailer(with_server(tmp_path, **said))


async def test_a_command_that_needs_no_letter_works_all_the_same(tmp_path: Path) -> None:
    """Who looks at accounts is not told about templates; who looks at letters is."""
    chosen = settings(tmp_path, templates="missing")
    async with open_house(chosen) as house:
        accounts = await house.services.accounts.page(OPERATOR)

        with pytest.raises(InvalidError, match="templates"):
            await house.services.mailbox.test(OPERATOR, "ada@example.org")

    assert not isinstance(accounts, Refused)


def test_nobody_takes_a_letter_that_is_being_sent() -> None:
    """However long each answer of the mail server may take by our settings."""
    longest = next(
        meta.le for meta in known_keys()["mail.timeout_s"].kind.__metadata__ if meta.le is not None
    )

    assert timedelta(seconds=STEPS_BEFORE_THE_DOT * longest + DOT_TIMEOUT_S) < CLAIM


def test_each_choice_reaches_the_core() -> None:
    """Days, hours and counts arrive as what they are."""
    chosen = load(
        environ={},
        overrides={
            "mail": {"keep_days": 3},
            "tickets": {
                "confirm_hours": 1,
                "reset_minutes": 10,
                "change_hours": 2,
                "undo_days": 3,
                "join_days": 4,
            },
            "limits": {"letters_per_address": 5},
        },
    )

    found = rules(chosen)

    assert found.letters_kept_for == timedelta(days=3)
    assert (found.tickets.confirm, found.tickets.reset) == (
        timedelta(hours=1),
        timedelta(minutes=10),
    )
    assert (found.tickets.change, found.tickets.undo) == (timedelta(hours=2), timedelta(days=3))
    assert found.tickets.join == timedelta(days=4)
    assert (found.letters.per_address, found.registration.per_address) == (5, 5)


@pytest.mark.parametrize(
    ("word", "is_open", "takes_invitations"),
    [("open", True, True), ("invitation", False, True), ("closed", False, False)],
)
def test_who_may_register(word: str, *, is_open: bool, takes_invitations: bool) -> None:
    """Closed is closed to invited people too."""
    registration = rules(load(environ={}, overrides={"registration": word})).registration

    assert (registration.is_open, registration.takes_invitations) == (is_open, takes_invitations)
