"""What becomes of a letter, by a real mail server that takes it, refuses it, stalls or drops."""

import asyncio
from collections.abc import Iterator

import pytest

from mail.posting import ID, mailer_for, send
from mail.stationery import AT, BASE, CODE, SECRET, letter, writer
from parts.loglines import LogLines
from parts.smtp import DROP, STALL, Mode, Phase, SmtpServer, smtp_server
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import LetterKind
from watchword.core.ports import Mailer, Outcome, Posting
from watchword.mail.line import Tls

BEFORE_THE_DOT: tuple[Phase, ...] = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server() as running:
        yield running


async def test_a_letter_arrives_as_it_was_written(server: SmtpServer) -> None:
    """One recipient, our sender, the same words."""
    posting = await send(mailer_for(server))

    (taken,) = server.letters
    assert posting == Posting(Outcome.ACCEPTED, "250 2.0.0 taken")
    assert (taken.sender, taken.recipients) == ("no-reply@example.com", ("ada@example.net",))
    assert taken.message_id == f"<{ID}@example.com>"
    assert taken.message["Subject"] == "Confirm your address for Example Works"
    assert taken.link.endswith(f"/account/confirm?ticket={SECRET}")
    assert taken.code == CODE
    assert SECRET in taken.html
    assert not taken.is_encrypted


async def test_lines_that_begin_with_a_dot_arrive(server: SmtpServer) -> None:
    """RFC 5321, 4.5.2; a letter that ends early would be half a letter."""
    about = f"{'.' * 50}@example.org"

    posting = await send(mailer_for(server), kind=LetterKind.CHANGE_REQUESTED, about=about)

    (taken,) = server.letters
    assert posting.outcome is Outcome.ACCEPTED
    assert f"\n{about} instead" in taken.text.replace("\r\n", "\n")
    assert taken.octets.count(b"\r\n...") >= 1


async def test_the_server_hears_goodbye(server: SmtpServer) -> None:
    """Else its log is full of lost connections. Nobody waits for its answer."""
    server.on("QUIT", STALL)

    posting = await send(mailer_for(server))

    assert posting.outcome is Outcome.ACCEPTED
    assert await server.eventually_heard(1)


@pytest.mark.parametrize("act", [STALL, DROP, "500 what?", "421 gone"])
async def test_no_goodbye_can_undo_a_letter(server: SmtpServer, act: str) -> None:
    """It was taken with the 250."""
    server.on("QUIT", act)

    assert (await send(mailer_for(server))).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
async def test_a_server_that_drops_has_not_heard_of_the_letter(
    server: SmtpServer, phase: Phase
) -> None:
    """Before the final dot nobody can have taken it."""
    server.on(phase, DROP)

    posting = await send(mailer_for(server))

    assert posting.outcome is Outcome.UNREACHABLE
    assert posting.reason in {"It closed the connection.", "Connection reset by peer"}
    assert server.letters == []


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
async def test_a_server_that_stalls_is_given_up(server: SmtpServer, phase: Phase) -> None:
    """After the time for one step, whichever it is."""
    server.on(phase, STALL)

    posting = await send(mailer_for(server, timeout_s=0.2))

    assert posting == Posting(Outcome.UNREACHABLE, "It did not answer within 0.2 s.")
    assert server.letters == []


async def test_a_server_may_think_about_a_letter_for_longer(server: SmtpServer) -> None:
    """The time for the last answer is another than for the rest; then nobody knows."""
    server.on("DOT", STALL)

    posting = await send(mailer_for(server, timeout_s=5.0, dot_timeout_s=0.2))

    assert posting.outcome is Outcome.DEFERRED
    assert "may have taken it: It did not answer within 0.2 s." in posting.reason


@pytest.mark.parametrize("phase", ["DOT", "TAKEN"])
async def test_a_connection_that_is_lost_after_the_dot_leaves_a_doubt(
    server: SmtpServer, phase: Phase
) -> None:
    """The letter is tried again, with the same Message-ID."""
    server.on(phase, DROP, times=1)
    mailer = mailer_for(server)

    first, second = await send(mailer), await send(mailer)

    assert (first.outcome, second.outcome) == (Outcome.DEFERRED, Outcome.ACCEPTED)
    assert "may have taken it" in first.reason
    assert {one.message_id for one in server.letters} == {f"<{ID}@example.com>"}


