"""A server that speaks asta, as it is by default in a demo, and as an operator wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from dialects.asta.talk import Asta, Person
from dialects.household import Choices, Household, furnish
from watchword.core.ports import Hasher, Storage
from watchword.dialects.asta import dialect

Open = Callable[..., Awaitable[Asta]]


@pytest.fixture
async def household(storage: Storage) -> Household:
    """A demo with its one account."""
    return await furnish(dialect, storage, Choices())


@pytest.fixture
async def asta(household: Household) -> AsyncIterator[Asta]:
    """A client of the demo, at this machine."""
    async with household.talking() as http:
        yield Asta(http)


@pytest.fixture
async def admin(asta: Asta) -> Person:
    """The demo's admin, logged in."""
    return await asta.log_in()


@pytest.fixture
async def open_asta(storage: Storage) -> AsyncIterator[Open]:
    """Opens a server with other choices, and gives a client of it."""
    async with AsyncExitStack() as stack:

        async def opened(choices: Choices, *, hasher: Hasher | None = None, **place: str) -> Asta:
            household = await furnish(dialect, storage, choices, hasher=hasher)
            return Asta(await stack.enter_async_context(household.talking(**place)))

        yield opened
