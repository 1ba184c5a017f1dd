"""What the tests of the client may ask for."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from client.standin import HOME, NAME, PASSWORD, StandIn
from watchword.client import AsyncClient, Client


@pytest.fixture
def server() -> StandIn:
    return StandIn()


@pytest.fixture
def client(server: StandIn) -> Iterator[Client]:
    with client_of(server) as made:
        yield made


@pytest.fixture
async def async_client(server: StandIn) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(
        HOME,
        username=NAME,
        password=PASSWORD,
        transport=server.transport,
        surroundings=server.time.surroundings,
    ) as made:
        yield made


def client_of(
    server: StandIn, *, password: str = PASSWORD, transport: httpx.BaseTransport | None = None
) -> Client:
    return Client(
        HOME,
        username=NAME,
        password=password,
        transport=transport or server.transport,
        surroundings=server.time.surroundings,
    )
