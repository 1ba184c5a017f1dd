"""Hands letters to a mail server by SMTP (RFC 5321), one connection for each."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from aiosmtplib import SMTPException

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter
from watchword.core.ports import Outcome, Posting, Worded, ignored
from watchword.mail.letters import LetterWriter
from watchword.mail.line import Line, SmtpOptions, Tls, open_line
from watchword.mail.mailbox import Mailbox, read_mailbox
from watchword.mail.message import octets_of
from watchword.mail.verdicts import Step, explained, judge
from watchword.observability.log import get_logger

_log = get_logger("watchword.mail")
_NO_ADDRESS = "This is no address that a letter can be sent to."
_NO_UTF8 = "It takes no addresses with such letters before the @ (SMTPUTF8)."
_LINE_BREAK = r"=?\s*(?:\d\.\d+\.\d+\s)?"
"""In an answer of several lines, which may cut a link anywhere and have a code in each line."""
_NO_ANSWER = "It did not answer after it had the letter, and may have taken it: {why}"


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A letter with what stands on its outside, and who waits to hear that it was taken."""

    to: Mailbox
    octets: bytes
    on_yes: Callable[[], None]
    secrets: tuple[str, ...]

    def unquoted(self, words: str) -> str:
        """Return a mail server's words without what the letter alone may say.

        Those that look for spam quote the links that they do not like, and their words are
        kept.
        """
        for secret in filter(None, self.secrets):
            quoted = _LINE_BREAK.join(map(re.escape, secret))
            words = re.sub(quoted, "…", words, flags=re.IGNORECASE)
        return words


class SmtpMailer:
    """The Mailer that hands letters to a mail server.

    Raises InvalidError("mail.tls") or ("mail.ca_file") for options that cannot work or would
    show the password to the network.
    """

    def __init__(self, options: SmtpOptions, writer: LetterWriter) -> None:
        if options.username and options.tls is Tls.NONE and not _is_this_machine(options.host):
            raise InvalidError(
                "mail.tls",
                "mail.tls: without TLS the password of mail.username would cross the network "
                'in the open. Use "starttls" or "implicit", or a mail server on this machine.',
            )
        self._options = options
        self._writer = writer
        self._context = None if options.tls is Tls.NONE else _context(options)

    @property
    def is_last(self) -> bool:
        return False

    def word(self, letter: Letter, *, at: datetime) -> Worded:
        return self._writer.word(letter, at=at)

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        """Hand on one letter. The server hears our QUIT only after the caller had the answer.

        So a caller that notes the acceptance before it awaits anything has noted it by then.
        """
        try:
            to = read_mailbox(letter.to)
            if to is None:
                return Posting(Outcome.REFUSED, _NO_ADDRESS)
            message = self._writer.message(letter_id, letter, to=to, at=at)
            octets = octets_of(message, utf8=to.needs_utf8)
            return await self._post(_Parcel(to, octets, on_yes, (letter.secret, letter.code)))
        except Exception as error:  # noqa: BLE001 - one odd letter must not stop the others
            # What the error says may quote the letter.
            _log.error("a letter could not be sent", letter=letter_id, because=type(error).__name__)
            return Posting(Outcome.DEFERRED, f"Something of ours failed: {type(error).__name__}.")

    async def check(self) -> Posting | None:
        """Go as far as a letter from our sender would, and send none; return what is in the way.

        Raises nothing.
        """
        try:
            async with open_line(self._options, self._context) as line:
                answer = await line.ask(b"MAIL", _path(b"FROM", self._writer.sender))
                return judge(Step.MAIL, answer.code, answer.message)
        except (SMTPException, OSError, UnicodeError) as error:
            return Posting(Outcome.UNREACHABLE, explained(error, within=self._options.timeout_s))

    async def _post(self, parcel: _Parcel) -> Posting:
        try:
            async with open_line(self._options, self._context) as line:
                return await self._converse(line, parcel)
        except (SMTPException, OSError, UnicodeError) as error:
            return Posting(Outcome.UNREACHABLE, explained(error, within=self._options.timeout_s))

    async def _converse(self, line: Line, parcel: _Parcel) -> Posting:
        if parcel.to.needs_utf8 and not line.takes_utf8:
            return Posting(Outcome.REFUSED, _NO_UTF8)
        for step, words in self._steps(parcel.to):
            answer = await line.ask(*words)
            if posting := judge(step, answer.code, parcel.unquoted(answer.message)):
                return posting
        try:
            answer = await line.hand_over(parcel.octets, on_yes=parcel.on_yes)
        except (SMTPException, OSError) as error:
            why = parcel.unquoted(explained(error, within=self._options.dot_timeout_s))
            return Posting(Outcome.DEFERRED, _NO_ANSWER.format(why=why))
        posting = judge(Step.DOT, answer.code, parcel.unquoted(answer.message))
        assert posting is not None
        return posting

    def _steps(self, to: Mailbox) -> tuple[tuple[Step, tuple[bytes, ...]], ...]:
        options = (b"SMTPUTF8",) if to.needs_utf8 else ()
        return (
            (Step.MAIL, (b"MAIL", _path(b"FROM", self._writer.sender), *options)),
            (Step.RCPT, (b"RCPT", _path(b"TO", to))),
            (Step.DATA, (b"DATA",)),
        )


def _path(name: bytes, mailbox: Mailbox) -> bytes:
    # A mailbox has no blank and no bracket in it, so it cannot add to the command.
    return name + b":<" + mailbox.address.encode() + b">"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"  # RFC 6761, 6.3: no other machine has that name


def _context(options: SmtpOptions) -> ssl.SSLContext:
    """Return what checks the server's certificate and that it is for the host we mean."""
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        reason = error.strerror or "it holds no certificates"
        message = f"mail.ca_file: {options.ca_file} cannot be used: {reason}."
        raise InvalidError("mail.ca_file", message) from error
