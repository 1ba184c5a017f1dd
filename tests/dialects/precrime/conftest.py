"""A server that speaks precrime, as it is by default in a demo, and as an operator wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from dialects.household import Choices, Household, furnish
from dialects.precrime.talk import Precrime
from watchword.core.ports import Hasher, Storage
from watchword.dialects.precrime import dialect

Open = Callable[..., Awaitable[tuple[Household, Precrime]]]


@pytest.fixture
async def household(storage: Storage) -> Household:
    """A demo with its one account."""
    return await furnish(dialect, storage, Choices())


@pytest.fixture
async def precrime(household: Household) -> AsyncIterator[Precrime]:
    """A client of the demo, at this machine."""
    async with household.talking() as http:
        yield Precrime(http)


@pytest.fixture
async def token(precrime: Precrime) -> str:
    """The token of the demo's admin."""
    return await precrime.log_in()


@pytest.fixture
async def opened(storage: Storage) -> AsyncIterator[Open]:
    """Opens a server with other choices, and gives it with a client of it."""
    async with AsyncExitStack() as stack:

        async def open_it(
            choices: Choices, *, hasher: Hasher | None = None, on: Storage | None = None
        ) -> tuple[Household, Precrime]:
            household = await furnish(dialect, on or storage, choices, hasher=hasher)
            return household, Precrime(await stack.enter_async_context(household.talking()))

        yield open_it
