"""Django's spellings: the name of an algorithm first, then what it needs."""

from watchword.crypto.foreign.argon2 import read_argon2
from watchword.crypto.foreign.bcrypt import read_bcrypt
from watchword.crypto.foreign.pbkdf2 import Pbkdf2, make_pbkdf2
from watchword.crypto.foreign.reasons import Reason, refused
from watchword.crypto.foreign.scrypt import Scrypt, make_cost
from watchword.crypto.foreign.spelling import (
    OCTETS_MAX,
    ForeignHash,
    Reader,
    read_key,
    read_number,
)

UNUSABLE_PREFIX = "!"
"""What stands before a password that nobody can type; Django puts noise behind it."""


def read_django(text: str) -> ForeignHash:
    """Read `pbkdf2_sha256$600000$salt$key` and its like."""
    algorithm, _, rest = text.partition("$")
    if algorithm not in _READERS:
        raise refused(Reason.MD5 if algorithm == "md5" else Reason.UNKNOWN)
    return _READERS[algorithm](rest)


def _pbkdf2(digest: str, rest: str) -> Pbkdf2:
    rounds, salt, key = _parts(rest, 3)
    return make_pbkdf2(digest, read_number(rounds), _salt(salt), read_key(key))


def _scrypt(rest: str) -> Scrypt:
    blocks, salt, block_size, lanes, key = _parts(rest, 5)
    doublings = read_number(blocks).bit_length() - 1
    if int(blocks) != 1 << doublings:
        raise refused(Reason.MALFORMED)
    cost = make_cost(doublings, read_number(block_size), read_number(lanes))
    return Scrypt(cost, _salt(salt), read_key(key))


def _parts(text: str, count: int) -> list[str]:
    parts = text.split("$")
    if len(parts) != count:
        raise refused(Reason.MALFORMED)
    return parts


def _salt(text: str) -> bytes:
    # The letters themselves are the salt: Django decodes nothing here.
    if not 1 <= len(text) <= OCTETS_MAX:
        raise refused(Reason.MALFORMED)
    return text.encode("ascii")


_READERS: dict[str, Reader] = {
    "pbkdf2_sha1": lambda rest: _pbkdf2("sha1", rest),
    "pbkdf2_sha256": lambda rest: _pbkdf2("sha256", rest),
    "scrypt": _scrypt,
    "argon2": lambda rest: read_argon2("$" + rest),
    "bcrypt": read_bcrypt,
    "bcrypt_sha256": lambda rest: read_bcrypt(rest, is_over_sha256=True),
}
