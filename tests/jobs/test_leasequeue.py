"""The queue of leases when its desk does not answer, or its answer gets lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from contract.queues import Hands, at_work, put
from fakes_storage import MemoryStorage
from parts.loglines import LogLines
from parts.waiting import eventually
from watchword.core.jobs.leases import LeaseDesk
from watchword.core.jobs.model import Lane
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.randomness import SystemRandomness
from watchword.jobs.leasequeue import LeaseQueue

pytestmark = pytest.mark.slow

Found = TypeVar("Found")


@dataclass
class PoorDesk:
    """Does what it is asked, and then loses the answers to these questions, once each."""

    desk: LeaseDesk
    loses: list[str] = field(default_factory=list)
    error: Exception = field(default_factory=UnavailableError)

    async def put(self, job_id: JobId, lane: Lane, *, at: datetime) -> None:
        await self._poorly("put", self.desk.put(job_id, lane, at=at))

    async def claim(
        self, holder: str, lanes: Sequence[Lane], *, at: datetime, until: datetime, limit: int
    ) -> tuple[JobId, ...]:
        asked = self.desk.claim(holder, lanes, at=at, until=until, limit=limit)
        found = await asked
        # An answer in which there is nothing is not worth losing.
        return await self._poorly("claim", _now(found)) if found else found

    async def beat(self, holder: str, *, at: datetime, until: datetime) -> tuple[JobId, ...]:
        return await self._poorly("beat", self.desk.beat(holder, at=at, until=until))

    async def done(self, holder: str, job_id: JobId, *, at: datetime) -> None:
        await self._poorly("done", self.desk.done(holder, job_id, at=at))

    async def give_back(self, holder: str, job_id: JobId | None, *, at: datetime) -> int:
        asked = self.desk.give_back(holder, job_id, at=at)
        return await (self._poorly("give_back", asked) if job_id is not None else asked)

    async def _poorly(self, name: str, asked: Awaitable[Found]) -> Found:
        found = await asked
        if name in self.loses:
            self.loses.remove(name)
            raise self.error
        return found


@dataclass
class SlowDesk(PoorDesk):
    """Says that a job was given back when somebody has claimed it already, the first time."""

    claimed: asyncio.Event = field(default_factory=asyncio.Event)
    is_slow: bool = True

    async def claim(
        self, holder: str, lanes: Sequence[Lane], *, at: datetime, until: datetime, limit: int
    ) -> tuple[JobId, ...]:
        found = await super().claim(holder, lanes, at=at, until=until, limit=limit)
        if found:
            self.claimed.set()
        return found

    async def give_back(self, holder: str, job_id: JobId | None, *, at: datetime) -> int:
        self.claimed.clear()
        count = await super().give_back(holder, job_id, at=at)
        if count and self.is_slow:
            self.is_slow = False
            await self.claimed.wait()
        return count


@pytest.fixture
def storage() -> MemoryStorage:
    """The database."""
    return MemoryStorage()


@pytest.fixture
def desk(storage: MemoryStorage) -> PoorDesk:
    """The desk, which loses nothing yet."""
    return PoorDesk(storage.lease_desk)


@pytest.fixture
def queue(desk: PoorDesk) -> LeaseQueue:
    """A queue over it."""
    return LeaseQueue(desk, clock=SystemClock(), randomness=SystemRandomness())


async def test_a_claim_that_was_not_heard_is_given_back(desk: PoorDesk, queue: LeaseQueue) -> None:
    """The job is ours, as the desk knows and we do not; nobody waits for the lease to be over."""
    hands = Hands()
    async with at_work(queue, hands):
        await put(queue, 1)
        await hands.have_begun(1)
        desk.loses = ["claim"]
        await put(queue, 2)

        await hands.have_begun(1, 2, within=5)

    assert sorted(hands.ended) == [1, 2]


@pytest.mark.parametrize("question", ["done", "beat", "claim"])
@pytest.mark.parametrize("error", [UnavailableError(), RuntimeError("a bug")])
async def test_each_job_is_done_once_whatever_is_not_heard(
    desk: PoorDesk, queue: LeaseQueue, question: str, error: Exception
) -> None:
    """A worker outlives what nobody foresaw, too."""
    hands = Hands()
    desk.error, desk.loses = error, [question, question]
    async with at_work(queue, hands):
        await put(queue, 1)
        await hands.have_begun(1)
        await eventually(lambda: _is_so(lambda: question not in desk.loses or question == "done"))
        hands.may_end.set()
        await hands.have_ended(1)
        await put(queue, 2)
        await hands.have_ended(1, 2)

    assert hands.begun == [1, 2]
    assert desk.loses == []


async def test_a_giving_back_that_did_not_happen_is_done_again(
    storage: MemoryStorage, queue: LeaseQueue
) -> None:
    """A run raised while the database was away."""
    hands = Hands(fails={JobId(1): 1})
    async with at_work(queue, hands):
        await put(queue, 1)
        await hands.have_begun(1)
        storage.broken = UnavailableError()
        hands.may_end.set()
        await eventually(lambda: _is_so(lambda: not hands.now))
        storage.broken = None
        await hands.have_ended(1, within=15)


async def test_a_job_that_is_claimed_while_it_is_given_back_comes_soon(
    storage: MemoryStorage,
) -> None:
    """Both answers come at once, and the claim's is heard first."""
    hands, desk = Hands(fails={JobId(1): 1}), SlowDesk(storage.lease_desk)
    queue = LeaseQueue(desk, clock=SystemClock(), randomness=SystemRandomness())
    hands.may_end.set()
    async with at_work(queue, hands):
        await put(queue, 1)
        await eventually(lambda: _is_so(lambda: hands.begun))
        await hands.have_ended(1, within=5)


