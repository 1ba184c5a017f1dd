"""Opens each implementation of storage for the contract suite."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import asyncpg
import pytest

from contract.things import AT
from fakes_storage import MemoryStorage
from parts.postgres import PostgresServer
from watchword.core.ports import Storage
from watchword.storage.postgres import open_postgres
from watchword.storage.sqlite import open_sqlite

DATABASE = "contract"
EMPTY = """
    DELETE FROM accounts; DELETE FROM attempts; DELETE FROM name_failures; DELETE FROM windows;
    DELETE FROM audit_events; DELETE FROM facts; DELETE FROM setup_token; DELETE FROM signing_keys;
    DELETE FROM groups; DELETE FROM revocations; DELETE FROM tickets; DELETE FROM letters;
    DELETE FROM jobs; DELETE FROM job_leases; DELETE FROM directory_marks
"""
"""What hangs on an account goes with it."""

_made: set[Path] = set()


class Kind(StrEnum):
    """An implementation of the port."""

    MEMORY = "memory"
    SQLITE = "sqlite"
    POSTGRES = "postgres"
    POOLED = "pooled"
    """PostgreSQL as it is used behind a pooler: nothing prepared, and no news of other nodes."""


@asynccontextmanager
async def opened(
    kind: Kind, request: pytest.FixtureRequest, folder: Path
) -> AsyncIterator[Storage]:
    """Open an empty store of one kind, and drop it afterwards."""
    match kind:
        case Kind.MEMORY:
            yield MemoryStorage()
        case Kind.SQLITE:
            storage = await open_sqlite(folder / "watchword.db")
            await storage.migrate(at=AT)
            yield storage
            await storage.close()
        case Kind.POSTGRES | Kind.POOLED:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = await _emptied(server)
            storage = await open_postgres(url, folder=folder, pooler=kind is Kind.POOLED)
            yield storage
            await storage.close()


async def _emptied(server: PostgresServer) -> str:
    """Return the one database of the contract suite, with tables and nothing in them.

    To make a new one for each test would take longer than all the tests.
    """
    if server.folder not in _made:
        await tell(server, f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        with tempfile.TemporaryDirectory() as folder:
            storage = await open_postgres(server.url(DATABASE), folder=Path(folder))
            await storage.migrate(at=AT)
            await storage.close()
        _made.add(server.folder)
    await tell(server, EMPTY, database=DATABASE)
    return server.url(DATABASE)


async def tell(server: PostgresServer, statement: str, *, database: str = "postgres") -> None:
    """Run one statement as the owner of the server."""
    connection = await asyncpg.connect(server.url(database))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
