"""The only place that draws secrets and ids."""

import secrets
import uuid
from typing import Protocol


class Randomness(Protocol):
    """Draws what nobody can guess."""

    def token(self, byte_count: int) -> str:
        """Return `byte_count` random bytes as base64url text without padding."""

    def uuid(self) -> str:
        """Return a random UUID (RFC 9562, version 4) in its usual spelling."""

    def number(self, bits: int) -> int:
        """Return a random number of at most so many bits."""


class SystemRandomness:
    """The operating system's generator."""

    def token(self, byte_count: int) -> str:
        return secrets.token_urlsafe(byte_count)

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def number(self, bits: int) -> int:
        return secrets.randbits(bits)
