"""The feed of revocations in SQL, and how what ends sessions enters it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.ids import SessionId
from watchword.core.revocations.model import Kind, Revocation, sid_digest
from watchword.storage import locks
from watchword.storage.cursor import within_page
from watchword.storage.engine import Engine
from watchword.storage.moments import LAST, stored
from watchword.storage.portions import inserts
from watchword.storage.statement import Batch, Row, Statement, Steps, Value, storable

_Entry: TypeAlias = tuple[Kind, str, int]


class SqlRevocationLog:
    """Implements RevocationLog."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def since(self, number: int, *, limit: int) -> tuple[Revocation, ...]:
        rows = await self._engine.fetch_all(
            "SELECT number, kind, sid FROM revocations WHERE number > $1 ORDER BY number LIMIT $2",
            max(0, min(number, LAST)),
            within_page(limit),
        )
        return tuple(Revocation(number=row[0], kind=Kind(row[1]), sid=row[2]) for row in rows)

    async def latest(self) -> int:
        row = await self._engine.fetch_one("SELECT MAX(number) FROM revocations")
        return int(row[0] or 0) if row else 0

    def purge(self, *, at: datetime, limit: int) -> None:
        # The newest stays: its number is the last that there ever was.
        self._batch.record(
            "DELETE FROM revocations WHERE number IN"
            " (SELECT number FROM revocations WHERE until <= $1"
            " AND number < (SELECT MAX(number) FROM revocations) ORDER BY until, number LIMIT $2)",
            stored(at),
            max(0, limit),
        )


def record_ends(batch: Batch, sql: str, *values: Value) -> None:
    """Record a DELETE of sessions that ends in `RETURNING id, expires_at`, and log what it ends."""
    _record(batch, Statement(sql, values, revokes=True), _ended)


def record_distrust(batch: Batch, sql: str, *values: Value) -> None:
    """Record a DELETE of signing keys that ends in RETURNING, and log that it ended any."""
    _record(batch, Statement(sql, values, revokes=True), _distrusted)


def _record(
    batch: Batch, statement: Statement, entries: Callable[[Sequence[Row]], Sequence[_Entry]]
) -> None:
    def steps() -> Steps[None]:
        rows = yield statement
        yield from _insert(entries(rows))

    if not storable(statement.values):
        raise InvalidError("text")
    # The database gives numbers out when they are asked for. In their order they are seen
    # only if who has one commits before the next one is given.
    batch.lock(locks.REVOCATIONS)
    batch.record_steps(steps)


def _ended(rows: Sequence[Row]) -> Sequence[_Entry]:
    return [
        (Kind.SESSION, sid_digest(SessionId(identity)), expires_at) for identity, expires_at in rows
    ]


def _distrusted(rows: Sequence[Row]) -> Sequence[_Entry]:
    # Nobody knows how long the tokens live that somebody else has signed.
    return [(Kind.KEYS, "", LAST)] if rows else []


def _insert(entries: Sequence[_Entry]) -> Steps[None]:
    rows = [(kind.value, sid, until) for kind, sid, until in entries]
    yield from inserts("INSERT INTO revocations (kind, sid, until)", rows)
