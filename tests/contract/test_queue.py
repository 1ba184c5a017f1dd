"""The queue port: what every implementation promises, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import apsw
import pytest

from contract.queues import KINDS, LIGHT, SOON_S, Depot, Hands, at_work, open_queue, put, target_of
from contract.storages import Kind
from watchword.core.jobs.model import Lane
from watchword.jobs.lanesqueue import LanesQueue
from watchword.jobs.leasequeue import LeaseQueue

pytestmark = pytest.mark.slow


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """What the queue is made of."""
    found: Kind = request.param
    return found


@pytest.fixture
def target(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The database under the queue."""
    return target_of(kind, request, tmp_path)


@pytest.fixture
async def depot(kind: Kind, target: str) -> AsyncIterator[Depot]:
    """Where queues on one database come from."""
    async with AsyncExitStack() as stack:
        yield Depot(target, kind is Kind.POOLED, stack)


@pytest.fixture
def hands() -> Hands:
    """Work that ends at once."""
    found = Hands()
    found.may_end.set()
    return found


@pytest.fixture
def slow_hands() -> Hands:
    """Work that ends when the test says so."""
    return Hands()


async def test_lanes_with_places_of_their_own(depot: Depot, slow_hands: Hands) -> None:
    """None waits for another. Where a queue can work twice at once, it is the same for all."""
    hands, one = slow_hands, await depot.queue(at_once=1)
    other = await depot.queue(at_once=1) if isinstance(one, LeaseQueue) else one
    lanes = LanesQueue({Lane.LIGHT: one, Lane.HEAVY: other})
    async with at_work(lanes, hands, *Lane):
        await put(lanes, 1, 2, lane=Lane.HEAVY)
        await put(lanes, 3, 4, lane=Lane.LIGHT)

        await hands.have_begun(1, 3)
        hands.may_end.set()
        await hands.have_ended(1, 2, 3, 4)

    assert hands.twice_at_once == []


class TestPut:
    async def test_what_was_put_is_worked_on_once(self, depot: Depot, hands: Hands) -> None:
        """By a worker that comes later, and may be another process."""
        await put(await depot.queue(), 1, 2, 3)

        async with at_work(await depot.queue(), hands):
            await hands.have_ended(1, 2, 3)
        async with at_work(await depot.queue(), hands):
            await put(await depot.queue(), 4)
            await hands.have_ended(1, 2, 3, 4)

        assert sorted(hands.begun) == [1, 2, 3, 4]

    async def test_a_job_waits_only_once(self, depot: Depot, hands: Hands) -> None:
        """The dispatcher may put it twice."""
        await put(await depot.queue(), 1, 1, 2)
        await put(await depot.queue(), 1)

        async with at_work(await depot.queue(), hands):
            await hands.have_ended(1, 2)
            await put(await depot.queue(), 3)
            await hands.have_ended(1, 2, 3)

        assert sorted(hands.begun) == [1, 2, 3]

    async def test_many_put_it_at_once(self, depot: Depot, hands: Hands) -> None:
        """Each process has a dispatcher; none of them is refused."""
        queues = [await depot.queue() for _ in range(4)]

        await asyncio.gather(*(put(one, 1, 2, 3) for one in queues))

        async with at_work(queues[0], hands):
            await hands.have_ended(1, 2, 3)
            await put(queues[1], 4)
            await hands.have_ended(1, 2, 3, 4)

    async def test_what_is_put_while_it_runs_comes_once_more(
        self, depot: Depot, slow_hands: Hands
    ) -> None:
        """Afterwards, and not beside itself, although there are free hands."""
        hands = slow_hands
        queue = await depot.queue()
        async with at_work(queue, hands), at_work(await depot.queue(), hands):
            await put(queue, 1)
            await hands.have_begun(1)
            await put(queue, 1, 1, 2)
            await hands.have_begun(1, 2)

            hands.may_end.set()
            await hands.have_ended(1, 1, 2)
            await put(queue, 3)
            await hands.have_ended(1, 1, 2, 3)

        assert hands.twice_at_once == []

    async def test_what_is_over_may_be_put_again(self, depot: Depot, hands: Hands) -> None:
        """A job that failed and is started again has the same number."""
        queue = await depot.queue()
        async with at_work(queue, hands):
            await put(queue, 1)
            await hands.have_ended(1)
            await put(queue, 1)
            await hands.have_ended(1, 1)

    async def test_a_worker_that_waits_begins_soon(self, depot: Depot, hands: Hands) -> None:
        """Within a second or two, whoever put the job."""
        async with at_work(await depot.queue(), hands):
            other = await depot.queue()
            for number in range(5):
                await put(other, number)
                await hands.have_ended(*range(number + 1))


class TestOrder:
    async def test_first_come_first_served(self, depot: Depot, hands: Hands) -> None:
        """One worker with one hand takes them as they came."""
        queue = await depot.queue(at_once=1)
        await put(queue, 5, 3, 4, 1, 2)

        async with at_work(queue, hands):
            await hands.have_ended(1, 2, 3, 4, 5)

        assert hands.begun == [5, 3, 4, 1, 2]

    async def test_lanes_are_kept_apart(self, depot: Depot, hands: Hands) -> None:
        """Who works on light jobs touches no heavy one, and who works on both finds both."""
        queue, both = await depot.queue(), Hands(may_end=hands.may_end)
        await put(queue, 1, 2, lane=Lane.HEAVY)
        await put(queue, 3, 4, lane=Lane.LIGHT)

        async with at_work(queue, hands, Lane.LIGHT):
            await hands.have_ended(3, 4)
            await put(queue, 5, lane=Lane.LIGHT)
            await hands.have_ended(3, 4, 5)
        await put(queue, 6, lane=Lane.LIGHT)
        async with at_work(await depot.queue(), both, Lane.LIGHT, Lane.HEAVY):
            await both.have_ended(1, 2, 6)

        assert sorted(hands.begun) == [3, 4, 5]

    async def test_a_few_at_once(self, depot: Depot, slow_hands: Hands) -> None:
        """As many as were allowed, and the next as soon as one is over."""
        queue = await depot.queue(at_once=2)
        await put(queue, 1, 2, 3, 4, 5)

        async with at_work(queue, slow_hands):
            await slow_hands.have_begun(1, 2)
            slow_hands.may_end.set()
            await slow_hands.have_ended(1, 2, 3, 4, 5)

        assert slow_hands.most_at_once == 2


