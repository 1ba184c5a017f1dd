"""What the core asks of whoever keeps tickets."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.tickets.model import Purpose, Ticket


class TicketDesk(Protocol):
    """Looks at typed codes, one at a time."""

    async def guess(self, ticket_id: TicketId, code_digest: str, *, at: datetime) -> bool:
        """Say whether this is the ticket's code, and take one of its tries if it is not.

        A code that is out of time or has no tries left is never right, and neither is that
        of a ticket that is gone. One step of its own, durable when it returns: however many
        guess at once, at most `tries_left` of them are looked at.
        """


class TicketStore(Protocol):
    """Keeps tickets until they are spent, voided, or long out of date.

    An address is compared by its canonical key. Tickets end with their account.
    """

    async def by_link(self, digest: str) -> Ticket | None:
        """Return the ticket whose link has this digest. The caller judges its time."""

    async def of(self, account_id: AccountId, purpose: Purpose) -> Ticket | None:
        """Return the newest ticket that an account has for a purpose."""

    async def about(self, address: str, purpose: Purpose, *, limit: int) -> tuple[Ticket, ...]:
        """Return up to `limit` tickets about an address, newest first."""

    def add(self, ticket: Ticket) -> None:
        """Record a ticket, which voids the last one of its account and purpose.

        Where the purpose `is_per_address`, only one about the same address. At commit:
        NotFoundError if the account is gone or not active.
        """

    def spend(self, ticket_id: TicketId, *, at: datetime) -> None:
        """Record that the ticket was used: it is gone.

        At commit: DeniedError if it is gone already or out of time. Of several that spend
        it at once, one succeeds.
        """

    def void(self, account_id: AccountId, purposes: Collection[Purpose]) -> None:
        """Record that an account has no ticket for these purposes any more."""

    def purge(self, *, before: datetime, limit: int) -> None:
        """Record the removal of up to `limit` tickets that expired before a moment."""