async def test_a_lost_run_that_ends_well_is_not_done(
    storage: MemoryStorage, queue: LeaseQueue, log_lines: LogLines
) -> None:
    """It may have seen that another has the job, and left: the job is still to be done."""
    cut, gone = asyncio.Event(), asyncio.Event()

    async def run(_: JobId) -> None:
        try:
            await gone.wait()
        except asyncio.CancelledError:
            cut.set()

    until = asyncio.Event()
    work = asyncio.create_task(queue.work([Lane.LIGHT], run, until=until))
    await put(queue, 1)
    await eventually(lambda: _is_so(lambda: _holder(storage, 1)))
    await _take_over(storage, 1, "another")
    async with asyncio.timeout(10):
        await cut.wait()
    until.set()
    await work

    assert _holder(storage, 1) == "another"
    assert [line["job"] for line in log_lines.of("job lost by a slow worker")] == [1]


async def test_a_lost_run_ends_before_its_job_begins_anew(
    storage: MemoryStorage, queue: LeaseQueue
) -> None:
    """It takes its time to end, and the same worker has the job again meanwhile."""
    hands, cut, leave = Hands(), asyncio.Event(), asyncio.Event()

    async def run(job_id: JobId) -> None:
        try:
            await hands.run(job_id)
        except asyncio.CancelledError:
            hands.now.add(job_id)  # it is still there
            cut.set()
            await leave.wait()
            hands.now.discard(job_id)
            raise

    until = asyncio.Event()
    work = asyncio.create_task(queue.work([Lane.LIGHT], run, until=until))
    await put(queue, 1)
    await hands.have_begun(1)
    ours = _holder(storage, 1)
    await _take_over(storage, 1, "another")
    await cut.wait()
    await storage.lease_desk.give_back("another", JobId(1), at=SystemClock().now())
    await eventually(lambda: _is_so(lambda: _holder(storage, 1) == ours))
    leave.set()
    await hands.have_begun(1, 1)
    hands.may_end.set()
    await hands.have_ended(1)
    until.set()
    await work

    assert hands.twice_at_once == []


def _holder(storage: MemoryStorage, number: int) -> str:
    lease = storage.rows.jobs.leases.get(JobId(number))
    return lease.holder if lease else ""


async def _take_over(storage: MemoryStorage, number: int, holder: str) -> None:
    """Let somebody else hold a job, or nobody."""
    at = SystemClock().now()
    ours = _holder(storage, number)
    await storage.lease_desk.give_back(ours, JobId(number), at=at)
    if holder:
        until = at + timedelta(days=1)
        await storage.lease_desk.claim(holder, [Lane.LIGHT], at=at, until=until, limit=1)


async def _now(found: Found) -> Found:
    return found


async def _is_so(check: Callable[[], object]) -> bool:
    return bool(check())
