"""Accounts in SQL, and the identifiers by which they are found."""

from collections.abc import Iterator, Sequence
from functools import partial

from watchword.core.accounts.model import Account, Role, Source, State
from watchword.core.accounts.names import canonical
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage import locks
from watchword.storage.arrivals import record_arrivals
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, moment_or_none, stored, stored_or_none
from watchword.storage.portions import places, portions
from watchword.storage.ranges import after as beyond
from watchword.storage.ranges import range_of
from watchword.storage.revocation_log import record_ends
from watchword.storage.statement import Batch, Row, Value, storable
from watchword.storage.tally import counted, record_sum

ACCOUNT_COLUMNS = 12

_LISTING = "accounts"
_SEARCH = "accountsearch"


class SqlAccounts:
    """Implements AccountStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, account_id: AccountId) -> Account | None:
        row = await self._engine.fetch_one(
            "SELECT id, name, created_at, updated_at, role, state, source,"
            " directory, email, email_confirmed_at, first_name, last_name"
            " FROM accounts WHERE id = $1",
            account_id,
        )
        return account_of(row) if row else None

    async def by_identifier(self, key: str) -> Account | None:
        row = await self._engine.fetch_one(
            "SELECT a.id, a.name, a.created_at, a.updated_at, a.role, a.state, a.source,"
            " a.directory, a.email, a.email_confirmed_at, a.first_name, a.last_name"
            " FROM identifiers AS i JOIN accounts AS a ON a.id = i.account_id WHERE i.key = $1",
            key,
        )
        return account_of(row) if row else None

    async def by_ids(self, ids: Sequence[AccountId]) -> tuple[Account, ...]:
        found: list[Account] = []
        for some in portions(sorted({one for one in ids if storable((one,))})):
            rows = await self._engine.fetch_all(
                "SELECT id, name, created_at, updated_at, role, state, source,"  # noqa: S608 - placeholders
                " directory, email, email_confirmed_at, first_name, last_name"
                f" FROM accounts WHERE id IN ({places(len(some))})",
                *some,
            )
            found += map(account_of, rows)
        return tuple(found)

    async def page(self, *, after: str | None = None, limit: int) -> Page[Account]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT id, name, created_at, updated_at, role, state, source,"
            " directory, email, email_confirmed_at, first_name, last_name"
            " FROM accounts WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
            *((-1, "") if after is None else read_cursor(_LISTING, after)),
            most + 1,
        )
        items = tuple(account_of(row) for row in rows[:most])
        more = len(rows) > most
        last = write_cursor(_LISTING, stored(items[-1].created_at), items[-1].id) if more else None
        return Page(items, last)

    async def search(self, prefix: str, *, after: str | None = None, limit: int) -> Page[Account]:
        most = within_page(limit)
        first, end = range_of(prefix)
        begin = first if after is None else max(first, beyond(read_cursor(_SEARCH, after)[1]))
        # One bound at each side: of two an engine may begin at the wrong one. Whose name and
        # address both begin so is listed once, where the first of the two is.
        rows = await self._engine.fetch_all(
            "SELECT a.id, a.name, a.created_at, a.updated_at, a.role, a.state, a.source,"
            " a.directory, a.email, a.email_confirmed_at, a.first_name, a.last_name, i.key"
            " FROM identifiers AS i JOIN accounts AS a ON a.id = i.account_id"
            " WHERE i.key >= $1 AND i.key < $2 AND NOT EXISTS"
            " (SELECT 1 FROM identifiers AS j WHERE j.account_id = i.account_id"
            " AND j.key >= $3 AND j.key < i.key) ORDER BY i.key LIMIT $4",
            begin,
            end,
            first,
            most + 1,
        )
        items = tuple(account_of(row) for row in rows[:most])
        last = rows[most - 1][ACCOUNT_COLUMNS] if len(rows) > most else None
        return Page(items, None if last is None else write_cursor(_SEARCH, 0, last))

    async def count(self) -> int:
        return await counted(self._engine)

    async def has_admin(self) -> bool:
        row = await self._engine.fetch_one(
            "SELECT 1 FROM accounts WHERE role = 'admin' AND state = 'active' LIMIT 1"
        )
        return row is not None

    async def identifiers_among(self, keys: Sequence[str]) -> frozenset[str]:
        return await self._among("SELECT key FROM identifiers WHERE key", keys)

    async def addresses_among(self, keys: Sequence[str]) -> frozenset[str]:
        return await self._among("SELECT email_key FROM accounts WHERE email_key", keys)

    def add(self, account: Account) -> None:
        self._batch.record(
            "INSERT INTO accounts (id, created_at, updated_at, role, state, source,"
            " directory, first_name, last_name, name, name_key, email, email_key,"
            " email_confirmed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            account.id,
            stored(account.created_at),
            stored(account.updated_at),
            account.role.value,
            account.state.value,
            account.source.value,
            account.directory,
            account.first_name,
            account.last_name,
            *_name_columns(account),
            *_email_columns(account),
        )
        self._claim_name(account)
        self._claim_email(account)
        self._batch.record(
            "INSERT INTO facts (name, value) VALUES ('first-account', $1)"
            " ON CONFLICT (name) DO NOTHING",
            account.id,
        )

    def add_all(self, accounts: Sequence[Account]) -> None:
        record_arrivals(self._batch, accounts)

    def update(self, account: Account, *, before: Account) -> None:
        assert account.id == before.id
        self._batch.lock(locks.account(account.id))
        if account.role is not before.role or account.state is not before.state:
            self._batch.lock(locks.ADMINS)
        self._batch.record(
            "UPDATE accounts SET updated_at = $2 WHERE id = $1 RETURNING id",
            account.id,
            stored(account.updated_at),
            expect=NotFoundError,
            revokes=True,
        )
        for sql, values in _changes(account, before):
            self._batch.record(sql, account.id, *values)
        if account.name != before.name:
            self._claim_name(account)
        if _email_columns(account) != _email_columns(before):
            self._claim_email(account)
        self._release_identifiers(account.id)

    def delete(self, account_id: AccountId) -> None:
        self._batch.lock(
            locks.account(account_id),
            locks.ADMINS,
            locks.API_KEYS,
            locks.GROUPS,
            locks.CHECKOUTS,
            locks.TICKETS,
        )
        # They would go with the account, but then nothing would say which they were.
        record_ends(
            self._batch,
            "DELETE FROM sessions WHERE account_id = $1 RETURNING id, expires_at",
            account_id,
        )
        self._batch.record(
            "DELETE FROM accounts WHERE id = $1 RETURNING id",
            account_id,
            expect=NotFoundError,
            revokes=True,
        )
        # These two know subjects, which are not always accounts: nothing cascades to them.
        self._batch.record("DELETE FROM attempts WHERE subject = $1", account_id)
        self._batch.record("DELETE FROM name_failures WHERE subject = $1", account_id)

    def add_up(self, *, limit: int) -> None:
        record_sum(self._batch, limit=limit)

    def require_not_last_admin(self, account_id: AccountId) -> None:
        self._batch.lock(locks.ADMINS)
        self._batch.record(
            "SELECT 1 WHERE NOT EXISTS"
            " (SELECT 1 FROM accounts WHERE role = 'admin' AND state = 'active' AND id = $1)"
            " OR EXISTS"
            " (SELECT 1 FROM accounts WHERE role = 'admin' AND state = 'active' AND id <> $1)",
            account_id,
            expect=DeniedError,
        )

    async def _among(self, head: str, keys: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for some in portions([key for key in keys if storable((key,))]):
            rows = await self._engine.fetch_all(f"{head} IN ({places(len(some))})", *some)
            found.update(row[0] for row in rows)
        return frozenset(found)

    def _claim_name(self, account: Account) -> None:
        key = canonical(account.name)
        self._claim(key, account.id, field="name")
        if "@" in key:
            self._batch.record(
                "SELECT 1 WHERE NOT EXISTS"
                " (SELECT 1 FROM accounts WHERE email_key = $1 AND id <> $2)",
                key,
                account.id,
                expect=partial(ConflictError, "name"),
            )

    def _claim_email(self, account: Account) -> None:
        if account.email is not None and account.email_confirmed_at is not None:
            self._claim(canonical(account.email), account.id, field="email")

    def _claim(self, key: str, account_id: AccountId, *, field: str) -> None:
        # A name and an address of one account may have the same key: it is claimed twice.
        self._batch.record(
            "INSERT INTO identifiers (key, account_id) VALUES ($1, $2)"
            " ON CONFLICT (key) DO UPDATE SET account_id = excluded.account_id"
            " WHERE identifiers.account_id = excluded.account_id RETURNING key",
            key,
            account_id,
            expect=partial(ConflictError, field),
        )

    def _release_identifiers(self, account_id: AccountId) -> None:
        # What the row says now counts, not what the caller saw: somebody else may have
        # renamed the account in the meantime.
        self._batch.record(
            "DELETE FROM identifiers WHERE account_id = $1"
            " AND key NOT IN (SELECT name_key FROM accounts WHERE id = $1)"
            " AND key NOT IN (SELECT email_key FROM accounts WHERE id = $1"
            " AND email_key IS NOT NULL AND email_confirmed_at IS NOT NULL)",
            account_id,
        )


def account_of(row: Row) -> Account:
    """Read an account from the first twelve columns, in the order of every SELECT here."""
    identity, name, created, updated, role, state, source, directory = row[:8]
    email, confirmed, first, last = row[8:ACCOUNT_COLUMNS]
    return Account(
        id=AccountId(identity),
        name=name,
        created_at=moment(created),
        updated_at=moment(updated),
        role=Role(role),
        state=State(state),
        source=Source(source),
        directory=directory,
        email=email,
        email_confirmed_at=moment_or_none(confirmed),
        first_name=first,
        last_name=last,
    )


def _changes(account: Account, before: Account) -> Iterator[tuple[str, tuple[Value, ...]]]:
    if account.name != before.name:
        yield (
            "UPDATE accounts SET name = $2, name_key = $3 WHERE id = $1",
            _name_columns(account),
        )
    # An address and its confirmation are one field: else a change of the address and a
    # confirmation of the old one, both at once, would confirm an address nobody proved.
    if _email_columns(account) != _email_columns(before):
        yield (
            "UPDATE accounts SET email = $2, email_key = $3, email_confirmed_at = $4 WHERE id = $1",
            _email_columns(account),
        )
    if account.first_name != before.first_name:
        yield "UPDATE accounts SET first_name = $2 WHERE id = $1", (account.first_name,)
    if account.last_name != before.last_name:
        yield "UPDATE accounts SET last_name = $2 WHERE id = $1", (account.last_name,)
    if account.role is not before.role:
        yield "UPDATE accounts SET role = $2 WHERE id = $1", (account.role.value,)
    if account.state is not before.state:
        yield "UPDATE accounts SET state = $2 WHERE id = $1", (account.state.value,)
    if account.source is not before.source:
        yield "UPDATE accounts SET source = $2 WHERE id = $1", (account.source.value,)
    if account.directory != before.directory:
        yield "UPDATE accounts SET directory = $2 WHERE id = $1", (account.directory,)


def _name_columns(account: Account) -> tuple[str, str]:
    return account.name, canonical(account.name)


def _email_columns(account: Account) -> tuple[str | None, str | None, int | None]:
    key = None if account.email is None else canonical(account.email)
    return account.email, key, stored_or_none(account.email_confirmed_at)
