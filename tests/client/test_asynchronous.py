"""The client for asyncio: the same rules, and many tasks at once."""

import asyncio

import httpx
import pytest

from client.standin import BILLING, HOME, HOUR, NAME, PASSWORD, StandIn, say
from watchword.client import AsyncClient, Throttled, Unavailable, WrongCredentials

LOG_IN, RENEW = "POST /user/login", "GET /user/renew"
SECURE = "/test/secure"


async def test_tasks_log_in_and_renew_once(server: StandIn, async_client: AsyncClient) -> None:
    """Fifty at a time share one log-in and one renewal."""
    await asyncio.gather(*(async_client.get(SECURE) for _ in range(50)))
    server.time.advance(0.6 * HOUR)
    answers = await asyncio.gather(*(async_client.get(SECURE) for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert (server.count(LOG_IN), server.count(RENEW)) == (1, 1)


async def test_after_a_401_tasks_log_in_once(server: StandIn, async_client: AsyncClient) -> None:
    """One new session for all whose session was ended."""
    await async_client.get(SECURE)
    server.revoke()
    answers = await asyncio.gather(*(async_client.get(SECURE) for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert server.count(LOG_IN) == 2


async def test_a_task_that_is_cancelled_takes_nobody_along(server: StandIn) -> None:
    """Whoever renewed and went away leaves the next one to do it."""
    asked, is_stuck = asyncio.Event(), True

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/user/renew" and is_stuck:
            asked.set()
            await asyncio.Event().wait()
        return server.answer(request)

    async with AsyncClient(
        HOME,
        username=NAME,
        password=PASSWORD,
        transport=httpx.MockTransport(answer),
        surroundings=server.time.surroundings,
    ) as client:
        await client.token()
        server.time.advance(0.6 * HOUR)
        first = asyncio.create_task(client.token())
        await asked.wait()
        first.cancel()
        await asyncio.wait([first])
        is_stuck = False
        await client.token()

    assert first.cancelled()
    assert server.asked == [LOG_IN, RENEW]


async def test_it_says_no_as_the_blocking_client_does(
    server: StandIn, async_client: AsyncClient
) -> None:
    """The same exceptions for the same answers."""
    server.instead[SECURE] = say(429, **{"Retry-After": "4"})
    with pytest.raises(Throttled):
        await async_client.get(SECURE)
    server.is_down = True
    server.time.advance(HOUR)
    with pytest.raises(Unavailable):
        await async_client.get(SECURE)


async def test_a_wrong_password_is_wrong_here_too(server: StandIn) -> None:
    """It is tried once."""
    async with AsyncClient(
        HOME, username=NAME, password="wrong", transport=server.transport
    ) as client:
        with pytest.raises(WrongCredentials):
            await client.get(SECURE)

    assert server.asked == [LOG_IN]


async def test_service_tokens_and_log_out(server: StandIn, async_client: AsyncClient) -> None:
    """As in the blocking client."""
    tokens = await asyncio.gather(*(async_client.service_token(BILLING) for _ in range(5)))
    await async_client.logout()

    assert len(set(tokens)) == 1
    assert server.asked == [LOG_IN, "GET /user/token", "POST /user/logout"]


async def test_a_request_that_fails_fails_as_in_httpx(
    server: StandIn, async_client: AsyncClient
) -> None:
    """What the caller asked is the caller's: only tokens are our business."""
    await async_client.token()
    server.is_down = True

    with pytest.raises(httpx.ConnectError):
        await async_client.get(SECURE)
