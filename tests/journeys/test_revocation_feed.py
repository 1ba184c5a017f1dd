"""The feed of revocations when many wait for it, when the server ends, and when it is killed."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from journeys import keys, people
from journeys.keys import FEED, FEED_SCOPE, Key
from journeys.people import WITH_ADMIN
from parts.line import Line
from parts.peer import Answer
from parts.server import FOR_ALL, Store, serving

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL, "WATCHWORD_SERVER__CONNECTIONS_MAX": "1200"}
WAITERS_MAX = 1000
LONG = 25
STOP_SECONDS_MAX = 5.0
FILES_MIN = 4096


@dataclass(frozen=True)
class Reader:
    """Somebody with a key for the feed, on a connection of their own."""

    line: Line
    key: Key

    async def ask(self, since: int, wait: int = 0) -> Answer:
        return await keys.use(self.line, self.key, f"{FEED}?since={since}&wait={wait}")

    async def news(self, since: int, wait: int = 0) -> tuple[list[int], int]:
        """Return the numbers after one, and what to ask with next."""
        answer = await self.ask(since, wait)
        assert answer.status == 200, answer
        said = answer.document
        return [one["number"] for one in said["revocations"]], said["next"]

    async def polled(self, since: int) -> Answer:
        """Ask, and wait for news."""
        return await self.ask(since, LONG)


@pytest.fixture(autouse=True)
def _enough_files() -> Iterator[None]:
    """A thousand connections are more than some systems allow at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES_MIN)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def readers(port: int, key: Key, count: int) -> AsyncIterator[list[Reader]]:
    async with AsyncExitStack() as stack:
        opened = [await Line.open(port) for _ in range(count)]
        yield [Reader(await stack.enter_async_context(line), key) for line in opened]


async def log_out(line: Line) -> None:
    """End a session, so that there is news."""
    person = await people.log_in(line)
    answer = await line.ask("POST", "/user/logout", token=person.token)
    assert answer.status == 200, answer


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_who_waits_does_not_hold_up_the_end(
    store: Store, tell: Callable[[str], None], workers: str
) -> None:
    """SIGTERM with fifty waiting: each is answered, and the server does not wait for them."""
    with serving(store, "--workers", workers, settings=SETTINGS) as server:
        key = keys.create(store, "--scope", FEED_SCOPE)
        async with readers(server.port, key, 50) as crowd, await Line.open(server.port) as line:
            await log_out(line)
            _, since = await crowd[0].news(0)
            polls = [asyncio.create_task(reader.polled(since)) for reader in crowd]
            await people.log_in(line)  # takes a while, in which all polls are read
            began = time.monotonic()
            server.terminate()
            answers = await asyncio.gather(*polls)
            code = await asyncio.to_thread(server.process.wait, 10)
            seconds = time.monotonic() - began

    tell(f"50 waited at {workers} worker(s): all answered, ended after {seconds:.2f} s")
    assert {answer.status for answer in answers} == {200}
    assert [answer.document for answer in answers] == [{"revocations": [], "next": since}] * 50
    assert code == 0
    assert seconds < STOP_SECONDS_MAX


async def test_a_thousand_may_wait_at_a_worker(store: Store, tell: Callable[[str], None]) -> None:
    """One more is told to come later; all the others hear of a log-out, and then it may wait."""
    with serving(store, settings=SETTINGS) as server:
        key = keys.create(store, "--scope", FEED_SCOPE)
        everybody = readers(server.port, key, WAITERS_MAX + 1)
        async with everybody as crowd, await Line.open(server.port) as line:
            await log_out(line)
            _, since = await crowd[0].news(0)
            polls = {asyncio.create_task(reader.polled(since)): reader for reader in crowd}
            done, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
            began = time.monotonic()
            await log_out(line)
            heard, _ = await asyncio.wait(waiting, timeout=10)
            seconds = time.monotonic() - began
            late = polls[next(iter(done))]
            admitted = asyncio.create_task(late.polled(since + 1))
            await log_out(line)
            admission = await admitted

    refused = [poll.result() for poll in done]
    answers = [poll.result() for poll in heard]
    tell(f"{len(answers)} heard of a log-out within {seconds:.2f} s, {len(refused)} may not wait")
    assert [answer.status for answer in refused] == [503]
    assert int(refused[0].headers["retry-after"]) > 0
    assert [answer.status for answer in answers] == [200] * WAITERS_MAX
    assert {answer.document["next"] for answer in answers} == {since + 1}
    assert admission.document["next"] == since + 2


async def test_the_numbers_go_on_after_kill_9(store: Store) -> None:
    """What was told stays told under the same numbers, and what comes then comes after it."""
    with serving(store, "--workers", "2", settings=SETTINGS) as server:
        key = keys.create(store, "--scope", FEED_SCOPE)
        async with readers(server.port, key, 1) as (reader,), await Line.open(server.port) as line:
            for _ in range(5):
                await log_out(line)
            before = await reader.ask(0)
            server.kill()
    with serving(store, settings=SETTINGS) as server:
        async with readers(server.port, key, 1) as (reader,), await Line.open(server.port) as line:
            after = await reader.ask(0)
            numbers, since = await reader.news(0)
            nothing = await reader.news(since)
            poll = asyncio.create_task(reader.polled(since))
            await log_out(line)
            told = (await poll).document
            never_given = await reader.ask(told["next"] + 1)

    assert len(numbers) == 5
    assert after.document == before.document
    assert nothing == ([], since)
    assert [one["number"] for one in told["revocations"]] == [told["next"]]
    assert told["next"] > since
    assert never_given.status == 410
