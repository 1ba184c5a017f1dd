"""Looking, once a second, what there is to do."""

from dataclasses import dataclass, field

import pytest

from jobs.queues import PlainQueue
from jobs.toyflows import NAME
from jobs.turning import bench
from parts.loglines import LogLines
from unit.core.conftest import House
from watchword.core.jobs.model import Lane, State
from watchword.core.kernel.errors import UnavailableError
from watchword.jobs.dispatcher import Active, Dispatcher

BOTH = list(Lane)


@dataclass
class Caller:
    """Somebody who looks whenever the dispatcher does."""

    error: Exception | None = None
    looks: int = 0

    async def look(self) -> None:
        self.looks += 1
        if self.error:
            raise self.error


@dataclass
class Post:
    """A dispatcher, and what it works with."""

    house: House
    queue: PlainQueue = field(default_factory=PlainQueue)
    callers: list[Caller] = field(default_factory=lambda: [Caller(), Caller()])
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(
            open_work=self.house.storage.open_work,
            runs=self.house.services.job_runs,
            queue=self.queue,
            looks=[caller.look for caller in self.callers],
            on_active=self.counts.append,
        )

    async def looks(self, times: int) -> list[Active | None]:
        return [await self.dispatcher.look() for _ in range(times)]


@pytest.fixture
def post(house: House) -> Post:
    return Post(house)


async def test_what_was_asked_for_goes_to_the_queue(post: Post) -> None:
    """Once, and after it was committed."""
    made = await bench(post.house, NAME)

    await post.looks(3)

    assert post.queue.put_in == [made.job.id]
    assert (await made.now()).state is State.QUEUED


async def test_it_says_what_there_is_to_do(post: Post) -> None:
    """By lane, for whoever works on one of them."""
    await bench(post.house, "a", lane=Lane.HEAVY)
    await bench(post.house, "b", lane=Lane.HEAVY)
    await bench(post.house, "c", lane=Lane.LIGHT)

    active = await post.dispatcher.look()

    assert active == Active(all=3, heavy=2)
    assert [active.of([Lane.LIGHT]), active.of([Lane.HEAVY]), active.of(BOTH)] == [1, 2, 3]
    assert post.counts == [3]


async def test_nothing_to_do_leaves_the_queue_alone(post: Post) -> None:
    """What it stands on need not even be there."""
    post.queue.is_up = False

    found = await post.looks(2)

    assert found == [Active(), Active()]
    assert post.counts == [0, 0]


async def test_everybody_gets_a_look_each_time(post: Post, log_lines: LogLines) -> None:
    """Whatever goes wrong with another; it is told once, and nothing of its text."""
    post.callers[0].error = RuntimeError("a-password")
    made = await bench(post.house, NAME)

    found = await post.looks(3)

    assert [caller.looks for caller in post.callers] == [3, 3]
    assert found == [Active(1, 1)] * 3
    assert post.queue.put_in == [made.job.id]
    [line] = log_lines.of("dispatcher failed")
    assert (line["reason"], line["step"]) == ("RuntimeError", "Caller.look")
    assert "a-password" not in log_lines.text()


async def test_a_trouble_that_comes_back_is_told_again(post: Post, log_lines: LogLines) -> None:
    """Once for each time that it begins."""
    caller = post.callers[1]
    for error in (UnavailableError(), UnavailableError(), None, UnavailableError()):
        caller.error = error
        await post.looks(1)

    assert [line["reason"] for line in log_lines.of("jobs wait")] == ["unavailable"] * 2


async def test_a_queue_that_is_away_gets_it_later(post: Post, log_lines: LogLines) -> None:
    """Nothing is lost, and what is active is known all the same."""
    made = await bench(post.house, NAME)
    post.queue.is_up = False

    found = await post.looks(2)
    post.queue.is_up = True
    await post.looks(1)

    assert found == [Active(1, 1)] * 2
    assert post.queue.put_in == [made.job.id]
    assert len(log_lines.of("jobs wait")) == 1


async def test_a_database_that_is_away_is_waited_for(post: Post) -> None:
    """What is active is not known meanwhile, which is not the same as nothing."""
    await bench(post.house, NAME)
    post.house.storage.broken = UnavailableError()

    found = await post.looks(2)
    post.house.storage.broken = None

    assert found == [None, None]
    assert await post.looks(1) == [Active(1, 1)]
    assert post.counts == [1]
