"""What the core asks of whoever keeps the feed of revocations."""

from datetime import datetime
from typing import Protocol

from watchword.core.revocations.model import Revocation


class RevocationLog(Protocol):
    """Remembers what was revoked for as long as a token of it could still be good.

    Nobody adds to it by hand: each end of a session, and each distrust of signing keys,
    is in it by the same commit, whichever process made it. Who has read to a number never
    sees a smaller one appear later.
    """

    async def since(self, number: int, *, limit: int) -> tuple[Revocation, ...]:
        """Return revocations after a number, in order."""

    async def latest(self) -> int:
        """Return the number of the newest revocation there ever was, 0 if there was none."""

    def purge(self, *, at: datetime, limit: int) -> None:
        """Record the removal of up to `limit` of those that no good token can meet any more."""
