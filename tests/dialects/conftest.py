"""Every dialect is tested over both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes import HandClock
from watchword.core.ports import Storage
from watchword.storage.postgres import open_postgres
from watchword.storage.sqlite import open_sqlite


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty PostgreSQL database, or nothing for SQLite."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else ""


@pytest.fixture
async def storage(database: str, tmp_path: Path) -> AsyncIterator[Storage]:
    """An open database, up to date and empty."""
    if database:
        opened = await open_postgres(database, folder=tmp_path)
    else:
        opened = await open_sqlite(tmp_path / "watchword.db")
    try:
        await opened.migrate(at=HandClock().now())
        yield opened
    finally:
        await opened.close()
