"""What every test may ask for: a PostgreSQL server, a new empty database on it, and a DC."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import asyncpg
import pytest

from parts.postgres import PostgresMissingError, PostgresServer, running_server

pytest_plugins = [
    "parts.alone",
    "parts.domain_fixtures",
    "parts.examples",
    "parts.garbage",
    "parts.order",
    "parts.scratch",
]

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run (under xdist: one for each worker); do not stop it."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A new empty database; it is dropped after the test, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    await _tell(postgres_server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.url(name)
    await _tell(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def _tell(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
