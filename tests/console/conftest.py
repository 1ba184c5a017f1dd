"""A server with its pages, and a client of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from dialects.household import OPEN, Choices, Household, furnish
from fakes import HandClock
from parts.loglines import LogLines
from watchword.core.policy.passwords import Preset
from watchword.core.ports import Storage
from watchword.dialects.asta import dialect
from watchword.observability import log
from watchword.storage.sqlite import open_sqlite

CHOICES = Choices(surroundings=OPEN, preset=Preset.STANDARD)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    """An open database, up to date and empty."""
    opened = await open_sqlite(tmp_path / "watchword.db")
    await opened.migrate(at=HandClock().now())
    yield opened
    await opened.close()


@pytest.fixture
async def house(storage: Storage) -> Household:
    """A server as it is by default; its dialect is of no account here."""
    return await furnish(dialect, storage, CHOICES)


@pytest.fixture
async def client(house: Household) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser, as far as HTTP goes."""
    async with house.talking(peer="203.0.113.7") as http:
        yield http


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Everything that is logged during the test."""
    lines = LogLines()
    log.configure(stream=lines.stream)
    yield lines
    log.configure()
