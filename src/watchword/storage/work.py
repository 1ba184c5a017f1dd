"""A unit of work made of one SQL repository per noun, and the storage that opens it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from watchword.core.groups.model import Membership
from watchword.core.joined import Bearer, Claimed, KeyHolder
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Revocations
from watchword.storage import migrate
from watchword.storage.accounts import ACCOUNT_COLUMNS, SqlAccounts, account_of
from watchword.storage.api_keys import SqlApiKeys, api_key_of
from watchword.storage.attempts import SqlAttemptGate, SqlAttempts
from watchword.storage.audit import SqlAudit
from watchword.storage.checkouts import SqlCheckoutDesk, SqlCheckouts
from watchword.storage.credentials import SqlCredentials, credential_of
from watchword.storage.engine import Engine
from watchword.storage.groups import GROUP_COLUMNS, SqlGroups, group_of
from watchword.storage.jobs import SqlJobDesk, SqlJobs
from watchword.storage.leases import SqlLeaseDesk
from watchword.storage.links import SqlLinks
from watchword.storage.outbox import SqlOutbox, SqlOutboxDesk
from watchword.storage.portions import places
from watchword.storage.revocation_log import SqlRevocationLog
from watchword.storage.sessions import SqlSessions, session_of
from watchword.storage.setup import SqlSetup
from watchword.storage.signing import SqlSigningKeys
from watchword.storage.statement import Batch, Row, Statement, Steps, Transaction
from watchword.storage.tickets import SqlTicketDesk, SqlTickets

Store = TypeVar("Store")

_MEMBERSHIP = ACCOUNT_COLUMNS + 4
"""Where a group's columns begin in the row of an account that is claimed."""

_BALLAST = "x" * 32_000
"""About as much as a log-in writes: on a full disk there may still be room for one row."""


class _Made(Generic[Store]):
    """A repository that is made when it is first asked for: few units of work ask for three."""

    def __init__(self, make: Callable[[Engine, Batch], Store]) -> None:
        self._make = make

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    def __get__(self, work: "SqlWork", owner: type[object]) -> Store:
        store = self._make(work.engine, work.batch)
        # From now on it is found there, and nobody comes here for it.
        work.__dict__[self._name] = store
        return store


