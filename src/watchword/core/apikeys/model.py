"""An API key: what it looks like, what it may do, and the changes it allows."""

import re
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from watchword.core.kernel.ids import AccountId, ApiKeyId

NAME_LENGTH_MAX = 100

PREFIX = "ww_"
SECRET_BITS = 256
SHOWN_AT_END = 4

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43
"""62 ** 43 is a little more than 2 ** 256."""

_CHECKSUM_LENGTH = 6
_LENGTH = len(PREFIX) + _SECRET_LENGTH + _CHECKSUM_LENGTH
_SPELLING = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}")


class Scope(StrEnum):
    """What a key may be used for, beside what its account may do.

    A key never obtains a token, and never manages keys or passwords: there is no scope
    for that.
    """

    IDENTIFY = "identify"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    REVOCATIONS_READ = "revocations:read"
    JOBS_RUN = "jobs:run"


EVERYDAY = frozenset({Scope.IDENTIFY})
"""The scopes of a key that is made by its name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as we keep it. Its text is in none of these fields in clear.

    `digest` is a keyed hash of the text, by which it is found. `sealed` is the text
    encrypted, empty where keys are shown once only. `hint` may be shown to anybody who
    may see the key. `per_minute` is how often it may be used, 0 for no limit.
    `last_used_at` is right to the minute.
    """

    id: ApiKeyId
    account_id: AccountId
    name: str
    digest: str = field(repr=False)
    hint: str
    created_at: datetime
    sealed: str = field(default="", repr=False)
    scopes: frozenset[Scope] = EVERYDAY
    per_minute: int = 0
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def works(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at

    def allows(self, scope: Scope | None) -> bool:
        """Say whether the key may be used for this; None is what no key may do."""
        return scope is not None and scope in self.scopes

    def ending(self, at: datetime) -> "ApiKey":
        """Return the key with this end, unless it ends earlier anyhow."""
        earlier = self.expires_at is not None and self.expires_at <= at
        return self if earlier else replace(self, expires_at=at)


def write_key(number: int) -> str:
    """Return the text of a key made from a random number of SECRET_BITS bits."""
    body = PREFIX + _base62(number, _SECRET_LENGTH)
    return body + _checksum(body)


def is_key(text: str) -> bool:
    """Say whether a text can be a key of ours: the spelling and the checksum are right.

    A key with a typing error is refused by this alone; nobody has to look for it.
    """
    if len(text) != _LENGTH or not _SPELLING.fullmatch(text):
        return False
    return _checksum(text[:-_CHECKSUM_LENGTH]) == text[-_CHECKSUM_LENGTH:]


def looks_like_key(text: str) -> bool:
    """Say whether somebody meant this for a key, right or not."""
    return text.startswith(PREFIX)


def hint_of(text: str) -> str:
    """Return what may be shown of a key: enough to tell it from its siblings."""
    return f"{PREFIX}…{text[-SHOWN_AT_END:]}"


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
