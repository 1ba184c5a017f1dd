"""Every implementation of the storage port, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.storages import Kind, opened
from watchword.core.ports import Storage, Work


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
