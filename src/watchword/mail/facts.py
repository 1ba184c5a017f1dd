"""What a letter's templates are told: plain texts, fit to stand in a letter of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from watchword.core.outbox.model import Letter, LetterKind
from watchword.mail.moments import spell

NAME_SHOWN_MAX = 40

# Mail programs make links of such words. A colon, a slash or www. is enough for that.
_LINK = re.compile(r"[/\\]|:|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is the same in all letters: who writes, and where our pages are, if anywhere."""

    service: str
    base_url: str | None


def facts_of(
    letter: Letter, around: Surroundings, *, language: str, at: datetime
) -> Mapping[str, str]:
    """Return what stands in this letter if it is sent now. What it lacks is an empty text."""
    link = _link(letter, around.base_url)
    has_code = letter.code_ends_at is not None and letter.code_ends_at > at
    return {
        "language": language,
        "service": plain(around.service),
        "home": around.base_url or "",
        "to": plain(letter.to),
        "name": speakable(letter.name),
        "about": plain(letter.about),
        "link": link,
        "code": plain(letter.code) if has_code else "",
        "code_until": spell(letter.code_ends_at, language) if letter.code_ends_at else "",
        "until": spell(letter.ends_at, language) if letter.ends_at else "",
        "secret": "" if link else _handed_in(letter),
    }


def plain(text: str) -> str:
    """Return a text on one line, with nothing in it that cannot be seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def speakable(name: str) -> str:
    """Return the name of an account as a letter says it; empty if it could be a message.

    Whoever registers chooses the name, and the address that our letter goes to: it must not
    carry a link or a sentence of theirs to somebody else.
    """
    name = plain(name)
    if _LINK.search(name):
        return ""
    return name if len(name) <= NAME_SHOWN_MAX else f"{name[: NAME_SHOWN_MAX - 1]}…"


def _link(letter: Letter, base_url: str | None) -> str:
    if not (base_url and letter.page and letter.secret):
        return ""
    query = urlencode({"ticket": letter.secret})
    return f"{base_url.rstrip('/')}/account/{letter.page}?{query}"


def _handed_in(letter: Letter) -> str:
    # An undo lives for days, where no short code may: without a page its secret is typed.
    return plain(letter.secret) if letter.kind is LetterKind.ADDRESS_CHANGED else ""
