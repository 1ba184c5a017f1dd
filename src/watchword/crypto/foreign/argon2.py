"""Argon2 as other products make it; what every build of ours can check of it."""

import re
from dataclasses import dataclass, field

from watchword.crypto.argon2 import CURRENT, ENCODED_LENGTH_MAX, Cost, matches, read_cost
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.spelling import read_base64, read_key, read_number, write_base64

VERSION = "19"  # 0x13, which is 1.3
SALT_OCTETS_MIN = 8
SALT_OCTETS_MAX = 48
KEY_OCTETS_MAX = 64

_SPELLED = re.compile(
    r"\$argon2(id|i|d)\$(?:v=([^$]+)\$)?m=([^$,]+),t=([^$,]+),p=([^$,]+)\$([^$]+)\$([^$]+)"
)


@dataclass(frozen=True, slots=True)
class Argon2:
    """An Argon2id or Argon2i hash in PHC's spelling."""

    encoded: str = field(repr=False)
    cost: Cost

    @property
    def is_large(self) -> bool:
        return self.cost.memory_kib > CURRENT.memory_kib

    def encode(self) -> str:
        return self.encoded

    def matches(self, password: str) -> bool:
        return matches(password, self.encoded)


def make_argon2(kind: str, version: str | None, cost: Cost, salt: bytes, key: bytes) -> Argon2:
    """Return the hash if every build can check it and its cost is allowed."""
    if kind == "d":
        raise refused(Reason.ARGON2_KIND)
    if version != VERSION:  # a text without one is older than the number
        raise refused(Reason.ARGON2_VERSION)
    if not SALT_OCTETS_MIN <= len(salt) <= SALT_OCTETS_MAX or len(key) > KEY_OCTETS_MAX:
        raise refused(Reason.MALFORMED)
    encoded = (
        f"$argon2{kind}$v={VERSION}$m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
        f"${write_base64(salt)}${write_base64(key)}"
    )
    if read_cost(encoded, kind=f"argon2{kind}") is None:
        is_long = len(encoded) > ENCODED_LENGTH_MAX and cost.is_allowed
        raise refused(Reason.ARGON2_LONG if is_long else Reason.ARGON2_COST)
    return Argon2(encoded, cost)


def read_argon2(text: str) -> Argon2:
    """Read `$argon2id$v=19$m=19456,t=2,p=1$salt$key`."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    kind, version, memory_kib, passes, lanes, salt, key = match.groups()
    cost = Cost(read_number(memory_kib), read_number(passes), read_number(lanes))
    return make_argon2(kind, version, cost, read_base64(salt), read_key(key))
