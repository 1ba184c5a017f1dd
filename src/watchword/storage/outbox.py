"""The outbox in SQL: the desk that hands letters to senders, and the store."""

from collections.abc import Sequence
from datetime import datetime

from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.outbox.model import Entry, LetterKind, Standing
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import LAST, moment, moment_or_none, stored, stored_or_none
from watchword.storage.statement import Batch, Row, Statement, Steps, Transaction

_LISTING = "letters"

_TURNS = frozenset({locks.LETTERS})


class SqlOutboxDesk:
    """Implements OutboxDesk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def claim(
        self, holder: str, *, at: datetime, until: datetime, limit: int
    ) -> tuple[Entry, ...]:
        most = max(0, min(limit, PAGE_MAX))
        return await self._engine.apply(
            Transaction(lambda: _claim(holder, at, until, most), _TURNS)
        )

    async def release(self, holder: str) -> int:
        return await self._engine.apply(Transaction(lambda: _release(holder), _TURNS))


class SqlOutbox:
    """Implements OutboxStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, letter_id: LetterId) -> Entry | None:
        row = await self._engine.fetch_one(
            "SELECT id, kind, recipient, sealed, standing, tries, reason,"
            " created_at, next_at, settled_at FROM letters WHERE id = $1",
            letter_id,
        )
        return _entry(row) if row else None

    async def page(
        self, *, standing: Standing | None = None, after: str | None = None, limit: int
    ) -> Page[Entry]:
        most = within_page(limit)
        begin = (LAST, "") if after is None else read_cursor(_LISTING, after)
        if standing is None:
            rows = await self._engine.fetch_all(
                "SELECT id, kind, recipient, sealed, standing, tries, reason,"
                " created_at, next_at, settled_at FROM letters"
                " WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
                *begin,
                most + 1,
            )
        else:
            rows = await self._engine.fetch_all(
                "SELECT id, kind, recipient, sealed, standing, tries, reason,"
                " created_at, next_at, settled_at FROM letters"
                " WHERE standing = $1 AND (created_at, id) < ($2, $3)"
                " ORDER BY created_at DESC, id DESC LIMIT $4",
                standing.value,
                *begin,
                most + 1,
            )
        return _page(rows, most)

    async def count_waiting(self) -> int:
        row = await self._engine.fetch_one(
            "SELECT COUNT(*) FROM letters WHERE standing = 'waiting'"
        )
        return int(row[0]) if row else 0

    async def is_due(self, *, at: datetime) -> bool:
        row = await self._engine.fetch_one(
            "SELECT 1 FROM letters WHERE standing = 'waiting' AND next_at <= $1"
            " AND (leased_until IS NULL OR leased_until <= $1)"
            " ORDER BY next_at, created_at, id LIMIT 1",
            stored(at),
        )
        return row is not None

    async def is_held(self, holder: str) -> bool:
        row = await self._engine.fetch_one(
            "SELECT 1 FROM letters WHERE holder = $1 LIMIT 1", holder
        )
        return row is not None

    def add(self, entry: Entry) -> None:
        self._batch.record(
            "INSERT INTO letters (id, kind, recipient, sealed, standing, tries, reason,"
            " created_at, next_at, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            entry.id,
            entry.kind.value,
            entry.to,
            entry.sealed,
            entry.standing.value,
            entry.tries,
            entry.reason,
            stored(entry.created_at),
            stored(entry.next_at),
            stored_or_none(entry.settled_at),
        )

    def settle(
        self, letter_id: LetterId, standing: Standing, *, at: datetime, reason: str, keeps: bool
    ) -> None:
        assert standing is not Standing.WAITING
        self._batch.lock(locks.LETTERS)
        values = (letter_id, standing.value, stored(at), reason, int(keeps))
        if standing is Standing.SENT:
            # Whatever somebody else made of it meanwhile: the mail server has it.
            self._batch.record(
                "UPDATE letters SET standing = $2, settled_at = $3, reason = $4,"
                " sealed = CASE WHEN $5 = 1 THEN sealed ELSE '' END,"
                " holder = NULL, leased_until = NULL WHERE id = $1 AND standing <> 'sent'",
                *values,
            )
        else:
            self._batch.record(
                "UPDATE letters SET standing = $2, settled_at = $3, reason = $4,"
                " sealed = CASE WHEN $5 = 1 THEN sealed ELSE '' END,"
                " holder = NULL, leased_until = NULL WHERE id = $1 AND standing = 'waiting'",
                *values,
            )

    def withdraw(self, letter_id: LetterId) -> None:
        self._batch.record(
            "DELETE FROM letters WHERE id = $1 AND standing = 'waiting' AND holder IS NULL",
            letter_id,
        )

    def defer(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        self._batch.lock(locks.LETTERS)
        self._batch.record(
            "UPDATE letters SET tries = tries + 1, next_at = $2, reason = $3,"
            " holder = NULL, leased_until = NULL WHERE id = $1 AND standing = 'waiting'",
            letter_id,
            stored(next_at),
            reason,
        )

    def put_back(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        self._batch.lock(locks.LETTERS)
        self._batch.record(
            "UPDATE letters SET next_at = $2, reason = $3, holder = NULL, leased_until = NULL"
            " WHERE id = $1 AND standing = 'waiting'",
            letter_id,
            stored(next_at),
            reason,
        )

    def retry(self, letter_id: LetterId, *, at: datetime) -> None:
        self._batch.lock(locks.LETTERS)
        self._batch.record("SELECT id FROM letters WHERE id = $1", letter_id, expect=NotFoundError)
        # Who has it now keeps it: two would send it.
        self._batch.record(
            "UPDATE letters SET standing = 'waiting', next_at = $2, settled_at = NULL"
            " WHERE id = $1 AND standing <> 'sent' AND sealed <> '' RETURNING id",
            letter_id,
            stored(at),
            expect=DeniedError,
        )

    def purge(self, *, before: datetime, limit: int) -> None:
        self._batch.lock(locks.LETTERS)
        self._batch.record(
            "DELETE FROM letters WHERE id IN (SELECT id FROM letters"
            " WHERE settled_at < $1 ORDER BY settled_at, id LIMIT $2)",
            stored(before),
            max(0, limit),
        )


def _claim(holder: str, at: datetime, until: datetime, most: int) -> Steps[tuple[Entry, ...]]:
    rows = yield Statement(
        "UPDATE letters SET holder = $1, leased_until = $2 WHERE id IN (SELECT id FROM letters"
        " WHERE standing = 'waiting' AND next_at <= $3"
        " AND (leased_until IS NULL OR leased_until <= $3)"
        " ORDER BY next_at, created_at, id LIMIT $4)"
        " RETURNING id, kind, recipient, sealed, standing, tries, reason,"
        " created_at, next_at, settled_at",
        (holder, stored(until), stored(at), most),
    )
    # What comes back is in no order.
    claimed = sorted(map(_entry, rows), key=lambda one: (one.next_at, one.created_at, one.id))
    return tuple(claimed)


def _release(holder: str) -> Steps[int]:
    rows = yield Statement(
        "UPDATE letters SET holder = NULL, leased_until = NULL WHERE holder = $1 RETURNING id",
        (holder,),
    )
    return len(rows)


def _page(rows: Sequence[Row], most: int) -> Page[Entry]:
    items = tuple(_entry(row) for row in rows[:most])
    more = len(rows) > most
    last = write_cursor(_LISTING, stored(items[-1].created_at), items[-1].id) if more else None
    return Page(items, last)


def _entry(row: Row) -> Entry:
    letter_id, kind, to, sealed, standing, tries, reason, created, next_at, settled = row
    return Entry(
        id=LetterId(letter_id),
        kind=LetterKind(kind),
        to=to,
        sealed=sealed,
        standing=Standing(standing),
        tries=tries,
        reason=reason,
        created_at=moment(created),
        next_at=moment(next_at),
        settled_at=moment_or_none(settled),
    )
