"""Words in an envelope: the headers and parts of a message (RFC 5322, 2045 to 2047)."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, strict

from watchword.core.kernel.ids import LetterId
from watchword.core.ports import Worded
from watchword.mail.facts import plain
from watchword.mail.mailbox import Mailbox

_POLICY = SMTP + strict
_NAME_LENGTH_MAX = 60
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9\-]")


def compose(
    worded: Worded,
    *,
    letter_id: LetterId,
    sender: Mailbox,
    sender_name: str,
    to: Mailbox,
    language: str,
    at: datetime,
) -> EmailMessage:
    """Return a message with the same words as text and as HTML.

    No name of an account stands in a header: those are chosen by strangers.
    """
    own_id = _NOT_IN_IDS.sub("-", letter_id)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(_header(sender_name)[:_NAME_LENGTH_MAX], sender.local, sender.domain)
    message["To"] = Address("", to.local, to.domain)
    message["Subject"] = _header(worded.subject)
    message["Date"] = at
    # The same for each try: a mail server that took a letter and could not say so any more
    # has a way to see that it comes again.
    message["Message-ID"] = f"<{own_id}@{sender.domain}>"
    # RFC 3834: nobody's absence is told to us. The second is what Exchange looks at.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Encoded to lines of ASCII, so that no mail server on the way needs to change anything.
    message.set_content(worded.text, cte="quoted-printable")
    message.add_alternative(worded.html, subtype="html", cte="quoted-printable")
    # Not before there is a content: setting one takes away every header that begins so.
    message["Content-Language"] = language
    # Both parts write each = as =3D, so this stands in neither; and no chance is drawn.
    message.set_boundary(f"=_{own_id}")
    return message


def octets_of(message: EmailMessage, *, utf8: bool) -> bytes:
    """Return a message as it goes over the wire; `utf8` if the addresses need it."""
    return message.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)


def _header(text: str) -> str:
    # What looks like an encoded word (RFC 2047) would be read as one.
    return plain(text).replace("=?", "= ?")
