"""Read the audit trail."""

from watchword.core.audit.model import Action, Event
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.ports import OpenWork


class AuditTrail:
    """Shows what happened, newest first."""

    def __init__(self, *, open_work: OpenWork) -> None:
        self._open_work = open_work

    async def page(
        self,
        *,
        subject: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[Event]:
        """Return a page of events, of one account or of one kind if asked."""
        async with self._open_work() as work:
            return await work.audit.page(
                subject=subject, action=action, after=after, limit=min(limit, PAGE_MAX)
            )
