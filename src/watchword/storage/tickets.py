"""Tickets in SQL: the desk that looks at codes, and the store."""

from collections.abc import Collection
from datetime import datetime

from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.tickets.model import Purpose, Ticket
from watchword.storage import locks
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, stored
from watchword.storage.statement import Batch, Row, Statement, Steps, Transaction


class SqlTicketDesk:
    """Implements TicketDesk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def guess(self, ticket_id: TicketId, code_digest: str, *, at: datetime) -> bool:
        return await self._engine.apply(Transaction(lambda: _guess(ticket_id, code_digest, at)))


class SqlTickets:
    """Implements TicketStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_link(self, digest: str) -> Ticket | None:
        row = await self._engine.fetch_one(
            "SELECT id, purpose, account_id, address, detail, link_digest, code_digest,"
            " tries_left, created_at, expires_at, code_expires_at"
            " FROM tickets WHERE link_digest = $1",
            digest,
        )
        return _ticket(row) if row else None

    async def of(self, account_id: AccountId, purpose: Purpose) -> Ticket | None:
        row = await self._engine.fetch_one(
            "SELECT id, purpose, account_id, address, detail, link_digest, code_digest,"
            " tries_left, created_at, expires_at, code_expires_at"
            " FROM tickets WHERE account_id = $1 AND purpose = $2"
            " ORDER BY created_at DESC, id DESC LIMIT 1",
            account_id,
            purpose.value,
        )
        return _ticket(row) if row else None

    async def about(self, address: str, purpose: Purpose, *, limit: int) -> tuple[Ticket, ...]:
        rows = await self._engine.fetch_all(
            "SELECT id, purpose, account_id, address, detail, link_digest, code_digest,"
            " tries_left, created_at, expires_at, code_expires_at"
            " FROM tickets WHERE address_key = $1 AND purpose = $2"
            " ORDER BY created_at DESC, id DESC LIMIT $3",
            canonical(address),
            purpose.value,
            max(0, min(limit, PAGE_MAX)),
        )
        return tuple(_ticket(row) for row in rows)

    def add(self, ticket: Ticket) -> None:
        # Else the invitations of everybody would be one another's last.
        assert ticket.account_id is not None or ticket.purpose.is_per_address
        if ticket.account_id is None:
            self._void_invitation(ticket)
        else:
            self._void_last(ticket, ticket.account_id)
        self._batch.record(
            "INSERT INTO tickets (id, purpose, account_id, address, address_key, detail,"
            " link_digest, code_digest, tries_left, created_at, expires_at, code_expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            ticket.id,
            ticket.purpose.value,
            ticket.account_id,
            ticket.address,
            canonical(ticket.address),
            ticket.detail,
            ticket.link_digest,
            ticket.code_digest,
            ticket.tries_left,
            stored(ticket.created_at),
            stored(ticket.expires_at),
            stored(ticket.code_expires_at),
        )

    def spend(self, ticket_id: TicketId, *, at: datetime) -> None:
        self._batch.record(
            "DELETE FROM tickets WHERE id = $1 AND expires_at > $2 RETURNING id",
            ticket_id,
            stored(at),
            expect=DeniedError,
        )

    def void(self, account_id: AccountId, purposes: Collection[Purpose]) -> None:
        self._batch.lock(locks.account(account_id), locks.TICKETS)
        for purpose in sorted(purposes):
            self._batch.record(
                "DELETE FROM tickets WHERE account_id = $1 AND purpose = $2",
                account_id,
                purpose.value,
            )

    def purge(self, *, before: datetime, limit: int) -> None:
        self._batch.lock(locks.TICKETS)
        self._batch.record(
            "DELETE FROM tickets WHERE id IN (SELECT id FROM tickets"
            " WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            stored(before),
            max(0, limit),
        )

    def _void_last(self, ticket: Ticket, account_id: AccountId) -> None:
        # Who disables or deletes the account, or makes another ticket for it, takes turns
        # with us. There is one to void at most, so nobody else waits in a circle.
        self._batch.lock(locks.account(account_id))
        self._batch.record(
            "SELECT id FROM accounts WHERE id = $1 AND state = 'active'",
            account_id,
            expect=NotFoundError,
        )
        if ticket.purpose.is_per_address:
            self._batch.record(
                "DELETE FROM tickets WHERE account_id = $1 AND purpose = $2 AND address_key = $3",
                account_id,
                ticket.purpose.value,
                canonical(ticket.address),
            )
        else:
            self._batch.record(
                "DELETE FROM tickets WHERE account_id = $1 AND purpose = $2",
                account_id,
                ticket.purpose.value,
            )

    def _void_invitation(self, ticket: Ticket) -> None:
        key = canonical(ticket.address)
        self._batch.lock(locks.invited(key))
        self._batch.record(
            "DELETE FROM tickets WHERE address_key = $1 AND purpose = $2 AND account_id IS NULL",
            key,
            ticket.purpose.value,
        )


def _guess(ticket_id: TicketId, code_digest: str, at: datetime) -> Steps[bool]:
    # One statement: whoever guesses at the same time waits for the row, and then counts on
    # from what this one left.
    rows = yield Statement(
        "UPDATE tickets SET tries_left ="
        " CASE WHEN code_digest = $2 THEN tries_left ELSE tries_left - 1 END"
        " WHERE id = $1 AND tries_left > 0 AND code_expires_at > $3 RETURNING code_digest",
        (ticket_id, code_digest, stored(at)),
    )
    return bool(rows) and rows[0][0] == code_digest


def _ticket(row: Row) -> Ticket:
    (
        ticket_id,
        purpose,
        account_id,
        address,
        detail,
        link_digest,
        code_digest,
        tries_left,
        created_at,
        expires_at,
        code_expires_at,
    ) = row
    return Ticket(
        id=TicketId(ticket_id),
        purpose=Purpose(purpose),
        account_id=None if account_id is None else AccountId(account_id),
        address=address,
        detail=detail,
        link_digest=link_digest,
        code_digest=code_digest,
        tries_left=tries_left,
        created_at=moment(created_at),
        expires_at=moment(expires_at),
        code_expires_at=moment(code_expires_at),
    )
