"""A look into the database of a store from beside its server, and a hand on the days in it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from parts.server import Store

Row = Sequence[Any]  # what a database holds

LOCK_S = 10.0
TABLES = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "postgres": "SELECT relname FROM pg_stat_user_tables",
}

NEXT_WRITER = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
"""The number of the next transaction that writes; one that only reads takes none."""

Mark = Callable[[], Awaitable[object]]


async def run(store: Store, sql: str) -> list[Row]:
    """Run one statement as somebody would who has the database and nothing else of ours."""
    if store.database is None:
        return await asyncio.to_thread(_run_sqlite, store, sql)
    connection = await asyncpg.connect(store.database)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def dump(store: Store) -> dict[str, list[Row]]:
    """Return every row of every table."""
    engine = "sqlite" if store.database is None else "postgres"
    names = [name for (name,) in await run(store, TABLES[engine])]
    wanted = {name: f"SELECT * FROM {name}" for name in names}  # noqa: S608 (the database said so)
    return {name: await run(store, sql) for name, sql in wanted.items()}


async def copied(store: Store, folder: Path) -> Store:
    """Return a copy of a database that nobody serves, with a data folder that has nothing else."""
    if store.database is None:
        return await asyncio.to_thread(_copy_sqlite, store, Store(folder))
    server, _, name = store.database.rpartition("/")
    copy = f"{name}_{folder.name}"
    await run(Store(folder, f"{server}/postgres"), f"CREATE DATABASE {copy} TEMPLATE {name}")
    return Store(folder, f"{server}/{copy}")


async def age_passwords(store: Store, days: float) -> None:
    """Let it be so many days longer ago that passwords were changed."""
    ago = timedelta(days=days) // timedelta(microseconds=1)
    await run(store, f"UPDATE passwords SET changed_at = changed_at - {ago}")  # noqa: S608 (a number)


@asynccontextmanager
async def marks(store: Store) -> AsyncIterator[Mark]:
    """Yield what returns a mark: another one as soon as anybody has committed a change."""
    if store.database is None:
        with closing(sqlite3.connect(store.file)) as database:

            async def version() -> object:
                return database.execute("PRAGMA data_version").fetchone()

            yield version
        return
    connection = await asyncpg.connect(store.database)
    try:
        yield lambda: connection.fetchval(NEXT_WRITER)
    finally:
        await connection.close()


def complaints(store: Store) -> list[object]:
    """Return what SQLite finds wrong with its file, if that is where the store is."""
    if store.database is not None:
        return []
    with closing(sqlite3.connect(store.file)) as database:
        found = database.execute("PRAGMA integrity_check").fetchall()
        found += database.execute("PRAGMA foreign_key_check").fetchall()
    return [row for row in found if row != ("ok",)]


def _run_sqlite(store: Store, sql: str) -> list[Row]:
    with closing(sqlite3.connect(store.file, timeout=LOCK_S)) as database, database:
        return database.execute(sql).fetchall()


def _copy_sqlite(store: Store, copy: Store) -> Store:
    copy.folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(store.file)) as old, closing(sqlite3.connect(copy.file)) as new:
        old.backup(new)
    return copy
