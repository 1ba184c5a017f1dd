"""Remember what was verified, for as long as nothing was revoked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from watchword.core.ports import Revocations

Fact = TypeVar("Fact")


@dataclass(slots=True)
class Known(Generic[Fact]):
    """What the store last said of a credential, with the stamp taken before it was asked."""

    fact: Fact
    stamp: int
    looked_at: datetime


class Remembered(Generic[Fact]):
    """At most `most` facts about credentials, each by the credential's own text.

    A fact counts only while the revocation stamp is the one that was taken before the
    store was read, so what ends is dead for all processes at once.
    """

    def __init__(self, revocations: Revocations, *, most: int) -> None:
        self._revocations = revocations
        self._most = most
        self._known: dict[str, Known[Fact]] = {}

    def stamp(self) -> int | None:
        """Return the stamp to take before the store is read."""
        return self._revocations.stamp()

    def get(self, text: str) -> Known[Fact] | None:
        """Return what is known of a credential, whether it still counts or not."""
        return self._known.get(text)

    def counts(self, known: Known[Fact], now: datetime) -> bool:
        """Say whether nothing was revoked since."""
        if known.stamp != self._revocations.stamp():
            return False
        lifetime = self._revocations.lifetime
        return lifetime is None or now - known.looked_at < lifetime

    def put(self, text: str, fact: Fact, *, stamp: int | None, now: datetime) -> None:
        """Remember a fact; without a stamp it may be old already and is not kept."""
        if stamp is None:
            return
        if text not in self._known and len(self._known) >= self._most:
            self._known.pop(next(iter(self._known)))
        self._known[text] = Known(fact, stamp, now)

    def drop(self, text: str) -> None:
        self._known.pop(text, None)
