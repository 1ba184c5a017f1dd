"""Services over a database in memory, and an office for letters, with time in hand."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from jobs.sending import Office
from parts.loglines import LogLines
from unit.core.conftest import House
from watchword.observability import log


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def office(house: House, tmp_path: Path) -> AsyncIterator[Office]:
    """Where letters are sent from."""
    office = Office(house, tmp_path / "postman.lock")
    yield office
    await office.close()


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """The log of the test."""
    lines = LogLines()
    log.configure("debug", "json", stream=lines.stream)
    yield lines
    log.configure()
