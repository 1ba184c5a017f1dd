"""Passwords and their history in SQL."""

from collections.abc import Sequence
from datetime import datetime

from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, stored
from watchword.storage.portions import inserts
from watchword.storage.statement import Batch, Row

_LISTING = "passwords"


class SqlCredentials:
    """Implements CredentialStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def password_of(self, account_id: AccountId) -> PasswordCredential | None:
        row = await self._engine.fetch_one(
            "SELECT encoded, changed_at, is_documented FROM passwords WHERE account_id = $1",
            account_id,
        )
        return credential_of((account_id, *row)) if row else None

    async def earlier_passwords(self, account_id: AccountId, *, limit: int) -> tuple[str, ...]:
        rows = await self._engine.fetch_all(
            "SELECT encoded FROM password_history WHERE account_id = $1"
            " ORDER BY number DESC LIMIT $2",
            account_id,
            max(0, min(limit, PAGE_MAX)),
        )
        return tuple(row[0] for row in rows)

    async def documented(self) -> tuple[AccountId, ...]:
        rows = await self._engine.fetch_all(
            "SELECT account_id FROM passwords WHERE is_documented = 1 ORDER BY account_id LIMIT 100"
        )
        return tuple(AccountId(row[0]) for row in rows)

    async def unannounced(
        self, *, since: datetime, until: datetime, after: str | None = None, limit: int
    ) -> Page[PasswordCredential]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT p.account_id, p.encoded, p.changed_at, p.is_documented"
            " FROM passwords AS p JOIN accounts AS a ON a.id = p.account_id"
            " WHERE p.announced_at IS NULL AND (p.changed_at, p.account_id) > ($1, $2)"
            " AND p.changed_at < $3 AND a.state = 'active' AND a.email_confirmed_at IS NOT NULL"
            " ORDER BY p.changed_at, p.account_id LIMIT $4",
            *((stored(since), "") if after is None else read_cursor(_LISTING, after)),
            stored(until),
            most + 1,
        )
        items = tuple(credential_of(row) for row in rows[:most])
        return Page(items, _cursor(items[-1]) if len(rows) > most else None)

    def put_password(self, credential: PasswordCredential, *, remember: int = 0) -> None:
        account_id = credential.account_id
        self._batch.lock(locks.account(account_id))
        self._batch.record(
            "INSERT INTO password_history (account_id, encoded)"
            " SELECT account_id, encoded FROM passwords WHERE account_id = $1",
            account_id,
        )
        self._batch.record(
            "DELETE FROM password_history WHERE account_id = $1 AND number NOT IN"
            " (SELECT number FROM password_history WHERE account_id = $1"
            " ORDER BY number DESC LIMIT $2)",
            account_id,
            max(0, remember),
        )
        self._batch.record(
            "INSERT INTO passwords (account_id, encoded, changed_at, is_documented)"
            " SELECT id, $2, $3, $4 FROM accounts WHERE id = $1"
            " ON CONFLICT (account_id) DO UPDATE SET encoded = excluded.encoded,"
            " changed_at = excluded.changed_at, is_documented = excluded.is_documented,"
            " announced_at = NULL"
            " RETURNING account_id",
            account_id,
            credential.encoded,
            stored(credential.changed_at),
            int(credential.is_documented),
            expect=NotFoundError,
        )

    def add_passwords(self, credentials: Sequence[PasswordCredential]) -> None:
        # In the order of the key, which is drawn by chance: so neighbours meet on one page.
        rows = sorted(
            (one.account_id, one.encoded, stored(one.changed_at), int(one.is_documented))
            for one in credentials
        )
        for statement in inserts(
            "INSERT INTO passwords (account_id, encoded, changed_at, is_documented)", rows
        ):
            self._batch.record(statement.sql, *statement.values)

    def rehash(self, credential: PasswordCredential, *, replaces: str) -> None:
        # The password is the same, so it keeps its age and whether a page prints it.
        self._batch.lock(locks.account(credential.account_id))
        self._batch.record(
            "UPDATE passwords SET encoded = $2 WHERE account_id = $1 AND encoded = $3",
            credential.account_id,
            credential.encoded,
            replaces,
        )

    def announce(self, credential: PasswordCredential, *, at: datetime) -> None:
        self._batch.lock(locks.account(credential.account_id))
        self._batch.record(
            "UPDATE passwords SET announced_at = $3"
            " WHERE account_id = $1 AND changed_at = $2 AND announced_at IS NULL"
            " RETURNING account_id",
            credential.account_id,
            stored(credential.changed_at),
            stored(at),
            expect=DeniedError,
        )

    def require(self, account_id: AccountId, *, encoded: str) -> None:
        self._batch.lock(locks.account(account_id))
        self._batch.record(
            "SELECT a.id FROM accounts AS a JOIN passwords AS p ON p.account_id = a.id"
            " WHERE a.id = $1 AND a.state = 'active' AND p.encoded = $2",
            account_id,
            encoded,
            expect=DeniedError,
            apart=True,
        )


def _cursor(last: PasswordCredential) -> str:
    return write_cursor(_LISTING, stored(last.changed_at), last.account_id)


def credential_of(row: Row) -> PasswordCredential:
    """Read a password from four columns."""
    account_id, encoded, changed_at, is_documented = row
    return PasswordCredential(
        account_id=AccountId(account_id),
        encoded=encoded,
        changed_at=moment(changed_at),
        is_documented=bool(is_documented),
    )
