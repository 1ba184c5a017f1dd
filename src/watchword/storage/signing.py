"""Signing keys in SQL."""

from datetime import datetime
from functools import partial

from watchword.core.kernel.errors import ConflictError
from watchword.core.signing.model import Algorithm, SigningKey
from watchword.storage import locks
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, moment_or_none, stored, stored_or_none
from watchword.storage.revocation_log import record_distrust
from watchword.storage.statement import Batch, Row


class SqlSigningKeys:
    """Implements SigningKeyStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def all(self) -> tuple[SigningKey, ...]:
        rows = await self._engine.fetch_all(
            "SELECT id, algorithm, public, sealed, created_at, retired_at"
            " FROM signing_keys ORDER BY created_at DESC, id DESC"
        )
        return tuple(_key(row) for row in rows)

    def add_first(self, key: SigningKey) -> None:
        self._batch.lock(locks.SIGNING_KEYS)
        self._batch.record(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM signing_keys)",
            expect=partial(ConflictError, "signing_key"),
        )
        self._insert(key)

    def rotate(self, key: SigningKey) -> None:
        self._batch.lock(locks.SIGNING_KEYS)
        self._batch.record(
            "UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL",
            stored(key.created_at),
        )
        self._insert(key)

    def delete_retired(self, *, before: datetime) -> None:
        self._batch.lock(locks.SIGNING_KEYS)
        self._batch.record(
            "DELETE FROM signing_keys WHERE retired_at < $1 RETURNING id",
            stored(before),
            revokes=True,
        )

    def delete_others(self, key_id: str) -> None:
        self._batch.lock(locks.SIGNING_KEYS)
        record_distrust(self._batch, "DELETE FROM signing_keys WHERE id <> $1 RETURNING id", key_id)

    def _insert(self, key: SigningKey) -> None:
        self._batch.record(
            "INSERT INTO signing_keys (id, algorithm, public, sealed, created_at, retired_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            key.id,
            key.algorithm.value,
            key.public,
            key.sealed,
            stored(key.created_at),
            stored_or_none(key.retired_at),
            revokes=True,
        )


def _key(row: Row) -> SigningKey:
    key_id, algorithm, public, sealed, created_at, retired_at = row
    return SigningKey(
        id=key_id,
        algorithm=Algorithm(algorithm),
        public=public,
        sealed=sealed,
        created_at=moment(created_at),
        retired_at=moment_or_none(retired_at),
    )
