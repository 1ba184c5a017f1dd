"""A database in memory: dictionaries, and units of work that apply whole or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from fakes_apikeys import MemoryApiKeys, key_with
from fakes_attempts import MemoryAttempts, MemoryGate
from fakes_checkouts import MemoryCheckouts, MemoryDesk
from fakes_groups import MemoryGroups
from fakes_jobs import MemoryJobDesk, MemoryJobs
from fakes_leases import MemoryLeaseDesk
from fakes_links import MemoryLinks
from fakes_outbox import MemoryOutbox, MemoryOutboxDesk
from fakes_rows import Rows, Write
from fakes_sessions import MemoryRevocationLog, MemorySessions, MemorySigningKeys
from fakes_stores import MemoryAccounts, MemoryAudit, MemoryCredentials, MemorySetup
from fakes_tickets import MemoryTicketDesk, MemoryTickets
from watchword.core.joined import Bearer, Claimed, KeyHolder
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import SessionId


@dataclass
class CountedRevocations:
    """A stamp that a test can look at, and hold back as if a revocation were under way."""

    number: int = 0
    is_under_way: bool = False
    lifetime: timedelta | None = None

    def stamp(self) -> int | None:
        return None if self.is_under_way else self.number


class MemoryStorage:
    """Implements Storage. Set `broken` and every touch raises it, until it is None again."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.revocations = CountedRevocations()
        self.attempts = MemoryGate(lambda write: self.change(lambda rows: write(rows.attempts)))
        self.checkout_desk = MemoryDesk(self.change)
        self.ticket_desk = MemoryTicketDesk(self.change)
        self.outbox_desk = MemoryOutboxDesk(self.change)
        self.job_desk = MemoryJobDesk(self.change)
        self.lease_desk = MemoryLeaseDesk(
            lambda: self.look().jobs, lambda write: self.change(lambda rows: write(rows.jobs))
        )
        self.broken: UnavailableError | None = None

    def open_work(self) -> "MemoryWork":
        return MemoryWork(self)

    def look(self) -> Rows:
        """Return what is committed."""
        if self.broken is not None:
            raise self.broken
        return self.rows

    async def change(self, write: Write) -> None:
        """Apply a change whole or not at all. Others get their turn first, as with a real one."""
        await asyncio.sleep(0)
        rows = self.look().copy()
        rows.revoked = False
        write(rows)
        self.rows = rows
        self.revocations.number += rows.revoked

    async def check(self) -> None:
        self.look()

    async def close(self) -> None:
        self.broken = UnavailableError("closed")


class MemoryWork:
    """Implements Work."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._writes: list[Write] = []
        look, record = storage.look, self._writes.append
        self.accounts = MemoryAccounts(look, record)
        self.credentials = MemoryCredentials(look, record)
        self.sessions = MemorySessions(look, record)
        self.attempts = MemoryAttempts(
            lambda write: record(lambda rows: write(rows.attempts, rows.accounts))
        )
        self.audit = MemoryAudit(look, record)
        self.setup = MemorySetup(look, record)
        self.signing_keys = MemorySigningKeys(look, record)
        self.api_keys = MemoryApiKeys(look, record)
        self.groups = MemoryGroups(look, record)
        self.revocation_log = MemoryRevocationLog(look, record)
        self.checkouts = MemoryCheckouts(look, record)
        self.tickets = MemoryTickets(look, record)
        self.outbox = MemoryOutbox(look, record)
        self.jobs = MemoryJobs(look, record)
        self.links = MemoryLinks(look, record)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace

    async def bearer(self, session_id: SessionId) -> Bearer | None:
        rows = self._storage.look()
        session = rows.sessions.get(session_id)
        return Bearer(rows.accounts[session.account_id], session) if session else None

    async def key_holder(self, digests: Sequence[str]) -> KeyHolder | None:
        rows = self._storage.look()
        key = key_with(rows, digests)
        return KeyHolder(rows.accounts[key.account_id], key) if key else None

    async def claimed(self, key: str) -> Claimed | None:
        account = await self.accounts.by_identifier(key)
        if account is None:
            return None
        return Claimed(
            account=account,
            credential=await self.credentials.password_of(account.id),
            memberships=await self.groups.of(account.id),
            session_count=await self.sessions.count_of(account.id),
        )

    async def commit(self) -> None:
        writes = list(self._writes)
        self._writes.clear()

        def write(rows: Rows) -> None:
            for one in writes:
                one(rows)

        if writes:
            await self._storage.change(write)
