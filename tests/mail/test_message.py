"""Messages: the headers that belong there, and no name or address that can add one."""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mail.stationery import AT, CODE, letter, writer
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter, LetterKind
from watchword.mail.mailbox import Mailbox
from watchword.mail.message import octets_of

ID = LetterId("00000000-0000-4000-8000-000000000001")
TO = Mailbox("ada", "example.net")
HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Content-Language"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
]
NASTY = (
    *("\r\nBcc: eve@evil.example", "\nTo: eve@evil.example", "\r", "\0", "\r\n\r\n", "\u2028"),
    *(", eve@evil.example", "<eve@evil.example>", '"', "\\", "(", ")", ";", ":", "@", "[", "]"),
    *("=?utf-8?q?=0ABcc:_eve=40evil.example?=", "=?", "?=", "ä", "ß", "例", "💌", "é", " "),
    *("x" * 30, ".", "-", "_", "ada"),
)
nasty = st.lists(st.sampled_from(NASTY), max_size=25).map("".join) | st.text(max_size=90)
letters = st.builds(
    letter,
    st.sampled_from(LetterKind),
    **dict.fromkeys(("name", "about", "to", "code", "language", "page", "secret"), nasty),
)
SEVERAL = settings(deadline=None, max_examples=100)


def sent(message: EmailMessage) -> EmailMessage:
    """Return a message as who gets it reads it."""
    parsed = email.message_from_bytes(octets_of(message, utf8=False), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_a_letter_has_the_headers_of_an_automatic_one() -> None:
    """From whom, to whom, when, in which language, and that nobody needs to answer."""
    message = sent(writer().message(ID, letter(), to=TO, at=AT))

    assert sorted(message.keys()) == sorted(HEADERS)
    assert message["From"] == "Example Works <no-reply@example.com>"
    assert message["To"] == "ada@example.net"
    assert message["Subject"] == "Confirm your address for Example Works"
    assert message["Date"] == "Mon, 03 Feb 2031 09:05:00 +0000"
    assert message["Content-Language"] == "en"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message.get_content_type() == "multipart/alternative"


def test_each_try_has_the_same_id() -> None:
    """Where a mail server got it twice it can see that."""
    first = writer().message(ID, letter(), to=TO, at=AT)
    second = writer().message(ID, letter(), to=TO, at=AT + timedelta(hours=1))

    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@example.com>"


def test_two_letters_at_once_are_the_same_octets() -> None:
    """Nothing of chance is in them."""
    one, two = (octets_of(writer().message(ID, letter(), to=TO, at=AT), utf8=False) for _ in "12")

    assert one == two


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("language", ["en", "de"])
def test_text_and_html_arrive_as_they_were_written(kind: LetterKind, language: str) -> None:
    """Umlauts, quotes and long links too, over a line of seven bits and short lines."""
    written = letter(kind, language=language)
    message = writer().message(ID, written, to=TO, at=AT)
    octets, said = octets_of(message, utf8=False), writer().word(written, at=AT)

    text, html = sent(message).get_body(("plain",)), sent(message).get_body(("html",))

    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == said.text
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == said.html
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert b"\r" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    assert sent(message).get_content_type() == "multipart/alternative"


@SEVERAL
@given(written=letters)
@example(letter(name="ada\r\nBcc: eve@evil.example"))
def test_nothing_of_a_letter_adds_a_header_or_a_recipient(written: Letter) -> None:
    """Whatever somebody typed for a name or an address."""
    message = sent(writer().message(ID, written, to=TO, at=AT))

    assert sorted(message.keys()) == sorted(HEADERS)
    assert [one.addr_spec for one in message["To"].addresses] == ["ada@example.net"]
    assert [one.addr_spec for one in message["From"].addresses] == ["no-reply@example.com"]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@SEVERAL
@given(name=nasty, letter_id=nasty.filter(bool))
@example('Example, "Inc." <eve@evil.example>', "x")
@example("ä" * 60, "x")
@example(f"{'x' * 50}, eve@evil.example", "x")
@example("=?utf-8?q?=0ABcc:_eve=40evil.example?=", "x")
def test_no_name_of_a_sender_adds_anything(name: str, letter_id: str) -> None:
    """An operator's slip, or a joke, does not make another sender."""
    written = writer(sender_name=name).message(LetterId(letter_id), letter(), to=TO, at=AT)

    message = sent(written)

    assert sorted(message.keys()) == sorted(HEADERS)
    assert [one.addr_spec for one in message["From"].addresses] == ["no-reply@example.com"]
    assert [one.addr_spec for one in message["To"].addresses] == ["ada@example.net"]
    assert message["Message-ID"].isascii()


@pytest.mark.parametrize(
    "name",
    [
        "Example Works",
        "Müller & Söhne",
        "Example, Inc.",
        'The "Works"',
        "例のワークス",
        "a@b",
        "O'Hara",
    ],
)
def test_a_name_of_a_sender_arrives_as_it_was_set(name: str) -> None:
    """With quotes, commas, and letters beyond ASCII."""
    message = sent(writer(sender_name=name).message(ID, letter(), to=TO, at=AT))

    assert message["From"].addresses[0].display_name == name
    assert message["Subject"] == f"Confirm your address for {name}"


def test_a_domain_of_a_sender_is_written_in_ascii() -> None:
    """In the header and in the id."""
    message = sent(writer(sender="post@müller.example").message(ID, letter(), to=TO, at=AT))

    assert message["From"].addresses[0].addr_spec == "post@xn--mller-kva.example"
    assert message["Message-ID"] == f"<{ID}@xn--mller-kva.example>"


def test_an_address_beyond_ascii_is_written_as_it_is() -> None:
    """For a mail server that knows SMTPUTF8: nothing else could be answered."""
    message = writer().message(ID, letter(), to=Mailbox("jörg", "example.net"), at=AT)

    octets = octets_of(message, utf8=True)

    assert "\r\nTo: jörg@example.net\r\n".encode() in octets
    assert CODE.encode() in octets
