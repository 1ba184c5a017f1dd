"""PBKDF2 with HMAC (RFC 8018, 5.2)."""

import re
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from hmac import compare_digest

from watchword.crypto.argon2 import octets_of
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.spelling import read_base64, read_key, read_number, write_base64

ROUNDS_MAX = 5_000_000
ROUNDS_USUAL_MAX = 250_000  # 50 to 150 ms, by digest and processor

DIGEST_OCTETS = {"sha1": 20, "sha256": 32, "sha512": 64}

# The norm of PHC names the rounds, and may say how long the key is; passlib does neither.
_SPELLED = re.compile(
    r"\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?([^$,]+)(?:,l=([^$]+))?\$([^$]*)\$([^$]+)"
)


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """A PBKDF2 hash, of which only the first block is kept.

    Each further block takes all rounds again, for us but not for a guesser, and proves
    nothing more.
    """

    digest: str
    rounds: int
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def is_large(self) -> bool:
        return self.rounds > ROUNDS_USUAL_MAX

    def encode(self) -> str:
        salt, key = write_base64(self.salt), write_base64(self.key)
        return f"$pbkdf2-{self.digest}$i={self.rounds}${salt}${key}"

    def matches(self, password: str) -> bool:
        secret = octets_of(password)
        found = pbkdf2_hmac(self.digest, secret, self.salt, self.rounds, len(self.key))
        return compare_digest(found, self.key)


def make_pbkdf2(digest: str, rounds: int, salt: bytes, key: bytes) -> Pbkdf2:
    """Return the hash if its cost is allowed."""
    if not 1 <= rounds <= ROUNDS_MAX:
        raise refused(Reason.PBKDF2_ROUNDS)
    return Pbkdf2(digest, rounds, salt, key[: DIGEST_OCTETS[digest]])


def read_pbkdf2(text: str) -> Pbkdf2:
    """Read `$pbkdf2-sha256$i=600000$salt$key` or passlib's `$pbkdf2-sha256$29000$salt$key`."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    digest, rounds, length, salt, key_text = match.groups()
    key = read_key(key_text)
    if length is not None and read_number(length) != len(key):
        raise refused(Reason.MALFORMED)
    return make_pbkdf2(digest or "sha1", read_number(rounds), read_base64(salt), key)
