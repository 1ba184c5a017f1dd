"""Letters of every kind, as the core writes them, and what words them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from watchword.core.outbox.model import Letter, LetterKind
from watchword.mail.letters import Letterhead, LetterWriter

AT = datetime(2031, 2, 3, 9, 5, tzinfo=UTC)
BASE = "https://id.example.com"
SECRET = "dHJlYXN1cmUtaXNsYW5kLW1hcC0tLS0t"
CODE = "4F7K-9QWM"
PAGES: Mapping[LetterKind, str] = {
    LetterKind.CONFIRM: "confirm",
    LetterKind.RESET: "reset",
    LetterKind.CHANGE: "change",
    LetterKind.INVITATION: "join",
    LetterKind.ADDRESS_CHANGED: "undo",
}
"""The kinds that offer something, and the page that it is had on."""

LANGUAGES = ("en", "de")


def letter(kind: LetterKind = LetterKind.CONFIRM, **changes: Any) -> Letter:  # noqa: ANN401 - a letter's members
    """Return a letter to ada; one that offers something has a link, and a code but for an undo."""
    written = Letter(
        kind=kind, to="ada@example.net", name="ada", about="other@example.org", language="en"
    )
    if kind in PAGES:
        written = replace(
            written, page=PAGES[kind], secret=SECRET, ends_at=AT + timedelta(days=1, hours=1)
        )
    if kind in PAGES and kind is not LetterKind.ADDRESS_CHANGED:
        written = replace(written, code=CODE, code_ends_at=AT + timedelta(minutes=10))
    if kind is LetterKind.PASSWORD_EXPIRES:
        written = replace(written, ends_at=AT + timedelta(days=7))
    return replace(written, **changes)


def writer(
    *,
    base_url: str | None = BASE,
    sender: str = "no-reply@example.com",
    sender_name: str = "Example Works",
    language: str = "en",
    templates: Path | None = None,
) -> LetterWriter:
    head = Letterhead(
        sender=sender,
        sender_name=sender_name,
        base_url=base_url,
        language=language,
        templates=templates,
    )
    return LetterWriter(head)
