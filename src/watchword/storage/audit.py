"""The audit trail in SQL."""

from collections.abc import Sequence

from watchword.core.audit.model import Action, Event
from watchword.core.kernel.page import Page
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import LAST, moment, stored
from watchword.storage.portions import inserts
from watchword.storage.statement import Batch, Row, Value

_LISTING = "audit"

_ADD_ONE = (
    "INSERT INTO audit_events (at, action, subject, actor, address, dialect, detail)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
)

# One text for each question: a condition that is sometimes empty would keep the engine
# from using the index.
_ALL = (
    "SELECT number, at, action, subject, actor, address, dialect, detail FROM audit_events"
    " WHERE number < $1 ORDER BY number DESC LIMIT $2"
)
_OF_SUBJECT = (
    "SELECT number, at, action, subject, actor, address, dialect, detail FROM audit_events"
    " WHERE number < $1 AND subject = $3 ORDER BY number DESC LIMIT $2"
)
_OF_ACTION = (
    "SELECT number, at, action, subject, actor, address, dialect, detail FROM audit_events"
    " WHERE number < $1 AND action = $3 ORDER BY number DESC LIMIT $2"
)
# By its subject, of which there are few events; there are millions of log-ins. No index has the
# action with something added, so none is tempting.
_OF_BOTH = (
    "SELECT number, at, action, subject, actor, address, dialect, detail FROM audit_events"
    " WHERE number < $1 AND subject = $3 AND action || '' = $4 ORDER BY number DESC LIMIT $2"
)


class SqlAudit:
    """Implements AuditStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    def add(self, event: Event) -> None:
        self._batch.record(_ADD_ONE, *_row(event), apart=True)

    def add_all(self, events: Sequence[Event]) -> None:
        rows = [_row(event) for event in events]
        for statement in inserts(
            "INSERT INTO audit_events (at, action, subject, actor, address, dialect, detail)", rows
        ):
            self._batch.record(statement.sql, *statement.values)

    async def page(
        self,
        *,
        subject: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Event]:
        most = within_page(limit)
        number = LAST if after is None else read_cursor(_LISTING, after)[0]
        sql, asked = _question(subject, action)
        rows = await self._engine.fetch_all(sql, number, most + 1, *asked)
        items = tuple(_event(row) for row in rows[:most])
        last = write_cursor(_LISTING, rows[most - 1][0]) if len(rows) > most else None
        return Page(items, last)


def _row(event: Event) -> tuple[Value, ...]:
    return (
        stored(event.at),
        event.action.value,
        event.subject,
        event.actor,
        event.address,
        event.dialect,
        event.detail,
    )


def _question(subject: str | None, action: Action | None) -> tuple[str, tuple[Value, ...]]:
    match subject, action:
        case None, None:
            return _ALL, ()
        case _, None:
            return _OF_SUBJECT, (subject,)
        case None, Action():
            return _OF_ACTION, (action.value,)
        case _, Action():
            return _OF_BOTH, (subject, action.value)


def _event(row: Row) -> Event:
    _, at, action, subject, actor, address, dialect, detail = row
    return Event(
        at=moment(at),
        action=Action(action),
        subject=subject,
        actor=actor,
        address=address,
        dialect=dialect,
        detail=detail,
    )
