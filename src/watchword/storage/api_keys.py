"""API keys in SQL."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from watchword.core.apikeys.model import ApiKey, Scope
from watchword.core.apikeys.store import KeyUse
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.kernel.page import Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, moment_or_none, stored, stored_or_none
from watchword.storage.portions import places
from watchword.storage.ranges import range_of
from watchword.storage.statement import Batch, Row

_LISTING = "apikeys"
_LISTING_OF_ACCOUNT = "accountkeys"
_KNOWN_SCOPES = frozenset(Scope)


class SqlApiKeys:
    """Implements ApiKeyStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, key_id: ApiKeyId) -> ApiKey | None:
        row = await self._engine.fetch_one(
            "SELECT id, account_id, name, digest, sealed, hint, scopes, per_minute,"
            " created_at, expires_at, last_used_at FROM api_keys WHERE id = $1",
            key_id,
        )
        return api_key_of(row) if row else None

    async def by_digest(self, digests: Sequence[str]) -> ApiKey | None:
        if not digests:
            return None
        row = await self._engine.fetch_one(
            "SELECT id, account_id, name, digest, sealed, hint, scopes, per_minute,"  # noqa: S608 - placeholders
            " created_at, expires_at, last_used_at FROM api_keys"
            f" WHERE digest IN ({places(len(digests))})",
            *digests,
        )
        return api_key_of(row) if row else None

    async def page_of(
        self, account_id: AccountId, *, after: str | None = None, limit: int
    ) -> Page[ApiKey]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT id, account_id, name, digest, sealed, hint, scopes, per_minute,"
            " created_at, expires_at, last_used_at FROM api_keys"
            " WHERE account_id = $1 AND (created_at, id) > ($2, $3)"
            " ORDER BY created_at, id LIMIT $4",
            account_id,
            *((-1, "") if after is None else read_cursor(_LISTING_OF_ACCOUNT, after)),
            most + 1,
        )
        return _page(_LISTING_OF_ACCOUNT, rows, most)

    async def page(self, *, after: str | None = None, limit: int) -> Page[ApiKey]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            "SELECT id, account_id, name, digest, sealed, hint, scopes, per_minute,"
            " created_at, expires_at, last_used_at FROM api_keys"
            " WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
            *((-1, "") if after is None else read_cursor(_LISTING, after)),
            most + 1,
        )
        return _page(_LISTING, rows, most)

    async def beginning(self, text: str, *, limit: int) -> tuple[ApiKey, ...]:
        rows = await self._engine.fetch_all(
            "SELECT id, account_id, name, digest, sealed, hint, scopes, per_minute,"
            " created_at, expires_at, last_used_at FROM api_keys"
            " WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3",
            *range_of(text),
            within_page(limit),
        )
        return tuple(map(api_key_of, rows))

    def add(self, key: ApiKey, *, most: int) -> None:
        self._batch.lock(locks.account(key.account_id))
        self._batch.record(
            "SELECT id FROM accounts WHERE id = $1 AND state = 'active'",
            key.account_id,
            expect=DeniedError,
        )
        self._batch.record(
            "SELECT 1 WHERE (SELECT COUNT(*) FROM api_keys WHERE account_id = $1"
            " AND (expires_at IS NULL OR expires_at > $2)) < $3",
            key.account_id,
            stored(key.created_at),
            most,
            expect=partial(ConflictError, "api_keys"),
        )
        self._batch.record(
            "INSERT INTO api_keys (id, account_id, name, digest, sealed, hint, scopes, per_minute,"
            " created_at, expires_at, last_used_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            key.id,
            key.account_id,
            key.name,
            key.digest,
            key.sealed,
            key.hint,
            " ".join(sorted(key.scopes)),
            key.per_minute,
            stored(key.created_at),
            stored_or_none(key.expires_at),
            stored_or_none(key.last_used_at),
        )

    def end(self, key: ApiKey) -> None:
        self._batch.record(
            "UPDATE api_keys SET expires_at = $2 WHERE id = $1 RETURNING id",
            key.id,
            stored_or_none(key.expires_at),
            expect=NotFoundError,
            revokes=True,
        )

    def delete(self, key_id: ApiKeyId) -> None:
        self._batch.record(
            "DELETE FROM api_keys WHERE id = $1 RETURNING id",
            key_id,
            expect=NotFoundError,
            revokes=True,
        )

    def used(self, uses: Sequence[KeyUse]) -> None:
        self._batch.lock(locks.API_KEYS)
        for use in uses:
            self._batch.record(
                "UPDATE api_keys SET last_used_at = $2"
                " WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
                use.key_id,
                stored(use.at),
            )
            if use.digest:
                self._batch.record(
                    "UPDATE api_keys SET digest = $2, sealed = $3 WHERE id = $1",
                    use.key_id,
                    use.digest,
                    use.sealed,
                )

    def forget_sealed(self, *, limit: int) -> None:
        self._batch.lock(locks.API_KEYS)
        self._batch.record(
            "UPDATE api_keys SET sealed = '' WHERE id IN"
            " (SELECT id FROM api_keys WHERE sealed <> '' LIMIT $1)",
            max(0, limit),
        )

    def delete_expired(self, *, before: datetime, limit: int) -> None:
        # They were dead already, so this revokes nothing.
        self._batch.lock(locks.API_KEYS)
        self._batch.record(
            "DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys"
            " WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            stored(before),
            max(0, limit),
        )


def api_key_of(row: Row) -> ApiKey:
    """Read a key from eleven columns, in the order of every SELECT here."""
    key_id, account_id, name, digest, sealed, hint, scopes, rate, created, expires, used = row
    return ApiKey(
        id=ApiKeyId(key_id),
        account_id=AccountId(account_id),
        name=name,
        digest=digest,
        sealed=sealed,
        hint=hint,
        # A newer program may have stored what this one cannot allow.
        scopes=frozenset(Scope(one) for one in scopes.split() if one in _KNOWN_SCOPES),
        per_minute=rate,
        created_at=moment(created),
        expires_at=moment_or_none(expires),
        last_used_at=moment_or_none(used),
    )


def _page(listing: str, rows: Sequence[Row], most: int) -> Page[ApiKey]:
    items = tuple(api_key_of(row) for row in rows[:most])
    more = len(rows) > most
    last = write_cursor(listing, stored(items[-1].created_at), items[-1].id) if more else None
    return Page(items, last)
