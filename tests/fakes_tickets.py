"""Tickets in memory: the desk that looks at codes, and the store."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from fakes_rows import MemoryStore, Rows, Write, check_text
from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.tickets.model import Purpose, Ticket


@dataclass(frozen=True)
class MemoryTicketDesk:
    """Implements TicketDesk."""

    change: Callable[[Write], Awaitable[None]]

    async def guess(self, ticket_id: TicketId, code_digest: str, *, at: datetime) -> bool:
        right: list[bool] = []

        def write(rows: Rows) -> None:
            ticket = rows.tickets.get(ticket_id)
            if ticket is None or ticket.tries_left <= 0 or at >= ticket.code_expires_at:
                return
            right.append(ticket.code_digest == code_digest)
            if not right[0]:
                rows.tickets[ticket_id] = replace(ticket, tries_left=ticket.tries_left - 1)

        await self.change(write)
        return right == [True]


class MemoryTickets(MemoryStore):
    """Implements TicketStore."""

    async def by_link(self, digest: str) -> Ticket | None:
        tickets = self.look().tickets.values()
        return next((ticket for ticket in tickets if ticket.link_digest == digest), None)

    async def of(self, account_id: AccountId, purpose: Purpose) -> Ticket | None:
        own = (
            ticket
            for ticket in self.look().tickets.values()
            if (ticket.account_id, ticket.purpose) == (account_id, purpose)
        )
        return next(iter(_newest_first(own)), None)

    async def about(self, address: str, purpose: Purpose, *, limit: int) -> tuple[Ticket, ...]:
        found = (
            ticket
            for ticket in self.look().tickets.values()
            if ticket.purpose is purpose and canonical(ticket.address) == canonical(address)
        )
        return tuple(_newest_first(found))[: max(0, min(limit, PAGE_MAX))]

    def add(self, ticket: Ticket) -> None:
        def write(rows: Rows) -> None:
            owner = rows.accounts.get(ticket.account_id) if ticket.account_id else None
            if ticket.account_id is not None and (owner is None or not owner.is_active):
                raise NotFoundError
            rows.tickets = {one.id: one for one in rows.tickets.values() if not _voids(ticket, one)}
            links = {one.link_digest for one in rows.tickets.values()}
            if ticket.id in rows.tickets or ticket.link_digest in links:
                raise ConflictError
            rows.tickets[ticket.id] = ticket

        assert ticket.account_id is not None or ticket.purpose.is_per_address
        check_text(ticket.address, ticket.detail)
        self.record(write)

    def spend(self, ticket_id: TicketId, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            ticket = rows.tickets.pop(ticket_id, None)
            if ticket is None or at >= ticket.expires_at:
                raise DeniedError

        self.record(write)

    def void(self, account_id: AccountId, purposes: Collection[Purpose]) -> None:
        gone = {(account_id, purpose) for purpose in purposes}

        def write(rows: Rows) -> None:
            rows.tickets = {
                one.id: one
                for one in rows.tickets.values()
                if (one.account_id, one.purpose) not in gone
            }

        self.record(write)

    def purge(self, *, before: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            old = [one for one in rows.tickets.values() if one.expires_at < before]
            for one in sorted(old, key=lambda one: (one.expires_at, one.id))[: max(0, limit)]:
                del rows.tickets[one.id]

        self.record(write)


def _voids(new: Ticket, old: Ticket) -> bool:
    if (new.account_id, new.purpose) != (old.account_id, old.purpose):
        return False
    return not new.purpose.is_per_address or canonical(new.address) == canonical(old.address)


def _newest_first(tickets: Iterable[Ticket]) -> list[Ticket]:
    return sorted(tickets, key=lambda one: (one.created_at, one.id), reverse=True)
