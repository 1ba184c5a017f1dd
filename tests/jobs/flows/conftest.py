"""Services over a database in memory, and an office for letters, with time in hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.sending import Office
from unit.core.conftest import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def office(house: House, tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(house, tmp_path / "postman.lock")
    yield office
    await office.close()
