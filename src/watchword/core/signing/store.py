"""What the core asks of whoever keeps signing keys."""

from datetime import datetime
from typing import Protocol

from watchword.core.signing.model import SigningKey


class SigningKeyStore(Protocol):
    """Keeps signing keys. A change is felt by all processes as a revocation is."""

    async def all(self) -> tuple[SigningKey, ...]:
        """Return every key, newest first."""

    def add_first(self, key: SigningKey) -> None:
        """Record the first key. At commit: ConflictError("signing_key") if there is any key."""

    def rotate(self, key: SigningKey) -> None:
        """Record a new key and retire the others at its `created_at`."""

    def delete_retired(self, *, before: datetime) -> None:
        """Record the end of the keys that retired before a moment."""

    def delete_others(self, key_id: str) -> None:
        """Record the end of every key but this: whatever they signed is void.

        The same commit says so in the RevocationLog.
        """
