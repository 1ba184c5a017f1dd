"""Guesses in parallel, and more log-ins at once than can be hashed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from journeys import people
from journeys.people import ADMIN, ME, WITH_ADMIN
from parts.line import Line
from parts.peer import Answer
from parts.server import Store, serving
from watchword.core.policy.passwords import DOCUMENTED_PASSWORD

pytestmark = pytest.mark.slow

GUESSES, FREE = 40, 5
CROWD = 500
MEMORY_MIB_MAX = 400
WORDS = {
    429: "Too many attempts. Try again in {} seconds.",
    503: "The server is busy. Try again in {} seconds.",
}


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_parallel_guesses_do_not_outrun_the_limit(store: Store, workers: str) -> None:
    """Five of forty are looked at. The others have to wait, and so has the right password then."""
    with serving(store, "--workers", workers, settings=WITH_ADMIN) as server:
        async with connected(server.port, GUESSES) as lines:
            guesses = (
                people.try_log_in(line, ADMIN, f"guess {number}")
                for number, line in enumerate(lines)
            )
            answers = await asyncio.gather(*guesses)
            right = await people.try_log_in(lines[0], ADMIN)

    statuses = Counter(answer.status for answer in answers)
    assert 1 <= statuses[401] <= FREE
    assert statuses[429] == GUESSES - statuses[401]
    assert right.status == 429
    assert all(is_polite(answer) for answer in [*answers, right])


@pytest.mark.parametrize(
    ("workers", "demo", "crowd"),
    [
        pytest.param("1", False, "one account", id="an account at one worker"),
        pytest.param("1", True, "many accounts", id="many exempt accounts at one worker"),
        pytest.param("2", False, "many accounts", id="many accounts at two workers"),
        pytest.param("2", True, "one account", id="an exempt account at two workers"),
    ],
)
async def test_a_crowd_is_refused_politely(
    store: Store, workers: str, *, demo: bool, crowd: str
) -> None:
    """Who finds no place is told to come later; memory stays bounded, and all is well after."""
    words = ["--workers", workers, *(["--demo"] if demo else [])]
    settings = {} if demo else WITH_ADMIN
    names = [f"guest-{number if crowd == 'many accounts' else 0}" for number in range(CROWD)]

    with serving(store, *words, settings=settings) as server:
        await people.furnish(store, set(names))
        async with connected(server.port, CROWD) as lines:
            answers = await asyncio.gather(*map(people.try_log_in, lines, names))
            peak = server.peak_mib()
            password = DOCUMENTED_PASSWORD if demo else people.PASSWORD
            admin = await people.log_in(lines[0], ADMIN, password)
            ready = await lines[1].ask("GET", "/readyz")
            known = await lines[2].ask("GET", ME, token=admin.token)

    assert {answer.status for answer in answers} == {200, 503}
    assert all(is_polite(answer) for answer in answers)
    assert peak < MEMORY_MIB_MAX
    assert (ready.status, known.status) == (200, 200)


@asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Line]]:
    """Open so many connections, and let the server have them all before anybody asks."""
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(await Line.open(port)) for _ in range(count)]
        yield lines


def is_polite(answer: Answer) -> bool:
    """Say whether an answer that sends somebody away says when to come back."""
    if answer.status not in WORDS:
        return True
    wait = answer.headers["retry-after"]
    return int(wait) > 0 and answer.document == {"detail": WORDS[answer.status].format(wait)}
