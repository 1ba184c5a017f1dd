"""Who carries letters: the mail server that the settings name, or else this machine's console."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from watchword.app.links import base_of_links
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter
from watchword.core.ports import Mailer, Posting, Worded, ignored
from watchword.settings.model import Settings

if TYPE_CHECKING:
    from watchword.mail.letters import Letterhead
    from watchword.mail.line import SmtpOptions


class LateMailer:
    """The Mailer of the settings, made when the first letter needs it.

    Most commands look at no letter, and templates and SMTP are a quarter of what they would
    have to load. A server makes one at its start as well, to be told what is wrong with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def is_last(self) -> bool:
        return not self._settings.mail.smtp_host

    def word(self, letter: Letter, *, at: datetime) -> Worded:
        return self._mailer.word(letter, at=at)

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        return await self._mailer.send(letter_id, letter, at=at, on_yes=on_yes)

    @cached_property
    def _mailer(self) -> Mailer:
        return make_mailer(self._settings)


def make_mailer(settings: Settings) -> Mailer:
    """Return it. Raises InvalidError with what to do if the settings do not fit what is there."""
    from watchword.mail.console import ConsoleMailer  # noqa: PLC0415 - see LateMailer
    from watchword.mail.letters import LetterWriter  # noqa: PLC0415 - the same

    writer = LetterWriter(_letterhead(settings))
    if not settings.mail.smtp_host:
        return ConsoleMailer(writer)
    from watchword.mail.smtp import SmtpMailer  # noqa: PLC0415 - only a mail server needs it

    return SmtpMailer(_options(settings), writer)


def _letterhead(settings: Settings) -> "Letterhead":
    from watchword.mail.letters import Letterhead  # noqa: PLC0415 - see LateMailer

    mail = settings.mail
    return Letterhead(
        sender=settings.sender,
        sender_name=mail.sender_name,
        base_url=base_of_links(settings) or None,
        language=mail.language,
        templates=Path(mail.templates) if mail.templates else None,
    )


def _options(settings: Settings) -> "SmtpOptions":
    from watchword.mail.line import SmtpOptions, Tls  # noqa: PLC0415 - see LateMailer

    mail = settings.mail
    return SmtpOptions(
        host=mail.smtp_host,
        port=mail.port,
        tls=Tls(mail.tls),
        username=mail.username,
        password=mail.password.reveal(),
        ca_file=Path(mail.ca_file) if mail.ca_file else None,
        timeout_s=mail.timeout_s,
    )
