"""The only place that draws secrets and ids."""

import secrets
import uuid
from datetime import datetime
from typing import Protocol


class Randomness(Protocol):
    """Draws what nobody can guess."""

    def token(self, byte_count: int) -> str:
        """Return `byte_count` random bytes as base64url text without padding."""

    def uuid(self) -> str:
        """Return a random UUID (RFC 9562, version 4) in its usual spelling."""

    def number(self, bits: int) -> int:
        """Return a random number of at most so many bits."""


def ordered_uuid(at: datetime, randomness: Randomness) -> str:
    """Return a UUID that sorts by the time it was made (RFC 9562, version 7).

    Many that are stored one after the other lie side by side, where random ones are spread
    over the whole of an index.
    """
    milliseconds = int(at.timestamp() * 1000)
    high = (milliseconds & (2**48 - 1)) << 16 | 0x7000 | randomness.number(12)
    low = 0b10 << 62 | randomness.number(62)
    return str(uuid.UUID(int=high << 64 | low))


class SystemRandomness:
    """The operating system's generator."""

    def token(self, byte_count: int) -> str:
        return secrets.token_urlsafe(byte_count)

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def number(self, bits: int) -> int:
        return secrets.randbits(bits)
