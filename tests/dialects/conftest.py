"""Every dialect is tested over both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from fakes import HandClock
from parts.postgres import PostgresServer
from watchword.core.ports import Storage
from watchword.storage.postgres import open_postgres
from watchword.storage.sqlite import open_sqlite

DATABASE = "dialects"
EMPTY = """
    SET session_replication_role = replica;
    DO $$
    DECLARE name text;
    BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
            AND tablename NOT IN ('schema_migrations', 'pulse', 'job_numbers')
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', name); END LOOP;
        UPDATE job_numbers SET last = 0;
    END $$
"""
"""Leaves the tables as the migrations left them. To drop them and to make them anew, for each of
these tests, would take longer than the tests."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def postgres(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The server if this run is on PostgreSQL, nothing if it is on SQLite."""
    if request.param == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server


@pytest.fixture
async def storage(postgres: PostgresServer | None, tmp_path: Path) -> AsyncIterator[Storage]:
    """An open database, up to date and empty."""
    if postgres:
        await _empty(postgres)
        opened = await open_postgres(postgres.url(DATABASE), folder=tmp_path)
    else:
        opened = await open_sqlite(tmp_path / "watchword.db")
    try:
        await opened.migrate(at=HandClock().now())
        yield opened
    finally:
        await opened.close()


async def _empty(server: PostgresServer) -> None:
    """Empty the one database of all these tests: making one for each takes most of a second."""
    try:
        connection = await asyncpg.connect(server.url(DATABASE))
    except asyncpg.InvalidCatalogNameError:
        await _tell(await asyncpg.connect(server.url("postgres")), f"CREATE DATABASE {DATABASE}")
        return
    await _tell(connection, EMPTY)


async def _tell(connection: asyncpg.Connection, statements: str) -> None:
    try:
        await connection.execute(statements)
    finally:
        await connection.close()
