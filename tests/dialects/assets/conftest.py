"""A server that speaks assets, as it is by default in a demo, and as an operator wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import pytest

from dialects.assets.talk import Assets
from dialects.household import Choices, Household, furnish
from watchword.core.ports import Hasher, Storage
from watchword.dialects.assets import dialect

Open = Callable[..., Awaitable[tuple[Household, Assets]]]


@pytest.fixture
async def household(storage: Storage) -> Household:
    """A demo with its one account."""
    return await furnish(dialect, storage, Choices())


@pytest.fixture
async def assets(household: Household) -> AsyncIterator[Assets]:
    """A client of the demo, at this machine, that keeps no cookies by itself."""
    async with household.talking() as http:
        yield Assets(_forgetful(http))


@pytest.fixture
async def token(assets: Assets) -> str:
    """The token of the demo's admin, as a program has it."""
    return await assets.log_in()


@pytest.fixture
async def opened(storage: Storage) -> AsyncIterator[Open]:
    """Opens a server with other choices, and gives it with a client of it."""
    async with AsyncExitStack() as stack:

        async def open_it(
            choices: Choices, *, hasher: Hasher | None = None, on: Storage | None = None
        ) -> tuple[Household, Assets]:
            household = await furnish(dialect, on or storage, choices, hasher=hasher)
            http = await stack.enter_async_context(household.talking())
            return household, Assets(_forgetful(http))

        yield open_it


def _forgetful(http: httpx.AsyncClient) -> httpx.AsyncClient:
    http.cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return http
