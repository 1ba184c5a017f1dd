"""Many clients share one log-in, and renew its token all at once."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from journeys import people
from journeys.people import ME, WITH_ADMIN, Person
from parts.line import Line
from parts.server import FOR_ALL, Store, serving

pytestmark = pytest.mark.slow

CLIENTS, WORKERS = 50, 2
RENEW, EXCHANGE = "/user/renew", "/user/token?m=5"


async def test_renewals_at_once_log_nobody_out(store: Store) -> None:
    """Fifty at once over two workers: all tokens work at each, the first too, until the log-out."""
    async with AsyncExitStack() as stack:
        settings = {**WITH_ADMIN, **FOR_ALL}
        server = stack.enter_context(serving(store, "--workers", str(WORKERS), settings=settings))
        ends = await stack.enter_async_context(people.line_to_each(server.port, WORKERS))
        opened = [await Line.open(server.port) for _ in range(CLIENTS)]
        # All that come at once may be one worker's, so one line to each stands among them.
        lines = [*ends, *[await stack.enter_async_context(line) for line in opened]]
        workers = await asyncio.gather(*(line.ask("GET", "/livez") for line in lines))
        first = await log_in(ends[0])

        answers = await asyncio.gather(
            *(line.ask("GET", RENEW, token=first.token) for line in lines)
        )
        tokens = [answer.document["Token"] for answer in answers]
        again = await asyncio.gather(
            *(
                line.ask("GET", RENEW, token=token)
                for line, token in zip(lines, tokens, strict=True)
            )
        )
        tokens += [first.token, *(answer.document["Token"] for answer in again)]
        alive = [await statuses(line, tokens) for line in ends]
        logout = await ends[0].ask("POST", "/user/logout", token=tokens[0])
        dead = [await statuses(line, tokens) for line in ends]

    assert {answer.document["worker"] for answer in workers} == {0, 1}
    assert {answer.status for answer in (*answers, *again)} == {200}
    assert len(set(tokens)) == 2 * (CLIENTS + WORKERS) + 1
    assert alive == [{200}, {200}]
    assert logout.status == 200
    assert dead == [{401}, {401}]


async def test_of_exchanges_at_once_one_wins(store: Store) -> None:
    """The session is replaced once; who comes second has a dead token, and no error of ours."""
    async with AsyncExitStack() as stack:
        settings = {**WITH_ADMIN, **FOR_ALL}
        server = stack.enter_context(serving(store, "--workers", str(WORKERS), settings=settings))
        ends = await stack.enter_async_context(people.line_to_each(server.port, WORKERS))
        opened = [await Line.open(server.port) for _ in range(CLIENTS)]
        lines = [await stack.enter_async_context(line) for line in opened]
        first = await log_in(ends[0])

        answers = await asyncio.gather(
            *(line.ask("GET", EXCHANGE, token=first.token) for line in lines)
        )
        won = [answer.document["Token"] for answer in answers if answer.status == 200]
        alive = [await statuses(line, won) for line in ends]
        dead = [await statuses(line, [first.token]) for line in ends]

    assert len(won) == 1
    assert {answer.status for answer in answers} == {200, 401}
    assert alive == [{200}, {200}]
    assert dead == [{401}, {401}]


async def log_in(line: Line) -> Person:
    """Log in as a client of precrime does."""
    who = {"username": people.ADMIN, "password": people.PASSWORD}
    answer = await line.ask("POST", "/user/login", who)
    assert answer.status == 200, answer
    said = answer.document
    return Person(said["Id"], said["Username"], said["Token"])


async def statuses(line: Line, tokens: list[str]) -> set[int]:
    return {(await line.ask("GET", ME, token=token)).status for token in tokens}
