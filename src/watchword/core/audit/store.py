"""What the core asks of whoever keeps the audit trail."""

from collections.abc import Sequence
from typing import Protocol

from watchword.core.audit.model import Action, Event
from watchword.core.kernel.page import Page


class AuditStore(Protocol):
    """Appends; never changes, never deletes."""

    def add(self, event: Event) -> None: ...

    def add_all(self, events: Sequence[Event]) -> None:
        """Record many events, in order, in few statements."""

    async def page(
        self,
        *,
        subject: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Event]:
        """Return events, newest first."""
