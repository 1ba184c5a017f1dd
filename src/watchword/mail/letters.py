"""What letters say: each kind in each language, by templates."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter
from watchword.core.ports import Worded
from watchword.mail.facts import Surroundings, facts_of, plain
from watchword.mail.mailbox import Mailbox, read_mailbox
from watchword.mail.moments import LANGUAGES
from watchword.mail.press import Press

if TYPE_CHECKING:
    from email.message import EmailMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What an operator says about letters.

    They come from `sender`, with `sender_name` beside it, which is also what they call the
    service. `base_url` is where our pages are, None if nobody knows; then letters carry
    codes alone. `language` is for readers who seem to speak none of ours. `templates` is a
    folder with templates that go before ours.
    """

    sender: str
    sender_name: str = ""
    base_url: str | None = None
    language: str = LANGUAGES[0]
    templates: Path | None = None


class LetterWriter:
    """Words letters, and makes messages of them.

    Raises InvalidError("mail.sender"), ("mail.language") or ("mail.templates") for a
    letterhead that cannot work.
    """

    def __init__(self, head: Letterhead) -> None:
        sender = read_mailbox(head.sender)
        if sender is None or sender.needs_utf8:
            message = "mail.sender: letters cannot come from this address."
            raise InvalidError("mail.sender", message)
        if head.language not in LANGUAGES:
            known = " and ".join(LANGUAGES)
            raise InvalidError("mail.language", f"mail.language: there are {known}.")
        self.sender: Mailbox = sender
        self._name = plain(head.sender_name)
        self._around = Surroundings(service=self._name or sender.domain, base_url=head.base_url)
        self._language = head.language
        self._press = Press(head.templates)

    def word(self, letter: Letter, *, at: datetime) -> Worded:
        """Return what the letter says if it is sent now."""
        language = self._language_of(letter)
        facts = facts_of(letter, self._around, language=language, at=at)
        return self._press.print(f"{language}/{letter.kind.value}", facts)

    def message(
        self, letter_id: LetterId, letter: Letter, *, to: Mailbox, at: datetime
    ) -> "EmailMessage":
        """Return the letter as a mail server takes it."""
        from watchword.mail.message import compose  # noqa: PLC0415 - no server needs it to start

        return compose(
            self.word(letter, at=at),
            letter_id=letter_id,
            sender=self.sender,
            sender_name=self._name,
            to=to,
            language=self._language_of(letter),
            at=at,
        )

    def _language_of(self, letter: Letter) -> str:
        return letter.language if letter.language in LANGUAGES else self._language
