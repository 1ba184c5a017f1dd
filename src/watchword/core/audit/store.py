"""What the core asks of whoever keeps the audit trail."""

from typing import Protocol

from watchword.core.audit.model import Action, Event
from watchword.core.kernel.page import Page


class AuditStore(Protocol):
    """Appends; never changes, never deletes."""

    def add(self, event: Event) -> None: ...

    async def page(
        self,
        *,
        subject: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Event]:
        """Return events, newest first."""
