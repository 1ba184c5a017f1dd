"""A letter, and its place in the outbox."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watchword.core.kernel.ids import LetterId

DEFER_FIRST = timedelta(seconds=5)
DEFER_LONGEST = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=3)
"""RFC 5321, 4.5.4.1 asks for four to five days of a mail server; this one is behind us and
takes letters for the whole of that time once it has them."""


class LetterKind(StrEnum):
    """What a letter says. Its value is the name of its template."""

    CONFIRM = "confirm"
    ALREADY_REGISTERED = "already-registered"
    RESET = "reset"
    PASSWORD_CHANGED = "password-changed"
    PASSWORD_EXPIRES = "password-expires"
    CHANGE = "change"
    CHANGE_IN_USE = "change-in-use"
    CHANGE_REQUESTED = "change-requested"
    ADDRESS_CHANGED = "address-changed"
    INVITATION = "invitation"
    TEST = "test"


class Standing(StrEnum):
    """Where a letter is. Only WAITING ones will be sent.

    REFUSED: the mail server would not take it for this address, or not for days. STALE:
    when its turn came, what it offers had ended.
    """

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be said to whom. The words themselves are the mail room's.

    `name` is that of the account. `about` is the other address where two matter. `page`
    is the page of ours that takes `secret` (together they are the link); `code` can be
    typed instead until `code_ends_at`. After `ends_at` the letter would be of no use.
    `language` is what the reader seems to speak, two letters, or empty.
    """

    kind: LetterKind
    to: str
    name: str = ""
    language: str = ""
    about: str = ""
    page: str = ""
    secret: str = ""
    code: str = ""
    code_ends_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A letter in the outbox. `sealed` is the letter, encrypted; empty once it is not needed.

    `tries` are those that the mail server itself turned down. `reason` is its last word.
    """

    id: LetterId
    kind: LetterKind
    to: str
    created_at: datetime
    next_at: datetime
    sealed: str
    standing: Standing = Standing.WAITING
    tries: int = 0
    settled_at: datetime | None = None
    reason: str = ""


def defer_for(tries: int) -> timedelta:
    """Return how long a letter waits after it was turned down so many times."""
    factor: int = 2 ** min(max(tries, 1) - 1, 30)  # capped before the power
    return min(DEFER_FIRST * factor, DEFER_LONGEST)


def write_letter(letter: Letter) -> str:
    """Return a letter as JSON."""
    values = {field.name: getattr(letter, field.name) for field in fields(letter)}
    return json.dumps(
        {
            name: value.timestamp() if isinstance(value, datetime) else value
            for name, value in values.items()
            if value
        }
    )


def read_letter(text: str) -> Letter:
    """Return the letter that `write_letter` wrote."""
    values = json.loads(text)
    for name in ("code_ends_at", "ends_at"):
        if name in values:
            values[name] = datetime.fromtimestamp(values[name], UTC)
    return Letter(**{**values, "kind": LetterKind(values["kind"])})