@pytest.mark.parametrize(
    ("phase", "answer", "outcome"),
    [
        ("CONNECT", "421 4.3.2 too busy", Outcome.UNREACHABLE),
        ("CONNECT", "554 5.7.1 not you", Outcome.UNREACHABLE),
        ("EHLO", "421 4.3.2 too busy", Outcome.UNREACHABLE),
        ("EHLO", "550 5.7.1 not you", Outcome.UNREACHABLE),
        ("MAIL", "451 4.7.1 later", Outcome.DEFERRED),
        ("MAIL", "553 5.7.1 not your sender", Outcome.UNREACHABLE),
        ("RCPT", "450 4.2.0 later", Outcome.DEFERRED),
        ("RCPT", "421 4.3.2 going down", Outcome.DEFERRED),
        ("RCPT", "550 5.1.1 nobody here", Outcome.REFUSED),
        ("RCPT", "551 not here", Outcome.REFUSED),
        ("RCPT", "553 odd name", Outcome.REFUSED),
        ("RCPT", "554 5.1.2 no such domain", Outcome.REFUSED),
        ("RCPT", "554 5.7.1 relay denied", Outcome.DEFERRED),
        ("DATA", "451 4.3.0 later", Outcome.DEFERRED),
        ("DATA", "554 no", Outcome.DEFERRED),
        ("DOT", "452 4.3.1 disk full", Outcome.DEFERRED),
        ("DOT", "554 5.6.0 junk", Outcome.DEFERRED),
    ],
)
async def test_what_the_server_answers_decides(
    server: SmtpServer, phase: Phase, answer: str, outcome: Outcome
) -> None:
    """And its words are kept for the operator."""
    server.on(phase, answer)

    posting = await send(mailer_for(server))

    assert posting == Posting(outcome, answer)
    assert server.letters == []


@pytest.mark.parametrize(
    "quoted",
    [
        f"554 5.7.1 {BASE}/account/confirm?ticket={SECRET} is listed, {CODE} is not",
        f"554-5.7.1 ticket=3D{SECRET[:9]}=\r\n554 5.7.1 {SECRET[9:].upper()}, {CODE.lower()}",
        f"250 2.0.0 taken with {SECRET} and {CODE}",
    ],
    ids=["whole", "in two lines", "taken"],
)
async def test_what_the_server_quotes_of_a_letter_is_not_kept(
    server: SmtpServer, quoted: str
) -> None:
    """Who reads the list of letters, or the database, can use no link and no code by that."""
    server.on("DOT", quoted)

    posting = await send(mailer_for(server))

    kept = posting.reason.lower()
    assert kept.startswith(quoted[:3])
    assert "…" in kept
    assert not [piece for piece in (SECRET[9:], SECRET[:9], CODE) if piece.lower() in kept]


@pytest.mark.parametrize("mode", ["none", "starttls", "implicit"])
async def test_a_yes_is_told_before_anything_else(mode: Mode) -> None:
    """At once: before the letter is said to be sent, and before the server hears goodbye."""
    told: list[bool] = []
    with smtp_server(mode) as server:

        def on_yes() -> None:
            told.append(any(one.heard for one in server.letters))

        posting = await mailer_for(server).send(ID, letter(), at=AT, on_yes=on_yes)
        was_told = list(told)
        await server.eventually_heard(1)

        assert posting.outcome is Outcome.ACCEPTED
        assert was_told == told == [False]


@pytest.mark.parametrize("phase", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "TAKEN"])
@pytest.mark.parametrize("act", ["451 later", "550 no", DROP])
async def test_nothing_but_a_yes_is_told_as_one(server: SmtpServer, phase: Phase, act: str) -> None:
    """Else a letter would be lost."""
    told: list[str] = []
    server.on(phase, act)

    posting = await mailer_for(server).send(ID, letter(), at=AT, on_yes=lambda: told.append(""))

    assert posting.outcome is not Outcome.ACCEPTED
    assert told == []


async def test_a_check_goes_as_far_as_a_letter_and_sends_none(server: SmtpServer) -> None:
    """It finds what would be in a letter's way."""
    mailer = mailer_for(server)
    well = await mailer.check()
    server.on("MAIL", "553 5.7.1 not your sender")
    refused = await mailer.check()
    server.stop()
    down = await mailer.check()

    assert well is None
    assert refused == Posting(Outcome.UNREACHABLE, "553 5.7.1 not your sender")
    assert down is not None
    assert down.outcome is Outcome.UNREACHABLE
    assert server.letters == []


async def test_one_that_is_refused_does_not_hinder_the_next(server: SmtpServer) -> None:
    """Each letter has a connection of its own."""
    server.on("RCPT", "550 5.1.1 nobody here", to="bob@")
    mailer = mailer_for(server)

    refused, taken = await send(mailer, to="bob@example.net"), await send(mailer)

    assert (refused.outcome, taken.outcome) == (Outcome.REFUSED, Outcome.ACCEPTED)
    assert server.connections == 2


async def test_a_server_that_is_down_is_unreachable_and_then_is_not(server: SmtpServer) -> None:
    """The letter goes as soon as it is back."""
    mailer = mailer_for(server)
    server.stop()
    down = await send(mailer)
    server.start()

    assert down.outcome is Outcome.UNREACHABLE
    assert "Connect" in down.reason
    assert (await send(mailer)).outcome is Outcome.ACCEPTED


