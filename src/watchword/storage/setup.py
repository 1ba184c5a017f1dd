"""The facts of this installation in SQL, and its setup token."""

from datetime import datetime
from functools import partial

from watchword.core.kernel.errors import ConflictError, DeniedError
from watchword.storage import locks
from watchword.storage.engine import Engine
from watchword.storage.moments import stored
from watchword.storage.statement import Batch


class SqlSetup:
    """Implements SetupStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def instance(self) -> str | None:
        row = await self._engine.fetch_one("SELECT value FROM facts WHERE name = 'instance'")
        return row[0] if row else None

    def name_instance(self, instance: str) -> None:
        self._batch.record(
            "INSERT INTO facts (name, value) VALUES ('instance', $1) ON CONFLICT (name) DO NOTHING",
            instance,
        )

    async def has_had_account(self) -> bool:
        return bool(
            await self._engine.fetch_one("SELECT value FROM facts WHERE name = 'first-account'")
        )

    def require_no_account_yet(self) -> None:
        self._batch.lock(locks.FIRST_ACCOUNT)
        self._batch.record(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM facts WHERE name = 'first-account')",
            expect=partial(ConflictError, "setup"),
        )

    async def token_digest(self) -> str | None:
        row = await self._engine.fetch_one("SELECT digest FROM setup_token WHERE id = 1")
        return row[0] if row else None

    def put_token(self, digest: str, *, at: datetime) -> None:
        self._batch.record(
            "INSERT INTO setup_token (id, digest, tries, made_at) VALUES (1, $1, 0, $2)"
            " ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, tries = 0,"
            " made_at = excluded.made_at",
            digest,
            stored(at),
        )

    def use_try(self, *, limit: int) -> None:
        self._batch.record(
            "UPDATE setup_token SET tries = tries + 1 WHERE id = 1 AND tries < $1 RETURNING tries",
            limit,
            expect=DeniedError,
        )

    def drop_token(self) -> None:
        self._batch.record("DELETE FROM setup_token WHERE id = 1")
