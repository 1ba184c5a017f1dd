"""A ticket: what one mailed secret allows, to whom, for how long.

A letter has the secret twice: long, in a link, and as a short code that can be typed. Only
keyed digests of both are stored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchword.core.kernel.ids import AccountId, TicketId

LINK_BYTES = 24
"""192 bits, and no padding in base64url; 128 are asked for (ASVS 5.0, 7.2.3)."""
CODE_BITS = 40
CODE_LENGTH = 8
CODE_TRIES = 5
CODE_LIFETIME = timedelta(minutes=10)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter in it looks like a digit, and few words can be read."""
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_TYPED_MAX = 20


class Purpose(StrEnum):
    """What a ticket allows. Its value is the last part of the page's path."""

    CONFIRM = "confirm"
    RESET = "reset"
    CHANGE = "change"
    UNDO = "undo"
    JOIN = "join"

    @property
    def is_per_address(self) -> bool:
        """Say whether an account has one for each address, not just the newest.

        Who stole an account and changes its address twice must not make the first undo
        link worthless by that.
        """
        return self in {Purpose.UNDO, Purpose.JOIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Something that may be done once, by who has the link or the code.

    `account_id` is None for an invitation: there is no account yet. `address` is what it
    was sent about: the address to confirm, to change to, to go back to or to invite.
    `detail` is a word of ours: the role that somebody is invited to.
    """

    id: TicketId
    purpose: Purpose
    address: str
    link_digest: str
    code_digest: str
    created_at: datetime
    expires_at: datetime
    code_expires_at: datetime
    tries_left: int = CODE_TRIES
    account_id: AccountId | None = None
    detail: str = ""


def write_code(number: int) -> str:
    """Return a number of CODE_BITS as a code: 8 characters."""
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))


def read_code(typed: str) -> str | None:
    """Return the code as it was written, None if what was typed cannot be one.

    Letter case, blanks and hyphens do not count, and O, I and L are the digits that they
    look like.
    """
    if len(typed) > _TYPED_MAX:
        return None
    code = typed.upper().translate(_READ_AS)
    fits = len(code) == CODE_LENGTH and all(char in _ALPHABET for char in code)
    return code if fits else None


def spell_code(code: str) -> str:
    """Return a code as a letter shows it: in two halves."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"
