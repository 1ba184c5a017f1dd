"""The queue while its database is away: nothing is lost, and everybody goes on by himself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from contract.queues import LIGHT, Hands, at_work, open_queue, put
from contract.storages import Kind, tell
from parts.loglines import LogLines
from parts.postgres import PostgresMissingError, PostgresServer, running_server
from parts.waiting import eventually
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.errors import UnavailableError

pytestmark = pytest.mark.slow

BACK_S = 20.0
"""A worker has everything that waits by then; it looks again each second."""

PATIENCE_MS = 200
MORE_THAN_A_LEASE_S = 30.0


@dataclass
class Place:
    """A queue's database that can be taken away, and given back."""

    kind: Kind
    target: str
    server: PostgresServer | None = None

    @asynccontextmanager
    async def away(self, *, mode: str = "immediate") -> AsyncIterator[None]:
        """Nobody gets an answer during the block."""
        if self.server is None:
            with closing(apsw.Connection(self.target)) as database:
                database.execute("BEGIN IMMEDIATE")
                yield
            return
        # It syncs no commit, for speed; what a crash may cost it is not the question.
        await tell(self.server, "CHECKPOINT")
        self.server.stop(mode=mode)
        try:
            yield
        finally:
            self.server.start()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server of our own, to be stopped and started."""
    try:
        with running_server() as found:
            yield found
    except PostgresMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=[Kind.SQLITE, Kind.POSTGRES])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The database under the queue."""
    if request.param is Kind.SQLITE:
        return Place(Kind.SQLITE, str(tmp_path / "watchword.db"))
    server: PostgresServer = request.getfixturevalue("own_server")
    return Place(Kind.POSTGRES, server.url("own"), server)


@pytest.fixture
async def place(own: Place) -> AsyncIterator[Place]:
    """The same, empty."""
    if own.server is None:
        yield own
        return
    await tell(own.server, "CREATE DATABASE own TEMPLATE template0")
    yield own
    await tell(own.server, "DROP DATABASE own WITH (FORCE)")


@pytest.fixture
async def queue(place: Place) -> AsyncIterator[Queue]:
    """A queue with tables that waits for nobody for long."""
    async with open_queue(place.target, patience_ms=PATIENCE_MS) as found:
        await put(found, 99)
        async with at_work(found, hands := Hands()):
            await hands.have_begun(99)
        yield found


async def test_put_is_refused_while_it_is_away(place: Place, queue: Queue) -> None:
    """As it may be, and as everything is that needs the database; then it works again."""
    hands = Hands()
    hands.may_end.set()
    async with place.away():
        with pytest.raises(UnavailableError):
            await put(queue, 1)
        with pytest.raises(UnavailableError):
            await put(queue, 1)

    await put(queue, 2)
    async with at_work(queue, hands):
        await hands.have_ended(2)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_worker_goes_on_by_itself(
    place: Place, queue: Queue, mode: str, log_lines: LogLines
) -> None:
    """Before, in between and afterwards; the log has one line of it, and one of its end."""
    hands = Hands()
    hands.may_end.set()
    async with at_work(queue, hands):
        await put(queue, 1)
        await hands.have_ended(1)
        async with place.away(mode=mode):
            await _seen(lambda: log_lines.of("queue does not answer"))
            await _refusals(queue, 2)
        await put(queue, 3)
        await hands.have_ended(1, 3, within=BACK_S)
        await _seen(lambda: log_lines.of("queue answers again"))

    assert hands.begun == [1, 3]
    assert len(log_lines.of("queue does not answer")) <= 2  # each reason once
    assert {line["logger"] for line in log_lines.all()} == {"watchword.jobs"}


async def test_a_run_outlives_a_short_outage(place: Place, queue: Queue) -> None:
    """It is not begun again, although it ended while nobody could be told."""
    hands = Hands()
    async with at_work(queue, hands):
        await put(queue, 1, 2)
        await hands.have_begun(1, 2)
        async with place.away():
            await _refusals(queue, 1)
            hands.may_end.set()
            await hands.have_ended(1, 2)
            await _refusals(queue, 1)
        await put(queue, 3)
        await hands.have_ended(1, 2, 3, within=BACK_S)

    assert sorted(hands.begun) == [1, 2, 3]
    assert hands.cut == []


async def test_a_run_does_not_outlive_a_long_one(place: Place, queue: Queue) -> None:
    """Who could not say for so long that he lives must believe that another has the job."""
    hands = Hands()
    async with at_work(queue, hands):
        await put(queue, 1)
        await hands.have_begun(1)
        async with place.away():
            await _seen(lambda: hands.cut, within=MORE_THAN_A_LEASE_S)
        hands.may_end.set()
        await hands.have_ended(1, within=MORE_THAN_A_LEASE_S)
        await put(queue, 2)
        await hands.have_ended(1, 2)

    assert (hands.begun, hands.cut) == ([1, 1, 2], [1])


async def test_a_worker_may_begin_while_it_is_away(place: Place, queue: Queue) -> None:
    """It waits until it finds something to do."""
    hands = Hands()
    hands.may_end.set()
    await put(queue, 1)
    async with (
        open_queue(place.target, patience_ms=PATIENCE_MS) as other,
        AsyncExitStack() as stack,
    ):
        async with place.away():
            await stack.enter_async_context(at_work(other, hands))
            await _refusals(queue, 2)
        await hands.have_ended(1, within=BACK_S)

    assert hands.begun == [1]


@pytest.mark.parametrize("graceful", [True, False])
async def test_a_worker_may_end_while_it_is_away(
    place: Place, queue: Queue, *, graceful: bool
) -> None:
    """It does not wait for the database; what it could not say comes again later."""
    hands, others, until = Hands(), Hands(), asyncio.Event()
    work = asyncio.create_task(queue.work(LIGHT, hands.run, until=until))
    await put(queue, 1)
    await hands.have_begun(1)
    async with place.away():
        if graceful:
            hands.may_end.set()
            until.set()
        else:
            work.cancel()
        await asyncio.wait([work], timeout=BACK_S)
        has_ended = work.done()

    assert has_ended
    assert work.cancelled() != graceful
    async with at_work(queue, others):
        await others.have_begun(1, within=MORE_THAN_A_LEASE_S)


async def _refusals(queue: Queue, count: int) -> None:
    """Let some time pass: each refusal takes a while."""
    for _ in range(count):
        with pytest.raises(UnavailableError):
            await put(queue, 1000)


async def _seen(check: Callable[[], object], *, within: float = BACK_S) -> None:
    async def checked() -> bool:
        return bool(check())

    await eventually(checked, within=within)
