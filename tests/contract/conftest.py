"""Every implementation of the storage port, one after the other."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contract.storages import Kind, opened
from contract.things import AT, PATIENCE_MS, account, keep
from parts.loglines import LogLines
from watchword.core.ports import Storage, Work
from watchword.observability import log
from watchword.storage.sqlite import open_sqlite
from watchword.storage.work import SqlStorage


@pytest.fixture(params=[Kind.MEMORY, Kind.SQLITE, Kind.POSTGRES])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty store on each implementation."""
    async with opened(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture(params=[Kind.SQLITE, Kind.POSTGRES])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty store on each real database, for races and for what only SQL can get wrong."""
    async with opened(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture(params=[Kind.MEMORY, Kind.SQLITE, Kind.POOLED])
async def lonely(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty store whose stamp changes by its own doing alone."""
    async with opened(request.param, request, tmp_path) as found:
        yield found


@pytest.fixture
async def look(storage: Storage) -> AsyncIterator[Work]:
    """A unit of work to read with; it always sees what is committed."""
    async with storage.open_work() as work:
        yield work


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the SQLite file of the next fixture lies, in a folder of its own."""
    return tmp_path / "data" / "watchword.db"


@pytest.fixture
async def sqlite(path: Path) -> AsyncIterator[SqlStorage]:
    """A store on SQLite, with Ada in it, that waits for nobody longer than a moment."""
    found = await open_sqlite(path, patience_ms=PATIENCE_MS)
    await found.migrate(at=AT)
    await keep(found, account("Ada"))
    yield found
    await found.close()


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Everything that is logged during the test."""
    lines = LogLines()
    log.configure(stream=lines.stream)
    yield lines
    log.configure()
