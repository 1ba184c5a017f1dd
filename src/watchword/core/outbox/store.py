"""What the core asks of whoever keeps the outbox."""

from datetime import datetime
from typing import Protocol

from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import Page
from watchword.core.outbox.model import Entry, Standing


class OutboxDesk(Protocol):
    """Hands letters to senders. Each is one step of its own, durable when it returns.

    `holder` names a sender, so that its letters can be given back when it is gone.
    """

    async def claim(
        self, holder: str, *, at: datetime, until: datetime, limit: int
    ) -> tuple[Entry, ...]:
        """Take up to `limit` waiting letters whose time has come, the longest waiting first.

        Nobody else gets them before `until`. However many claim at once, on whatever
        engine, a letter goes to one of them.
        """

    async def release(self, holder: str) -> int:
        """Give back what this holder has claimed and not settled; return how many."""


class OutboxStore(Protocol):
    """Keeps letters, sent ones too for a while."""

    async def by_id(self, letter_id: LetterId) -> Entry | None: ...

    async def page(
        self, *, standing: Standing | None = None, after: str | None = None, limit: int
    ) -> Page[Entry]:
        """Return letters, newest first."""

    async def count_waiting(self) -> int: ...

    async def is_due(self, *, at: datetime) -> bool:
        """Say whether `claim` would find a letter. Cheap: everybody asks once a second."""

    async def is_held(self, holder: str) -> bool:
        """Say whether this holder claimed a letter and neither settled it nor gave it back."""

    def add(self, entry: Entry) -> None:
        """Record a letter; it is sent some time after the commit."""

    def withdraw(self, letter_id: LetterId) -> None:
        """Record that a letter is not to be there at all. One that a sender has, or had, stays."""

    def settle(
        self, letter_id: LetterId, standing: Standing, *, at: datetime, reason: str, keeps: bool
    ) -> None:
        """Record how a waiting letter ended. What was sealed is kept only if it `keeps`.

        One that is settled or gone already stays as it is, except that SENT counts over all.
        """

    def defer(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        """Record that a waiting letter was turned down, and when to try again."""

    def put_back(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        """Record that a waiting letter was not tried after all, why, and when it may be."""

    def retry(self, letter_id: LetterId, *, at: datetime) -> None:
        """Record that a letter which was not sent waits again, from now on.

        At commit: NotFoundError if it is gone, DeniedError if it was sent or its text is
        not kept.
        """

    def purge(self, *, before: datetime, limit: int) -> None:
        """Record the removal of up to `limit` letters that were settled before a moment."""
