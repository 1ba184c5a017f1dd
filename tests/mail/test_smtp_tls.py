"""Encryption and log-in: what was asked for, or nothing at all."""

import asyncio
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mail.posting import mailer_for, outcome_of, send
from mail.stationery import writer
from parts.smtp import STALL, Mode, Phase, SmtpServer, smtp_server
from parts.tls import make_pair
from parts.waiting import until
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import Outcome, Posting
from watchword.mail.line import SmtpOptions, Tls
from watchword.mail.smtp import SmtpMailer

LOGIN = ("watchword", "s3cret-of-ours")
AS_WE = {"username": LOGIN[0], "password": LOGIN[1]}
ENCRYPTED: tuple[Mode, ...] = ("starttls", "implicit")
EVERYWHERE = pytest.mark.parametrize(
    ("run", "mode"), list(product((asyncio.run, uvloop.run), ("none", *ENCRYPTED)))
)
EACH = pytest.mark.parametrize("mode", ENCRYPTED)


@EACH
async def test_letters_go_over_tls(mode: Mode) -> None:
    """From the first octet, or from STARTTLS on."""
    with smtp_server(mode) as server:
        posting = await send(mailer_for(server))
        await server.eventually_heard(1)

        (taken,) = server.letters
        assert posting.outcome is Outcome.ACCEPTED
        assert taken.is_encrypted
        await server.eventually_idle()


@EACH
async def test_a_certificate_that_nobody_vouches_for_is_refused(mode: Mode) -> None:
    """By the authorities of this machine; the server learns neither letter nor password."""
    with smtp_server(mode, login=LOGIN) as server:
        posting = await send(mailer_for(server, ca_file=None, **AS_WE))

        assert posting.outcome is Outcome.UNREACHABLE
        assert posting.reason.startswith("Its certificate is not trusted: self-signed certificate")
        assert server.letters == []
        assert server.phases.isdisjoint({"AUTH", "MAIL"})


@EACH
async def test_another_authority_does_not_do(mode: Mode, tmp_path: Path) -> None:
    """Only what is in the file that the operator named."""
    with smtp_server(mode) as server:
        other = make_pair(tmp_path, "localhost").certificate

        posting = await send(mailer_for(server, ca_file=other))

        assert posting.outcome is Outcome.UNREACHABLE
        assert "not trusted" in posting.reason


@EACH
async def test_a_certificate_of_another_host_is_refused(mode: Mode) -> None:
    """However much it is trusted otherwise; the reason names the host that was meant."""
    with smtp_server(mode, names=("mail.example",)) as server:
        posting = await send(mailer_for(server))

        assert posting.outcome is Outcome.UNREACHABLE
        assert "Hostname mismatch" in posting.reason
        assert "'localhost'" in posting.reason
        assert server.letters == []


@EACH
async def test_a_certificate_that_ended_is_refused(mode: Mode) -> None:
    """As every client does."""
    with smtp_server(mode, days=-1) as server:
        posting = await send(mailer_for(server))

        assert posting == Posting(
            Outcome.UNREACHABLE, "Its certificate is not trusted: certificate has expired"
        )


async def test_a_server_without_starttls_gets_nothing() -> None:
    """Whoever sits between us could have hidden it: there is no way on in plain text."""
    with smtp_server("none", login=LOGIN) as server:
        posting = await send(mailer_for(server, tls=Tls.STARTTLS, **AS_WE))

        assert posting.outcome is Outcome.UNREACHABLE
        assert "STARTTLS" in posting.reason
        assert server.phases == {"CONNECT", "EHLO"}


@pytest.mark.parametrize("answer", ["454 4.7.0 not now", "500 what?", "250 no need"])
async def test_a_refused_starttls_is_not_passed_over(answer: str) -> None:
    """Not by any answer."""
    with smtp_server("starttls") as server:
        server.on("STARTTLS", answer)

        posting = await send(mailer_for(server))

        assert posting == Posting(Outcome.UNREACHABLE, answer)
        assert server.phases.isdisjoint({"AUTH", "MAIL"})


async def test_a_server_that_demands_starttls_is_not_spoken_to_without() -> None:
    """What it says stands in the reason."""
    with smtp_server("starttls") as server:
        posting = await send(mailer_for(server, tls=Tls.NONE))

        assert posting == Posting(Outcome.UNREACHABLE, "530 Must issue a STARTTLS command first")


@pytest.mark.parametrize(("mode", "tls"), [("none", Tls.IMPLICIT), ("implicit", Tls.NONE)])
async def test_the_wrong_kind_of_port_is_unreachable(mode: Mode, tls: Tls) -> None:
    """TLS to one that has none, and none to one that waits for it: both end soon."""
    with smtp_server(mode) as server:
        posting = await send(mailer_for(server, tls=tls, timeout_s=0.5))

        assert posting.outcome is Outcome.UNREACHABLE
        assert posting.reason
        assert server.letters == []


@EACH
async def test_we_log_in_over_tls(mode: Mode) -> None:
    """With the name and password of the settings."""
    with smtp_server(mode, login=LOGIN) as server:
        posting = await send(mailer_for(server, **AS_WE))

        (taken,) = server.letters
        assert posting.outcome is Outcome.ACCEPTED
        assert (taken.user, taken.is_encrypted) == (LOGIN[0], True)
        await server.eventually_idle()


