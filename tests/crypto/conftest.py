"""What the tests of tokens may ask for."""

import pytest

from crypto.forge import House


@pytest.fixture
async def house() -> House:
    made = House()
    await made.keys.ensure_first()
    return made
