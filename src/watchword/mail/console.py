"""Where letters end when no mail server is set: on the operator's terminal, or kept to be shown."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter
from watchword.core.ports import Outcome, Posting, Worded, ignored
from watchword.mail.facts import plain
from watchword.mail.letters import LetterWriter
from watchword.mail.press import LINE_LENGTH
from watchword.observability.log import get_logger

_log = get_logger("watchword.mail")
_HEAD = " Nobody sends this letter: no mail server is set "


class ConsoleMailer:
    """The Mailer that sends nothing. It shows letters on a terminal; a log only names them.

    A log is read by many and kept for long, and whoever has a letter can use what it offers.
    """

    def __init__(self, writer: LetterWriter, *, stream: TextIO | None = None) -> None:
        self._writer = writer
        self._stream = stream or sys.stderr

    @property
    def is_last(self) -> bool:
        return True

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
        posting = self._send(letter_id, letter, at)
        on_yes()
        return posting

    def _send(self, letter_id: LetterId, letter: Letter, at: datetime) -> Posting:
        try:
            if self._stream.isatty():
                self._show(letter, self.word(letter, at=at))
                return Posting(Outcome.ACCEPTED)
        except (OSError, ValueError):
            pass  # the terminal is gone, and the letter is kept all the same
        _log.info(
            "a letter is kept", kind=letter.kind.value, show=f"watchword mail show {letter_id}"
        )
        return Posting(Outcome.ACCEPTED)

    def _show(self, letter: Letter, worded: Worded) -> None:
        lines = (
            "",
            _HEAD.center(LINE_LENGTH, "-"),
            f"To:      {plain(letter.to)}",
            f"Subject: {worded.subject}",
            "",
            *map(_visible, worded.text.splitlines()),
            "-" * LINE_LENGTH,
            "",
        )
        # One write, so that lines of the log do not come between.
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()


def _visible(line: str) -> str:
    # Nothing in a letter can move the cursor, whoever wrote the template.
    return "".join(char if char.isprintable() else "?" for char in line)