async def test_a_host_that_is_not_there_is_unreachable(server: SmtpServer) -> None:
    """With the reason of who looked for it."""
    for host in ("mail.invalid", "mail..invalid", "x" * 64 + ".invalid"):
        posting = await send(mailer_for(server, host=host))

        assert posting.outcome is Outcome.UNREACHABLE
        assert posting.reason


async def test_something_that_is_no_mail_server_is_unreachable(server: SmtpServer) -> None:
    """Whatever it says."""
    for greeting in ("HTTP/1.1 400 Bad Request", "220-" + "x" * 9000, "abc", "250 hello"):
        server.heal()
        server.on("CONNECT", greeting)

        posting = await send(mailer_for(server))

        assert posting.outcome is Outcome.UNREACHABLE
        assert len(posting.reason) <= 200


async def test_a_domain_beyond_ascii_is_written_in_ascii(server: SmtpServer) -> None:
    """Any mail server takes that."""
    posting = await send(mailer_for(server), to="ada@müller.example")

    (taken,) = server.letters
    assert posting.outcome is Outcome.ACCEPTED
    assert taken.recipients == ("ada@xn--mller-kva.example",)
    assert taken.message["To"] == "ada@xn--mller-kva.example"
    assert "SMTPUTF8" not in taken.options


async def test_a_name_beyond_ascii_needs_a_server_that_knows_it(server: SmtpServer) -> None:
    """One that does takes it as it is."""
    posting = await send(mailer_for(server), to="jörg@müller.example")

    (taken,) = server.letters
    assert posting.outcome is Outcome.ACCEPTED
    assert taken.recipients == ("jörg@xn--mller-kva.example",)
    assert "SMTPUTF8" in taken.options
    assert "\nTo: jörg@xn--mller-kva.example".encode() in taken.octets


async def test_a_server_that_does_not_know_it_never_sees_the_letter() -> None:
    """There is no other spelling of that address; the reason says what is missing."""
    with smtp_server(utf8=False) as server:
        posting = await send(mailer_for(server), to="jörg@example.net")
        other = await send(mailer_for(server))

        assert posting.outcome is Outcome.REFUSED
        assert "SMTPUTF8" in posting.reason
        assert other.outcome is Outcome.ACCEPTED
        assert len(server.letters) == 1


@pytest.mark.parametrize(
    "to", ["", "ada", "ada@example.net>\r\nRCPT TO:<eve@evil.example", "a@b@c", "a b@example.net"]
)
async def test_what_is_no_address_is_refused_here(server: SmtpServer, to: str) -> None:
    """The mail server is not even asked."""
    posting = await send(mailer_for(server), to=to)

    assert posting == Posting(Outcome.REFUSED, "This is no address that a letter can be sent to.")
    assert server.connections == 0


async def test_a_fault_of_ours_stops_no_other_letter(
    server: SmtpServer, log_lines: LogLines
) -> None:
    """It is told without the letter, which waits."""
    posting = await mailer_for(server).send(ID, letter(code_ends_at="soon"), at=None)  # type: ignore[arg-type] # a fault

    (line,) = log_lines.of("a letter could not be sent")
    assert posting.outcome is Outcome.DEFERRED
    assert (line["letter"], line["because"]) == (ID, "TypeError")
    for secret in (SECRET, CODE, "ada@example.net"):
        assert secret not in log_lines.text()


@pytest.mark.parametrize("phase", ["CONNECT", "EHLO", "RCPT", "DATA", "DOT"])
async def test_cancelling_ends_the_connection_at_once(server: SmtpServer, phase: Phase) -> None:
    """Whatever it waits for; the server sees that we are gone."""
    server.on(phase, STALL)
    sending = asyncio.create_task(send(mailer_for(server, timeout_s=60.0, dot_timeout_s=60.0)))
    await server.eventually_stalled()

    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    await server.eventually_idle()


async def test_several_letters_can_be_sent_at_once(server: SmtpServer) -> None:
    """Each arrives once."""
    mailer: Mailer = mailer_for(server)
    ids = [LetterId(f"00000000-0000-4000-8000-{number:012d}") for number in range(20)]

    postings = await asyncio.gather(*(mailer.send(one, letter(), at=AT) for one in ids))

    assert {posting.outcome for posting in postings} == {Outcome.ACCEPTED}
    assert {one.message_id for one in server.letters} == {f"<{one}@example.com>" for one in ids}
    assert len(server.letters) == len(ids)


def test_letters_go_on_from_there(server: SmtpServer) -> None:
    """So their text is not kept; until then it can be shown."""
    mailer: Mailer = mailer_for(server, tls=Tls.NONE)

    assert not mailer.is_last
    assert mailer.word(letter(), at=AT) == writer().word(letter(), at=AT)