async def test_a_wrong_password_is_said_once() -> None:
    """One try a letter: three ways with the same password would be three failures in a row."""
    with smtp_server("starttls", login=LOGIN) as server:
        posting = await send(mailer_for(server, username=LOGIN[0], password="wrong"))

        assert posting == Posting(
            Outcome.UNREACHABLE, "535 5.7.8 Authentication credentials invalid"
        )
        assert server.logins == 1
        assert server.letters == []


async def test_without_a_log_in_a_server_that_wants_one_is_unreachable() -> None:
    """All letters wait: the settings are to blame, not a letter."""
    with smtp_server("starttls", login=LOGIN) as server:
        posting = await send(mailer_for(server))

        assert posting == Posting(Outcome.UNREACHABLE, "530 5.7.0 authentication required")


async def test_a_server_without_a_way_to_log_in_is_unreachable() -> None:
    """The letter does not go without, since somebody wanted it so."""
    with smtp_server("starttls") as server:
        posting = await send(mailer_for(server, **AS_WE))

        assert posting.outcome is Outcome.UNREACHABLE
        assert "log in" in posting.reason
        assert server.letters == []


async def test_on_this_machine_a_log_in_needs_no_tls() -> None:
    """Nobody else can listen."""
    with smtp_server("none", login=LOGIN) as server:
        for host in ("localhost", "127.0.0.1"):
            assert (await send(mailer_for(server, host=host, **AS_WE))).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("host", ["mail.example", "192.0.2.1", "localhost.example", "::2", ""])
def test_a_password_never_crosses_the_network_in_the_open(host: str) -> None:
    """It is told at the start, with what to set instead."""
    name, password = LOGIN
    options = SmtpOptions(host=host, port=25, tls=Tls.NONE, username=name, password=password)

    with pytest.raises(InvalidError, match="starttls") as told:
        SmtpMailer(options, writer())

    assert told.value.field == "mail.tls"
    assert password not in str(told.value) + repr(options)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_told_at_the_start(
    tmp_path: Path, content: str | None
) -> None:
    """With the path."""
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(InvalidError, match=r"authorities\.pem") as told:
        SmtpMailer(SmtpOptions(host="localhost", port=25, ca_file=path), writer())

    assert told.value.field == "mail.ca_file"


@pytest.mark.parametrize(
    ("mode", "phase"),
    [
        *((mode, phase) for mode in ENCRYPTED for phase in ("CONNECT", "AUTH", "RCPT", "DOT")),
        *(("starttls", phase) for phase in ("STARTTLS", "HANDSHAKE")),
    ],
)
async def test_cancelling_ends_an_encrypted_connection_at_once(mode: Mode, phase: Phase) -> None:
    """Without waiting for a server that stalls to say goodbye first."""
    with smtp_server(mode, login=LOGIN) as server:
        server.on(phase, STALL)
        mailer = mailer_for(server, timeout_s=60.0, dot_timeout_s=60.0, **AS_WE)
        sending = asyncio.create_task(send(mailer))
        await server.eventually_stalled()

        sending.cancel()

        with pytest.raises(asyncio.CancelledError):
            await sending
        await server.eventually_idle(within=5.0)


async def _all_ways(server: SmtpServer) -> list[Outcome]:
    """Send a letter that is taken, one to a stranger, and one that is given up at a phase."""
    outcomes = [(await send(mailer_for(server, **AS_WE))).outcome]
    outcomes.append((await send(mailer_for(server, ca_file=None, **AS_WE))).outcome)
    for phase in ("CONNECT", "AUTH", "DATA", "DOT"):
        server.heal()
        server.on(phase, STALL)
        hasty = mailer_for(server, timeout_s=0.2, dot_timeout_s=0.2, **AS_WE)
        outcomes.append((await send(hasty)).outcome)
        sending = asyncio.create_task(send(mailer_for(server, dot_timeout_s=60.0, **AS_WE)))
        await server.eventually_stalled()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await server.eventually_idle(within=5.0)
    return outcomes


@EVERYWHERE
def test_a_command_can_end_with_its_letter(run: Any, mode: Mode) -> None:  # noqa: ANN401 - two kinds of run
    """Goodbye is said and nothing is left open, however soon the loop is gone."""
    with smtp_server(mode) as server:
        outcomes = {run(outcome_of(server)) for _ in range(5)}

        assert outcomes == {Outcome.ACCEPTED}
        until(lambda: all(one.heard for one in server.letters))
        server.wait_until_idle(within=2.0)


@EVERYWHERE
def test_every_loop_does_the_same(run: Any, mode: Mode) -> None:  # noqa: ANN401 - two kinds of run
    """The server runs on uvloop, whose transports and TLS are others than Python's."""
    with smtp_server(mode, login=LOGIN) as server:
        outcomes = run(_all_ways(server))

        stranger = Outcome.ACCEPTED if mode == "none" else Outcome.UNREACHABLE
        lost = [Outcome.UNREACHABLE] * 3 + [Outcome.DEFERRED]
        assert outcomes == [Outcome.ACCEPTED, stranger, *lost]
