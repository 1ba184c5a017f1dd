"""Who carries letters: the mail server that the settings name, or else this machine's console."""

from pathlib import Path

from watchword.app.links import base_of_links
from watchword.core.ports import Mailer
from watchword.mail.console import ConsoleMailer
from watchword.mail.letters import Letterhead, LetterWriter
from watchword.mail.line import SmtpOptions, Tls
from watchword.mail.smtp import SmtpMailer
from watchword.settings.model import Settings


def make_mailer(settings: Settings) -> Mailer:
    """Return it. Raises InvalidError with what to do if the settings do not fit what is there."""
    writer = LetterWriter(_letterhead(settings))
    if not settings.mail.smtp_host:
        return ConsoleMailer(writer)
    return SmtpMailer(_options(settings), writer)


def _letterhead(settings: Settings) -> Letterhead:
    mail = settings.mail
    return Letterhead(
        sender=settings.sender,
        sender_name=mail.sender_name,
        base_url=base_of_links(settings) or None,
        language=mail.language,
        templates=Path(mail.templates) if mail.templates else None,
    )


def _options(settings: Settings) -> SmtpOptions:
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
