"""A server that speaks astera, as it is by default in a demo, and as an operator wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from dialects.astera.talk import Astera
from dialects.household import Choices, Household, furnish
from watchword.core.ports import Hasher, Storage
from watchword.dialects.astera import dialect

Open = Callable[..., Awaitable[tuple[Household, Astera]]]


@pytest.fixture
async def household(storage: Storage) -> Household:
    """A demo with its one account."""
    return await furnish(dialect, storage, Choices())


@pytest.fixture
async def astera(household: Household) -> AsyncIterator[Astera]:
    """A client of the demo, at this machine."""
    async with household.talking() as http:
        yield Astera(http)


@pytest.fixture
async def token(astera: Astera) -> str:
    """The token of the demo's admin."""
    return await astera.log_in()


@pytest.fixture
async def opened(storage: Storage) -> AsyncIterator[Open]:
    """Opens a server with other choices, and gives it with a client of it."""
    async with AsyncExitStack() as stack:

        async def open_it(
            choices: Choices, *, hasher: Hasher | None = None, on: Storage | None = None
        ) -> tuple[Household, Astera]:
            household = await furnish(dialect, on or storage, choices, hasher=hasher)
            return household, Astera(await stack.enter_async_context(household.talking()))

        yield open_it
