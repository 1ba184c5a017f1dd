"""The tables of Procrastinate: made when they are missing, and brought up to date.

It has a schema and numbered migrations, and does not remember which of them a database
has had. We do, in a table of ours: so we know its tables for ours, and leave those of
anybody else alone.
"""

import asyncio
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.rows import scalar_row

from watchword.core.kernel.errors import UnavailableError

PATIENCE_S = 60.0
"""For all of it. Who comes second waits while the first works."""

CONNECT_S = 3

_Connection = psycopg.AsyncConnection[str]

_TURN = "SELECT pg_advisory_xact_lock(7748230915826412)::TEXT"
# Not to_regclass: it may remember from before our turn that there is no such table.
_IS_THERE = "SELECT relname::TEXT FROM pg_class WHERE relname = %s AND pg_table_is_visible(oid)"
_TABLE = "procrastinate_jobs"
_MEMORY = "queue_migrations"
_MAKE_MEMORY = "CREATE TABLE queue_migrations (name TEXT PRIMARY KEY)"
_APPLIED = "SELECT name FROM queue_migrations"
_REMEMBER = "INSERT INTO queue_migrations (name) VALUES (%s)"


async def ensure_tables(conninfo: str) -> None:
    """Make the tables, or apply what they lack; many may do so at once.

    Raises UnavailableError if they are somebody else's or of a newer version, and what
    psycopg raises.
    """
    async with asyncio.timeout(PATIENCE_S):
        connection = await psycopg.AsyncConnection.connect(
            conninfo,
            row_factory=scalar_row,
            prepare_threshold=None,
            connect_timeout=CONNECT_S,
        )
        async with connection:
            for name in await _lacking(connection):
                # Each in a transaction of its own: one may use what the one before made known.
                await _apply(connection, name)


def migrations() -> list[str]:
    """Return the names of all migrations, in order."""
    return sorted(path.stem for path in _folder().glob("*.sql"))


async def _lacking(connection: _Connection) -> list[str]:
    """Return the migrations to apply; the turn ends with the transaction."""
    async with connection.transaction():
        if await _is_there(connection, _MEMORY):
            return _missing(await _applied(connection))
        await connection.execute(_TURN)
        if await _is_there(connection, _MEMORY):
            return _missing(await _applied(connection))
        if await _is_there(connection, _TABLE):
            raise UnavailableError(
                "The database has tables of Procrastinate that Watchword did not make:"
                " give Watchword a database of its own."
            )
        await _make(connection)
    return []


async def _make(connection: _Connection) -> None:
    await connection.execute(SchemaManager.get_schema().encode())
    await connection.execute(_MAKE_MEMORY)
    for name in migrations():
        await connection.execute(_REMEMBER, [name])


async def _apply(connection: _Connection, name: str) -> None:
    async with connection.transaction():
        await connection.execute(_TURN)
        if name not in await _applied(connection):
            await connection.execute(_text(name))
            await connection.execute(_REMEMBER, [name])


async def _applied(connection: _Connection) -> set[str]:
    return set(await (await connection.execute(_APPLIED)).fetchall())


def _missing(applied: set[str]) -> list[str]:
    known = migrations()
    if newer := applied.difference(known):
        raise UnavailableError(
            f"The queue's tables have had the migration {min(newer)}, which this version does"
            " not know: start the newer version that applied it."
        )
    return [name for name in known if name not in applied]


async def _is_there(connection: _Connection, table: str) -> bool:
    return (await (await connection.execute(_IS_THERE, [table])).fetchone()) is not None


def _text(name: str) -> bytes:
    return (_folder() / f"{name}.sql").read_bytes()


def _folder() -> Path:
    return Path(SchemaManager.get_migrations_path())
