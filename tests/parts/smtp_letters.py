"""A letter as a mail server got it."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage

LINK = re.compile(r"https?://\S+")
# Nothing joins on either side: the middle of a UUID can look like a code.
CODE = re.compile(r"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}(?![\w-])")


@dataclass
class Received:
    """What came over the wire. `heard`: the client said something after our 250.

    A letter that was not heard of may rightly come again: its sender may not know that it
    was taken.
    """

    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]
    octets: bytes
    is_encrypted: bool
    user: str | None
    heard: bool = False

    @property
    def message(self) -> EmailMessage:
        message = email.message_from_bytes(self.octets, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def link(self) -> str:
        """The first link in the text."""
        found = LINK.search(self.text)
        assert found, self.text
        return found[0]

    @property
    def code(self) -> str:
        """The code in the text."""
        found = CODE.search(LINK.sub("", self.text))
        assert found, self.text
        return found[0]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        content = part.get_content()
        assert isinstance(content, str)
        return content