class TestMany:
    async def test_each_job_goes_to_one_of_many_workers(self, depot: Depot, hands: Hands) -> None:
        """200 jobs, four workers, and jobs that come while they work."""
        queues = [await depot.queue(at_once=3) for _ in range(4)]
        await put(queues[0], *range(100))

        async with AsyncExitStack() as stack:
            for one in queues:
                await stack.enter_async_context(at_work(one, hands))
            await asyncio.gather(*(put(one, *range(100, 200)) for one in queues[:1]))
            await hands.have_ended(*range(200), within=30)

        assert sorted(hands.begun) == list(range(200))
        assert hands.twice_at_once == []


class TestFailures:
    async def test_a_run_that_raises_comes_again(self, depot: Depot, hands: Hands) -> None:
        """As often as it must, and holds nobody up meanwhile."""
        queue = await depot.queue(at_once=2)
        hands.fails = {1: 2}  # type: ignore[dict-item] # a JobId is an int

        async with at_work(queue, hands):
            await put(queue, 1, 2, 3)
            await hands.have_ended(1, 2, 3)
            await put(queue, 4)
            await hands.have_ended(1, 2, 3, 4)

        assert sorted(hands.begun) == [1, 1, 1, 2, 3, 4]

    async def test_one_that_raises_and_was_put_meanwhile_comes_once(
        self, depot: Depot, slow_hands: Hands
    ) -> None:
        """To come again and to come once more are one coming."""
        hands, queue = slow_hands, await depot.queue()
        hands.fails = {1: 1}  # type: ignore[dict-item] # a JobId is an int
        async with at_work(queue, hands):
            await put(queue, 1)
            await hands.have_begun(1)
            await put(queue, 1)

            hands.may_end.set()
            await hands.have_ended(1)
            await put(queue, 2)
            await hands.have_ended(1, 2)

        assert sorted(hands.begun) == [1, 1, 2]


class TestEnd:
    async def test_what_runs_may_end(self, depot: Depot, slow_hands: Hands) -> None:
        """When the event is set nothing else is taken; the worker goes when its hands are empty."""
        hands, queue, until = slow_hands, await depot.queue(at_once=2), asyncio.Event()
        await put(queue, 1, 2, 3)
        work = asyncio.create_task(queue.work(LIGHT, hands.run, until=until))
        await hands.have_begun(1, 2)

        until.set()
        await put(queue, 4)
        is_patient = not work.done()
        hands.may_end.set()
        async with asyncio.timeout(SOON_S):
            await work

        assert is_patient
        assert sorted(hands.ended) == [1, 2]
        async with at_work(await depot.queue(), hands):
            await hands.have_ended(1, 2, 3, 4)

    async def test_who_has_nothing_ends_at_once(self, depot: Depot, hands: Hands) -> None:
        """Before it began to look, too."""
        queue, until = await depot.queue(), asyncio.Event()
        until.set()

        async with asyncio.timeout(SOON_S):
            await queue.work(LIGHT, hands.run, until=until)

        assert hands.begun == []

    async def test_who_is_cancelled_gives_back(self, depot: Depot, slow_hands: Hands) -> None:
        """What ran is cancelled, and another worker has it soon: no lease must be over first."""
        hands, others = slow_hands, Hands()
        others.may_end.set()
        queue = await depot.queue()
        async with at_work(queue, hands, graceful=False) as work:
            await put(queue, 1, 2)
            await hands.have_begun(1, 2)
            work.cancel()
            await asyncio.wait([work])

            assert work.cancelled()
        async with at_work(await depot.queue(), others):
            await others.have_ended(1, 2, within=5)

        assert (sorted(hands.cut), hands.ended) == ([1, 2], [])

    async def test_the_same_queue_may_work_again(self, depot: Depot, hands: Hands) -> None:
        """A worker that ended may be begun anew."""
        queue = await depot.queue()

        for number in range(3):
            async with at_work(queue, hands):
                await put(queue, number)
                await hands.have_ended(*range(number + 1))

        assert sorted(hands.begun) == [0, 1, 2]

    async def test_nothing_is_left_behind(self, depot: Depot, hands: Hands) -> None:
        """No task goes on after the end."""
        before = asyncio.all_tasks()
        async with AsyncExitStack() as stack:
            queue = await Depot(depot.target, depot.pooler, stack).queue()
            async with at_work(queue, hands):
                await put(queue, 1, 2, 3)
                await hands.have_ended(1, 2, 3)

        assert asyncio.all_tasks() == before


async def test_an_idle_worker_changes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """It looks twice a second, and each change would be one more write to the disk."""
    target = target_of(Kind.SQLITE, request, tmp_path)
    async with open_queue(target) as queue:
        await put(queue, 1, lane=Lane.HEAVY)
        with closing(apsw.Connection(target)) as database:
            async with at_work(queue, Hands()):
                before, seen = database.pragma("data_version"), set[object]()
                # That nothing happens can only be seen by looking for a while: four looks of its.
                for _ in range(20):
                    await asyncio.sleep(0.1)
                    seen.add(database.pragma("data_version"))

    assert seen == {before}
