"""bcrypt, alone or over a SHA-256 as Django does it."""

import re
from dataclasses import dataclass, field
from hashlib import sha256

from bcrypt import checkpw

from watchword.crypto.argon2 import octets_of
from watchword.crypto.foreign.reasons import Reason, refused

COST_MIN = 4
COST_MAX = 15
COST_USUAL_MAX = 10  # about 60 ms; each further step takes twice as long
OCTETS_READ = 72

DJANGO_PREFIX = "$django-bcrypt-sha256"

_SPELLED = re.compile(r"\$2([abxy])\$([0-9]{2})\$([./A-Za-z0-9]{53})")
_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SALT_LENGTH = 22


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """A bcrypt hash; `tail` is its salt and key in bcrypt's own base64."""

    cost: int
    tail: str = field(repr=False)
    is_over_sha256: bool = False

    @property
    def is_large(self) -> bool:
        return self.cost > COST_USUAL_MAX

    def encode(self) -> str:
        return DJANGO_PREFIX * self.is_over_sha256 + self._spelled()

    def matches(self, password: str) -> bool:
        secret = octets_of(password)
        if self.is_over_sha256:
            secret = sha256(secret).hexdigest().encode("ascii")
        # What made these hashes read no further; our library raises instead.
        return checkpw(secret[:OCTETS_READ], self._spelled().encode("ascii"))

    def _spelled(self) -> str:
        return f"$2b${self.cost:02}${self.tail}"


def read_bcrypt(text: str, *, is_over_sha256: bool = False) -> Bcrypt:
    """Read `$2b$12$...`, and the kinds 2a and 2y, which are the same by now."""
    match = _SPELLED.fullmatch(text)
    if match is None:
        raise refused(Reason.MALFORMED)
    kind, cost, tail = match.group(1), int(match.group(2)), match.group(3)
    if kind == "x":
        raise refused(Reason.BCRYPT_KIND)
    if not COST_MIN <= cost <= COST_MAX:
        raise refused(Reason.BCRYPT_COST)
    return Bcrypt(cost, _without_spare_bits(tail), is_over_sha256)


def read_over_sha256(text: str) -> Bcrypt:
    """Read our own spelling of Django's bcrypt over SHA-256."""
    return read_bcrypt(text.removeprefix(DJANGO_PREFIX), is_over_sha256=True)


def _without_spare_bits(tail: str) -> str:
    # 22 letters hold 132 bits, of which the salt has 128; 31 hold 186, and the key has 184.
    # Some programs filled the spare ones with noise, and our library refuses that.
    salt, key = tail[:_SALT_LENGTH], tail[_SALT_LENGTH:]
    return _masked(salt, 0b110000) + _masked(key, 0b111100)


def _masked(text: str, mask: int) -> str:
    return text[:-1] + _LETTERS[_LETTERS.index(text[-1]) & mask]
