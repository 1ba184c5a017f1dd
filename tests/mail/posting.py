"""Mailers for the SMTP server of the tests."""

from pathlib import Path
from typing import Any

from mail.stationery import AT, letter, writer
from parts.smtp import SmtpServer
from watchword.core.kernel.ids import LetterId
from watchword.core.ports import Outcome, Posting
from watchword.mail.line import SmtpOptions, Tls
from watchword.mail.smtp import SmtpMailer

ID = LetterId("00000000-0000-4000-8000-000000000001")


def mailer_for(server: SmtpServer, **changes: Any) -> SmtpMailer:  # noqa: ANN401 - the options' own
    """Return a mailer that trusts the server, in the way that it wants; patient for a second."""
    options: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "tls": Tls(server.mode),
        "ca_file": server.certificate,
        "timeout_s": 5.0,
        "dot_timeout_s": 5.0,
    }
    return SmtpMailer(SmtpOptions(**{**options, **changes}), writer())


async def send(mailer: SmtpMailer, **changes: Any) -> Posting:  # noqa: ANN401 - a letter's own
    return await mailer.send(ID, letter(**changes), at=AT)


async def outcome_of(server: SmtpServer, **changes: Any) -> Outcome:  # noqa: ANN401 - as above
    return (await send(mailer_for(server, **changes))).outcome


def nowhere(folder: Path) -> Path:
    """Return a file of certificates in which there is none."""
    path = folder / "empty.pem"
    path.touch()
    return path
