"""Sessions in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.sessions.model import Kind, Session
from watchword.core.sessions.store import SessionUse
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import LAST, moment, moment_or_none, stored, stored_or_none
from watchword.storage.portions import places, portions
from watchword.storage.revocation_log import record_ends
from watchword.storage.statement import Batch, Row

_LISTING = "sessions"


class SqlSessions:
    """Implements SessionStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, session_id: SessionId) -> Session | None:
        row = await self._engine.fetch_one(
            "SELECT id, account_id, dialect, created_at, expires_at, address,"
            " kind, client, last_used_at"
            " FROM sessions WHERE id = $1",
            session_id,
        )
        return session_of(row) if row else None

    async def of(self, account_id: AccountId, *, at: datetime) -> tuple[Session, ...]:
        rows = await self._engine.fetch_all(
            "SELECT id, account_id, dialect, created_at, expires_at, address,"
            " kind, client, last_used_at"
            " FROM sessions WHERE account_id = $1 AND expires_at > $2"
            " ORDER BY created_at DESC, id DESC LIMIT $3",
            account_id,
            stored(at),
            PAGE_MAX,
        )
        return tuple(session_of(row) for row in rows)

    async def page(self, *, at: datetime, after: str | None = None, limit: int) -> Page[Session]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT id, account_id, dialect, created_at, expires_at, address,"
            " kind, client, last_used_at"
            " FROM sessions WHERE (created_at, id) < ($1, $2) AND expires_at > $3"
            " ORDER BY created_at DESC, id DESC LIMIT $4",
            *((LAST, "") if after is None else read_cursor(_LISTING, after)),
            stored(at),
            most + 1,
        )
        items = tuple(session_of(row) for row in rows[:most])
        more = len(rows) > most
        last = write_cursor(_LISTING, stored(items[-1].created_at), items[-1].id) if more else None
        return Page(items, last)

    async def count_of(self, account_id: AccountId, *, dialect: str | None = None) -> int:
        if dialect is None:
            row = await self._engine.fetch_one(
                "SELECT COUNT(*) FROM sessions WHERE account_id = $1", account_id
            )
        else:
            row = await self._engine.fetch_one(
                "SELECT COUNT(*) FROM sessions WHERE account_id = $1 AND dialect = $2",
                account_id,
                dialect,
            )
        return int(row[0]) if row else 0

    async def count_expired(self, *, at: datetime) -> int:
        row = await self._engine.fetch_one(
            "SELECT COUNT(*) FROM sessions WHERE expires_at <= $1", stored(at)
        )
        return int(row[0]) if row else 0

    def add(self, session: Session) -> None:
        self._batch.lock(locks.account(session.account_id))
        self._batch.record(
            "INSERT INTO sessions (id, account_id, dialect, created_at, expires_at, address,"
            " kind, client, last_used_at)"
            " SELECT $2, id, $3, $4, $5, $6, $7, $8, $9 FROM accounts WHERE id = $1 RETURNING id",
            session.account_id,
            session.id,
            session.dialect,
            stored(session.created_at),
            stored(session.expires_at),
            session.address,
            session.kind.value,
            session.client,
            stored_or_none(session.last_used_at),
            expect=NotFoundError,
            apart=True,
        )

    def require(self, session_id: SessionId) -> None:
        # A write that changes nothing: who ends the session meanwhile waits for this commit.
        self._batch.record(
            "UPDATE sessions SET address = address WHERE id = $1 RETURNING id",
            session_id,
            expect=DeniedError,
        )

    def end(self, session_id: SessionId) -> None:
        record_ends(
            self._batch, "DELETE FROM sessions WHERE id = $1 RETURNING id, expires_at", session_id
        )

    def end_all_of(self, account_id: AccountId, *, but: SessionId | None = None) -> None:
        self._batch.lock(locks.account(account_id))
        record_ends(
            self._batch,
            "DELETE FROM sessions WHERE account_id = $1 AND id <> $2 RETURNING id, expires_at",
            account_id,
            but or "",
        )

    def end_oldest_of(self, account_id: AccountId, *, keep: int) -> None:
        self._batch.lock(locks.account(account_id))
        record_ends(
            self._batch,
            "DELETE FROM sessions WHERE account_id = $1 AND id NOT IN"
            " (SELECT id FROM sessions WHERE account_id = $1"
            " ORDER BY created_at DESC, id DESC LIMIT $2) RETURNING id, expires_at",
            account_id,
            max(0, keep),
        )

    def end_idlest_of(self, account_id: AccountId, *, dialect: str, keep: int) -> None:
        self._batch.lock(locks.account(account_id))
        record_ends(
            self._batch,
            "DELETE FROM sessions WHERE account_id = $1 AND dialect = $2 AND id NOT IN"
            " (SELECT id FROM sessions WHERE account_id = $1 AND dialect = $2"
            " ORDER BY COALESCE(last_used_at, created_at) DESC, created_at DESC, id DESC LIMIT $3)"
            " RETURNING id, expires_at",
            account_id,
            dialect,
            max(0, keep),
        )

    def end_idle(self, session_ids: Sequence[SessionId], *, since: datetime) -> None:
        for some in portions(session_ids):
            record_ends(
                self._batch,
                "DELETE FROM sessions WHERE COALESCE(last_used_at, created_at) < $1"  # noqa: S608 - placeholders
                f" AND id IN ({places(len(some), after=1)}) RETURNING id, expires_at",
                stored(since),
                *some,
            )

    def used(self, uses: Sequence[SessionUse]) -> None:
        self._batch.lock(locks.REVOCATIONS)
        for some in portions(_latest(uses)):
            values = [value for use in some for value in (use.session_id, stored(use.at))]
            self._batch.record(_use(len(some)), *values)

    def end_expired(self, *, at: datetime, limit: int) -> None:
        # Nothing enters the log, but who deletes several sessions takes turns with the others:
        # else each of two may wait for a row of the other's.
        self._batch.lock(locks.REVOCATIONS)
        self._batch.record(
            "DELETE FROM sessions WHERE id IN"
            " (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            stored(at),
            limit,
        )


def session_of(row: Row) -> Session:
    """Read a session from nine columns, in the order of every SELECT here."""
    identity, account_id, dialect, created, expires, address, kind, client, last_used = row
    return Session(
        id=SessionId(identity),
        account_id=AccountId(account_id),
        dialect=dialect,
        created_at=moment(created),
        expires_at=moment(expires),
        address=address,
        kind=Kind(kind),
        client=client,
        last_used_at=moment_or_none(last_used),
    )


def _latest(uses: Iterable[SessionUse]) -> list[SessionUse]:
    """Return the last use of each session: one statement writes to a row once."""
    latest = {use.session_id: use for use in sorted(uses, key=lambda use: use.at)}
    return list(latest.values())


def _use(count: int) -> str:
    rows = ", ".join(f"(${2 * n + 1}, CAST(${2 * n + 2} AS BIGINT))" for n in range(count))
    return (
        f"WITH uses (id, at) AS (VALUES {rows}) UPDATE sessions SET last_used_at = uses.at"  # noqa: S608 - placeholders
        " FROM uses WHERE sessions.id = uses.id"
        " AND (sessions.last_used_at IS NULL OR sessions.last_used_at < uses.at)"
    )