class SqlWork:
    """Implements Work: reads go to the engine at once, writes wait for `commit`."""

    accounts = _Made(SqlAccounts)
    credentials = _Made(SqlCredentials)
    sessions = _Made(SqlSessions)
    attempts = _Made(lambda _, batch: SqlAttempts(batch))
    audit = _Made(SqlAudit)
    setup = _Made(SqlSetup)
    signing_keys = _Made(SqlSigningKeys)
    api_keys = _Made(SqlApiKeys)
    groups = _Made(SqlGroups)
    revocation_log = _Made(SqlRevocationLog)
    checkouts = _Made(SqlCheckouts)
    tickets = _Made(SqlTickets)
    outbox = _Made(SqlOutbox)
    jobs = _Made(SqlJobs)
    links = _Made(SqlLinks)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.batch = Batch()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What was recorded and not committed is forgotten with this object.
        del kind, error, trace

    async def bearer(self, session_id: SessionId) -> Bearer | None:
        row = await self.engine.fetch_one(
            "SELECT a.id, a.name, a.created_at, a.updated_at, a.role, a.state, a.source,"
            " a.directory, a.email, a.email_confirmed_at, a.first_name, a.last_name,"
            " s.id, s.account_id, s.dialect, s.created_at, s.expires_at, s.address,"
            " s.kind, s.client, s.last_used_at"
            " FROM sessions AS s JOIN accounts AS a ON a.id = s.account_id WHERE s.id = $1",
            session_id,
        )
        return Bearer(account_of(row), session_of(row[ACCOUNT_COLUMNS:])) if row else None

    async def key_holder(self, digests: Sequence[str]) -> KeyHolder | None:
        if not digests:
            return None
        row = await self.engine.fetch_one(
            "SELECT a.id, a.name, a.created_at, a.updated_at, a.role, a.state, a.source,"  # noqa: S608 - placeholders
            " a.directory, a.email, a.email_confirmed_at, a.first_name, a.last_name,"
            " k.id, k.account_id, k.name, k.digest, k.sealed, k.hint, k.scopes, k.per_minute,"
            " k.created_at, k.expires_at, k.last_used_at"
            " FROM api_keys AS k JOIN accounts AS a ON a.id = k.account_id"
            f" WHERE k.digest IN ({places(len(digests))})",
            *digests,
        )
        return KeyHolder(account_of(row), api_key_of(row[ACCOUNT_COLUMNS:])) if row else None

    async def claimed(self, key: str) -> Claimed | None:
        rows = await self.engine.fetch_all(
            "SELECT a.id, a.name, a.created_at, a.updated_at, a.role, a.state, a.source,"
            " a.directory, a.email, a.email_confirmed_at, a.first_name, a.last_name,"
            " p.encoded, p.changed_at, p.is_documented,"
            " (SELECT COUNT(*) FROM sessions AS s WHERE s.account_id = a.id),"
            " g.id, g.name, g.created_at, g.password_days, g.password_history, m.role"
            " FROM identifiers AS i JOIN accounts AS a ON a.id = i.account_id"
            " LEFT JOIN passwords AS p ON p.account_id = a.id"
            " LEFT JOIN memberships AS m ON m.account_id = a.id"
            " LEFT JOIN groups AS g ON g.id = m.group_id"
            " WHERE i.key = $1 ORDER BY g.name_key, m.role LIMIT $2",
            key,
            PAGE_MAX,
        )
        return _claimed(rows) if rows else None

    async def commit(self) -> None:
        transaction = self.batch.take()
        if transaction is not None:
            await self.engine.apply(transaction)


class SqlStorage:
    """Implements Storage on any engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.attempts = SqlAttemptGate(engine)
        self.checkout_desk = SqlCheckoutDesk(engine)
        self.ticket_desk = SqlTicketDesk(engine)
        self.outbox_desk = SqlOutboxDesk(engine)
        self.job_desk = SqlJobDesk(engine)
        self.lease_desk = SqlLeaseDesk(engine)

    @property
    def revocations(self) -> Revocations:
        return self._engine.revocations

    def open_work(self) -> SqlWork:
        return SqlWork(self._engine)

    async def check(self) -> None:
        # Only a write that was committed shows that writes work: SQLite meets a full disk
        # at COMMIT, and a stand-by of PostgreSQL reads as well as any other.
        await self._engine.fetch_one("SELECT beats FROM pulse WHERE id = 1")
        await self._engine.apply(Transaction(_beat))

    async def pending(self) -> list[str]:
        """Return the migrations that this program knows and the database has not had."""
        return await migrate.pending(self._engine)

    async def migrate(self, *, at: datetime) -> list[str]:
        """Apply what is pending, all or nothing, and return it; many may try at once."""
        return await migrate.migrate(self._engine, at=at)

    async def close(self) -> None:
        await self._engine.close()


def _claimed(rows: Sequence[Row]) -> Claimed:
    """Read an account from the first of its rows, and a membership from each, if it has any."""
    account = account_of(rows[0])
    encoded, changed_at, is_documented, session_count = rows[0][ACCOUNT_COLUMNS:_MEMBERSHIP]
    password = (account.id, encoded, changed_at, is_documented)
    groups = [row[_MEMBERSHIP:] for row in rows if row[_MEMBERSHIP] is not None]
    return Claimed(
        account=account,
        credential=credential_of(password) if encoded is not None else None,
        memberships=tuple(
            Membership(group=group_of(row), account_id=account.id, role=row[GROUP_COLUMNS])
            for row in groups
        ),
        session_count=session_count,
    )


def _beat() -> Steps[None]:
    yield Statement("UPDATE pulse SET beats = beats + 1, ballast = $1 WHERE id = 1", (_BALLAST,))
