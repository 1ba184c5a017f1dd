"""A place for stores, on each engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.backing import Site
from parts.postgres import PostgresServer

NAMES = ("here", "there")


@asynccontextmanager
async def on_server(server: PostgresServer, folder: Path) -> AsyncIterator[Site]:
    """Make two databases, and drop them afterwards."""
    databases = {name: f"backup_{name}" for name in NAMES}
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        for name in databases.values():
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield Site(folder, {name: server.url(one) for name, one in databases.items()})
    finally:
        for name in databases.values():
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """Room for a store that is backed up, and for one that is restored."""
    if request.param == "sqlite":
        yield Site(tmp_path, {})
        return
    async with on_server(request.getfixturevalue("postgres_server"), tmp_path) as found:
        yield found


@pytest.fixture
async def postgres_site(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Site]:
    """The same on PostgreSQL alone."""
    async with on_server(postgres_server, tmp_path) as found:
        yield found


@pytest.fixture
def own_site(tmp_path: Path) -> Site:
    """The same on SQLite alone, for what has nothing to do with the engine."""
    return Site(tmp_path, {})
