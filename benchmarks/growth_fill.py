"""Fills a store by what its engine has for that.

SQLite fills the indexes that are there, so their pages are as full as those of a store that grew
row by row. PostgreSQL would take an hour for that: but for the primary keys, its indexes are built
when the rows are there, and as compact as after a REINDEX.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from growth_rows import Crowd, Row, Table

_CACHE_KIB = 2 * 2**20
_READ_BYTES = 2**24

_SECONDARY = (
    "SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index AS x"
    " JOIN pg_class AS i ON i.oid = x.indexrelid WHERE x.indrelid = $1::text::regclass"
    " AND NOT x.indisprimary"
)


@dataclass(frozen=True)
class Sizes:
    """How many bytes the database has before and after."""

    empty: int
    with_people: int
    with_sessions: int


def fill_sqlite(file: Path, crowd: Crowd) -> Sizes:
    """Fill a database that nobody has open."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
            database.execute(f"PRAGMA {pragma}")
        empty = _bytes_of(database)
        database.execute("BEGIN")
        for table in crowd.people():
            _insert(database, table)
        database.execute("COMMIT")
        people = _bytes_of(database)
        database.execute("BEGIN")
        _insert(database, crowd.visits())
        database.execute("COMMIT")
        sizes = Sizes(empty, people, _bytes_of(database))
        database.execute("PRAGMA journal_mode = WAL")
    return sizes


def read_whole(file: Path) -> None:
    """Have the operating system hold the file in memory, as it does when there is use of it."""
    with file.open("rb") as stream:
        while stream.read(_READ_BYTES):
            pass


async def fill_postgres(url: str, crowd: Crowd) -> Sizes:
    """Fill a database that nobody uses, and let its planner look at the rows."""
    database = await asyncpg.connect(url)
    try:
        await database.execute("SET maintenance_work_mem = '512MB'")
        empty = await _bytes_in(database)
        for table in crowd.people():
            await _copy(database, table)
        people = await _bytes_in(database)
        await _copy(database, crowd.visits())
        sizes = Sizes(empty, people, await _bytes_in(database))
        # What autovacuum would do in time.
        await database.execute("VACUUM ANALYZE", timeout=None)
        await database.execute("CHECKPOINT", timeout=None)
    finally:
        await database.close()
    return sizes


def _insert(database: sqlite3.Connection, table: Table) -> None:
    places = ", ".join("?" for _ in table.columns.split(","))
    sql = f"INSERT INTO {table.name} ({table.columns}) VALUES ({places})"  # noqa: S608 - names of ours
    database.executemany(sql, table.rows())


def _bytes_of(database: sqlite3.Connection) -> int:
    pages, size, free = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "page_size", "freelist_count")
    )
    return (pages - free) * size


async def _copy(database: "asyncpg.Connection[asyncpg.Record]", table: Table) -> None:
    columns = [column.strip() for column in table.columns.split(",")]
    indexes = await database.fetch(_SECONDARY, table.name)
    for name, _ in indexes:
        await database.execute(f"DROP INDEX {name}")
    await database.copy_records_to_table(
        table.name, records=_numbered(table.rows()), columns=columns, timeout=None
    )
    for _, definition in indexes:
        await database.execute(definition, timeout=None)


def _numbered(rows: Iterable[Row]) -> Iterable[Row]:
    # The driver takes no bool for a number.
    return (tuple(int(one) if isinstance(one, bool) else one for one in row) for row in rows)


async def _bytes_in(database: "asyncpg.Connection[asyncpg.Record]") -> int:
    found: int = await database.fetchval("SELECT pg_database_size(current_database())")
    return found
