"""A signing key as we keep it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Algorithm(StrEnum):
    """How tokens are signed (RFC 7518, RFC 8037)."""

    EDDSA = "EdDSA"
    ES256 = "ES256"
    RS256 = "RS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key pair: `public` is its JWK as JSON, `sealed` the private key under the master key.

    A retired key signs nothing new. It verifies until `retired_at` plus the longest
    life of a token; a distrusted one is deleted instead.
    """

    id: str
    algorithm: Algorithm
    public: str
    sealed: str
    created_at: datetime
    retired_at: datetime | None = None

    def retire(self, at: datetime) -> "SigningKey":
        """Retire the key; retiring twice keeps the first moment."""
        return self if self.retired_at else replace(self, retired_at=at)
