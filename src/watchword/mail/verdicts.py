"""What the mail server's answers mean for a letter."""

import re
import ssl
from enum import StrEnum

from aiosmtplib import SMTPResponseException, SMTPServerDisconnected

from watchword.core.ports import Outcome, Posting
from watchword.mail.facts import plain

REASON_LENGTH_MAX = 200

_NO_SUCH_MAILBOX = {550, 551, 553}
_ENHANCED = re.compile(r"(\d)\.(\d{1,3})\.(\d{1,3})(?!\d)")


class Step(StrEnum):
    """The commands of one letter, in their order; the last is the final dot."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"


def judge(step: Step, code: int, words: str) -> Posting | None:
    """Return what an answer means, None if the letter may go on. After the dot it may not.

    Only where the recipient is turned down for good, as one that is not there, a letter is
    refused: whatever else is wrong can be put right in the days that it waits.
    """
    reason = answered(code, words)
    if code // 100 == (3 if step is Step.DATA else 2):
        return Posting(Outcome.ACCEPTED, reason) if step is Step.DOT else None
    if code // 100 == 5:  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit says how it went
        if step is Step.MAIL:
            # About the sender: the same would happen to every letter.
            return Posting(Outcome.UNREACHABLE, reason)
        if step is Step.RCPT and _is_about_recipient(code, words):
            return Posting(Outcome.REFUSED, reason)
    return Posting(Outcome.DEFERRED, reason)


def answered(code: int, words: str) -> str:
    """Return an answer as a reason: the server's words, short and visible."""
    return _short(f"{code} {words}" if code > 0 else words)


def explained(error: Exception, *, within: float) -> str:
    """Return why a connection did not come about, or did not last, as a reason."""
    whys = (_why(cause, within) for cause in _causes(error))
    return _short(next(filter(None, whys), str(error) or type(error).__name__))


def _why(cause: BaseException, within: float) -> str:
    why = ""
    match cause:
        case ssl.SSLCertVerificationError():
            why = f"Its certificate is not trusted: {cause.verify_message}"
        case ssl.SSLError():
            why = f"TLS failed: {cause.reason or cause}"
        case SMTPResponseException():
            why = answered(cause.code, cause.message)
        case TimeoutError():
            why = f"It did not answer within {within:g} s."
        case SMTPServerDisconnected():
            why = "It closed the connection."
        case OSError():
            why = cause.strerror or ""
    return why


def _is_about_recipient(code: int, words: str) -> bool:
    enhanced = _ENHANCED.match(words)
    if enhanced is None:
        return code in _NO_SUCH_MAILBOX
    subject, detail = enhanced[2], enhanced[3]
    # RFC 3463. Many servers say only at RCPT what they hold against the sender or against us:
    # 5.1.7 and 5.1.8 are about the sender's address, 5.7 about what we may do, 5.3 and 5.5
    # about the server and the conversation.
    if subject == "1":
        return detail not in {"7", "8"}
    return code in _NO_SUCH_MAILBOX and subject in {"0", "2", "4", "6"}


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and what it came from, the innermost first."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__
    return found[::-1]


def _short(text: str) -> str:
    return plain(text)[:REASON_LENGTH_MAX]
