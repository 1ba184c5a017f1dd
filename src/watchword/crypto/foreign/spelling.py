"""Numbers and octets as password hashes spell them, read strictly."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Protocol

from watchword.crypto.foreign.reasons import Reason, refused

TEXT_LENGTH_MAX = 2048
OCTETS_MAX = 128
KEY_OCTETS_MIN = 16
"""A shorter key would be met by chance, or is one that was cut off."""

_NUMBER = re.compile(r"[1-9][0-9]*")


class ForeignHash(Protocol):
    """A hash within our limits, which can be asked about a password."""

    @property
    def is_large(self) -> bool:
        """Whether it takes more memory than a hash of ours, or more than about 100 ms."""

    def encode(self) -> str:
        """Return the one text that it is kept as."""

    def matches(self, password: str) -> bool:
        """Say whether the password has this hash; takes its time."""


Reader = Callable[[str], ForeignHash]
"""Reads one spelling of a hash. Raises InvalidError for what is malformed or too costly."""


def read_number(text: str) -> int:
    """Return a positive number in decimal digits without leading zeros."""
    # Python reads no number of more than 4300 digits; no text here is as long.
    if len(text) > TEXT_LENGTH_MAX or not _NUMBER.fullmatch(text):
        raise refused(Reason.MALFORMED)
    return int(text)


def read_base64(text: str, *, least: int = 0, most: int = OCTETS_MAX) -> bytes:
    """Return the octets of base64, with its padding or without, in RFC 4648's or passlib's letters.

    Characters that are not base64's, and bits past the last octet, are refused: they are
    what is left when a text was cut off or spoilt.
    """
    body = text.replace(".", "+").rstrip("=")
    padding = "=" * (-len(body) % 4)
    if len(text) - len(body) not in {0, len(padding)}:
        raise refused(Reason.MALFORMED)
    try:
        octets = b64decode(body + padding)
    except ValueError:
        raise refused(Reason.MALFORMED) from None
    if write_base64(octets) != body or not least <= len(octets) <= most:
        raise refused(Reason.MALFORMED)
    return octets


def read_key(text: str) -> bytes:
    """Return what came out of a hash, in base64."""
    return read_base64(text, least=KEY_OCTETS_MIN)


def write_base64(octets: bytes) -> str:
    """Return base64 without padding."""
    return b64encode(octets).decode("ascii").rstrip("=")
