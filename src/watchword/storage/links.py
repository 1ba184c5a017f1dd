"""Links between accounts and the persons of directories in SQL."""

import json
from collections.abc import Iterator, Sequence

from watchword.core.directory.model import Closed, Link, Mark
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, moment_or_none, stored, stored_or_none
from watchword.storage.portions import inserts, places, portions
from watchword.storage.statement import Batch, Row, Steps, Value, storable

_LISTING = "links"
_COLUMNS = (
    "account_id, directory, guid, dn, login, login_key, upn_key, mapped, closed,"
    " password_at, cached, cached_at"
)
_CLOSED = {one.value: one for one in Closed}


class SqlLinks:
    """Implements LinkStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def of(self, account_id: AccountId) -> Link | None:
        row = await self._engine.fetch_one(
            f"SELECT {_COLUMNS} FROM directory_links WHERE account_id = $1",  # noqa: S608 - columns of ours
            account_id,
        )
        return _link(row) if row else None

    async def by_guids(self, directory: str, guids: Sequence[str]) -> tuple[Link, ...]:
        found: list[Link] = []
        wanted = sorted({guid for guid in guids if storable((guid,))})
        for some in portions(wanted):
            rows = await self._engine.fetch_all(
                f"SELECT {_COLUMNS} FROM directory_links"  # noqa: S608 - columns of ours and placeholders
                f" WHERE directory = $1 AND guid IN ({places(len(some), after=1)})",
                directory,
                *some,
            )
            found += map(_link, rows)
        return tuple(found)

    async def by_name(self, directory: str, key: str) -> Link | None:
        if not key:
            return None  # It is the `upn_key` of whoever has none.
        rows = await self._engine.fetch_all(
            f"SELECT * FROM (SELECT {_COLUMNS} FROM directory_links"  # noqa: S608 - columns of ours
            " WHERE directory = $1 AND login_key = $2 ORDER BY closed, account_id LIMIT 1)"
            f" AS logins UNION ALL SELECT * FROM (SELECT {_COLUMNS} FROM directory_links"
            " WHERE directory = $1 AND upn_key = $2 ORDER BY closed, account_id LIMIT 1) AS upns",
            directory,
            key,
        )
        found = [_link(row) for row in rows]
        return min(found, key=lambda one: (one.closed, one.account_id), default=None)

    async def page(self, directory: str, *, after: str | None = None, limit: int) -> Page[Link]:
        most = within_page(limit)
        rows = await self._engine.fetch_all(
            f"SELECT {_COLUMNS} FROM directory_links"  # noqa: S608 - columns of ours
            " WHERE directory = $1 AND guid > $2 ORDER BY guid LIMIT $3",
            directory,
            "" if after is None else read_cursor(_LISTING, after)[1],
            most + 1,
        )
        items = tuple(_link(row) for row in rows[:most])
        more = len(rows) > most
        return Page(items, write_cursor(_LISTING, 0, items[-1].guid) if more else None)

    async def count_open(self, directory: str) -> int:
        row = await self._engine.fetch_one(
            "SELECT COUNT(*) FROM directory_links WHERE directory = $1 AND closed = ''", directory
        )
        return int(row[0]) if row else 0

    async def mark(self, directory: str) -> Mark | None:
        row = await self._engine.fetch_one(
            "SELECT directory, cursor, synced_at, whole_at FROM directory_marks"
            " WHERE directory = $1",
            directory,
        )
        return _mark(row) if row else None

    def add_all(self, links: Sequence[Link]) -> None:
        # In the order of what is unique: two commits with the same persons meet at the first.
        rows = [_row(one) for one in sorted(links, key=lambda one: (one.directory, one.guid))]
        if not all(map(storable, rows)):
            raise InvalidError("text")
        if rows:
            self._batch.record_steps(lambda: _add(rows))

    def update(self, link: Link, *, before: Link) -> None:
        self._batch.lock(locks.account(link.account_id))
        self._batch.record(
            "SELECT account_id FROM directory_links"
            " WHERE account_id = $1 AND directory = $2 AND guid = $3",
            link.account_id,
            link.directory,
            link.guid,
            expect=NotFoundError,
        )
        for sql, values in _changes(link, before):
            self._batch.record(sql, link.account_id, *values)

    def require(self, link: Link) -> None:
        self._batch.lock(locks.account(link.account_id))
        self._batch.record(
            "SELECT a.id FROM accounts AS a JOIN directory_links AS l ON l.account_id = a.id"
            " WHERE a.id = $1 AND a.state = 'active'"
            " AND l.directory = $2 AND l.guid = $3 AND l.closed = ''",
            link.account_id,
            link.directory,
            link.guid,
            expect=DeniedError,
        )

    def put_mark(self, mark: Mark) -> None:
        self._batch.record(
            "INSERT INTO directory_marks (directory, cursor, synced_at, whole_at)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT (directory) DO UPDATE SET"
            " cursor = excluded.cursor, synced_at = excluded.synced_at,"
            " whole_at = excluded.whole_at",
            mark.directory,
            mark.cursor,
            stored(mark.synced_at),
            stored(mark.whole_at),
        )


def _add(rows: Sequence[tuple[Value, ...]]) -> Steps[None]:
    for statement in inserts(
        f"INSERT INTO directory_links ({_COLUMNS})",
        rows,
        " ON CONFLICT (directory, guid) DO NOTHING RETURNING account_id",
    ):
        added = yield statement
        if len(added) < len(statement.values) // len(rows[0]):
            raise ConflictError("person")


def _changes(link: Link, before: Link) -> Iterator[tuple[str, tuple[Value, ...]]]:
    if _names(link) != _names(before):
        yield (
            (
                "UPDATE directory_links SET dn = $2, login = $3, login_key = $4, upn_key = $5"
                " WHERE account_id = $1"
            ),
            _names(link),
        )
    if link.groups != before.groups:
        yield "UPDATE directory_links SET mapped = $2 WHERE account_id = $1", (_mapped(link),)
    if link.closed is not before.closed:
        yield "UPDATE directory_links SET closed = $2 WHERE account_id = $1", (link.closed.value,)
    if link.password_at != before.password_at:
        yield (
            "UPDATE directory_links SET password_at = $2 WHERE account_id = $1",
            (stored_or_none(link.password_at),),
        )
    # A hash and its moment are one field: neither says anything without the other.
    if _cached(link) != _cached(before):
        yield (
            (
                "UPDATE directory_links SET cached = $2, cached_at = $3 WHERE account_id = $1"
                " AND (cached_at IS NULL OR cached_at <= COALESCE($3, cached_at))"
            ),
            _cached(link),
        )


def _row(link: Link) -> tuple[Value, ...]:
    return (
        link.account_id,
        link.directory,
        link.guid,
        *_names(link),
        _mapped(link),
        link.closed.value,
        stored_or_none(link.password_at),
        *_cached(link),
    )


def _names(link: Link) -> tuple[str, str, str, str]:
    return link.dn, link.login, link.login_key, link.upn_key


def _mapped(link: Link) -> str:
    if not storable(tuple(link.groups)):
        raise InvalidError("text")
    # A distinguished name may hold whatever else would stand between two.
    return json.dumps(sorted(link.groups), ensure_ascii=False)


def _cached(link: Link) -> tuple[str, int | None]:
    return link.cached, stored_or_none(link.cached_at)


def _link(row: Row) -> Link:
    account_id, directory, guid, dn, login, login_key, upn_key, mapped = row[:8]
    closed, password_at, cached, cached_at = row[8:]
    return Link(
        account_id=AccountId(account_id),
        directory=directory,
        guid=guid,
        dn=dn,
        login=login,
        login_key=login_key,
        upn_key=upn_key,
        groups=frozenset(json.loads(mapped)),
        # A newer version may know other reasons. Whatever they are, it is not open.
        closed=_CLOSED.get(closed, Closed.DISABLED),
        password_at=moment_or_none(password_at),
        cached=cached,
        cached_at=moment_or_none(cached_at),
    )


def _mark(row: Row) -> Mark:
    directory, cursor, synced_at, whole_at = row
    return Mark(
        directory=directory,
        cursor=cursor,
        synced_at=moment(synced_at),
        whole_at=moment(whole_at),
    )
