"""Where jobs are worked on: who does, when it ends, and what becomes of what runs."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jobs.queues import PlainQueue
from jobs.toyflows import NAME, Toy
from jobs.turning import Bench, bench
from parts.loglines import LogLines
from parts.waiting import eventually
from unit.core.conftest import House
from watchword.core.jobs.model import Lane, State
from watchword.core.kernel.errors import UnavailableError
from watchword.jobs.book import Book
from watchword.jobs.child import Child
from watchword.jobs.dispatcher import Dispatcher
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.worker import Worker
from watchword.jobs.workshop import Workshop

PACE_S = 0.01
LIVES = "import sys; sys.stdin.buffer.read()"


@dataclass
class Open:
    """A workshop that is open, with all that is in it."""

    shop: Workshop
    queue: PlainQueue
    toy: Toy
    looks: list[int]
    running: asyncio.Task[None]

    async def close(self) -> None:
        await self.shop.close(self.running)


@dataclass
class Street:
    """Where workshops open: one machine, one store."""

    house: House
    lock: Path
    open_ones: list[Open] = field(default_factory=list)

    def open(
        self,
        *,
        lanes: tuple[Lane, ...] = tuple(Lane),
        child: Child | None = None,
        has_lock: bool = True,
        idle_s: float | None = None,
        grace_s: float = 5.0,
    ) -> Open:
        house, toy, queue = self.house, Toy(), PlainQueue()
        looks: list[int] = []
        worker = Worker(
            services=house.services,
            open_work=house.storage.open_work,
            book=Book(lambda: [toy.flow()], list),
            clock=house.clock,
            look_every_s=PACE_S,
        )
        shop = Workshop(
            dispatcher=Dispatcher(
                open_work=house.storage.open_work,
                runs=house.services.job_runs,
                queue=queue,
                on_active=looks.append,
            ),
            worker=worker,
            queue=queue,
            lanes=lanes,
            lock=OnlyOne(self.lock) if has_lock else None,
            child=child,
            idle_s=idle_s,
            grace_s=grace_s,
            pace_s=PACE_S,
        )
        one = Open(shop, queue, toy, looks, asyncio.create_task(shop.run()))
        self.open_ones.append(one)
        return one

    async def is_at(self, made: Bench, state: State) -> None:
        async def look() -> bool:
            return (await made.now()).state is state

        await eventually(look)


@pytest.fixture
async def street(house: House, tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(house, tmp_path / "jobs.lock")
    yield street
    for one in street.open_ones:
        one.running.cancel()
        await asyncio.wait([one.running])


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    """A process beside it that does nothing until its stdin ends."""
    del tmp_path
    child = Child([sys.executable, "-I", "-S", "-c", LIVES], told=b"", on_left=lambda *_: None)
    yield child
    await child.kill()


async def test_a_job_is_worked_on(street: Street) -> None:
    """From the look that finds it to its end."""
    street.open().toy.open()

    made = await bench(street.house, NAME)

    await street.is_at(made, State.COMPLETED)


async def test_the_queue_is_touched_when_there_is_a_job(street: Street) -> None:
    """It may be slow to load."""
    one = street.open()

    async def has_looked() -> bool:
        return len(one.looks) > 1

    await eventually(has_looked)
    before = list(one.queue.begun)
    one.toy.open()
    made = await bench(street.house, NAME)
    await street.is_at(made, State.COMPLETED)

    assert before == []
    assert one.queue.begun == [(Lane.LIGHT, Lane.HEAVY)]


async def test_one_of_several_works(street: Street) -> None:
    """The others stand by, and one of them goes on when it is gone."""
    first, second = street.open(), street.open()
    first.toy.open()
    second.toy.open()
    await street.is_at(await bench(street.house, NAME), State.COMPLETED)
    alone = list(second.queue.begun)
    await first.close()

    made = await bench(street.house, NAME, key="another")

    await street.is_at(made, State.COMPLETED)
    assert alone == []
    assert second.queue.begun


async def test_a_lock_that_cannot_be_had_is_told_of(street: Street, log_lines: LogLines) -> None:
    """Once; and when it can be, the work begins."""
    street.lock = street.lock.parent / "missing" / "jobs.lock"
    street.open().toy.open()
    made = await bench(street.house, NAME)

    async def told() -> bool:
        return bool(log_lines.of("no job can be worked on"))

    await eventually(told)
    street.lock.parent.mkdir()

    await street.is_at(made, State.COMPLETED)
    assert len(log_lines.of("no job can be worked on")) == 1


class TestChild:
    async def test_heavy_jobs_are_for_the_child(self, street: Street, child: Child) -> None:
        """It is begun for them, and for no others."""
        one = street.open(lanes=(Lane.LIGHT,), child=child)
        one.toy.open()
        await street.is_at(await bench(street.house, NAME, lane=Lane.LIGHT), State.COMPLETED)
        before = child.is_alive

        made = await bench(street.house, NAME, lane=Lane.HEAVY, key="heavy")

        async def is_there() -> bool:
            return child.is_alive

        await eventually(is_there)
        assert not before
        assert (await made.now()).state is not State.COMPLETED

    async def test_it_ends_with_the_workshop(self, street: Street, child: Child) -> None:
        """It hears that it is to end, and is waited for."""
        one = street.open(lanes=(Lane.LIGHT,), child=child)
        await bench(street.house, NAME, lane=Lane.HEAVY)

        async def is_there() -> bool:
            return child.is_alive

        await eventually(is_there)
        await one.close()

        assert not child.is_alive


class TestEnd:
    async def test_what_runs_is_left_for_another(self, street: Street) -> None:
        """At its next checkpoint, and nothing is cut off."""
        one = street.open()
        made = await bench(street.house, NAME)
        await street.is_at(made, State.RUNNING)

        await one.close()

        assert (await made.now()).state is State.QUEUED
        assert not one.toy.was_cancelled
        assert one.queue.is_closed
        assert one.running.done()

    async def test_what_does_not_end_is_cut_off(self, street: Street, log_lines: LogLines) -> None:
        """After the time of grace."""
        one = street.open(grace_s=0.05)
        one.toy.is_deaf = True
        made = await bench(street.house, NAME)
        await street.is_at(made, State.RUNNING)

        await one.close()

        assert one.toy.was_cancelled
        assert (await made.now()).state is State.RUNNING
        assert [line["count"] for line in log_lines.of("jobs cut off")] == [1]

    async def test_nothing_is_begun_any_more(self, street: Street) -> None:
        """Once it was told to stop."""
        one = street.open()
        await one.close()

        made = await bench(street.house, NAME)

        assert (await made.now()).state is State.NOT_STARTED
        assert one.queue.begun == []

    async def test_the_place_is_free_afterwards(self, street: Street) -> None:
        """For the next process, at once."""
        one = street.open()
        made = await bench(street.house, NAME)
        await street.is_at(made, State.RUNNING)
        await one.close()

        lock = OnlyOne(street.lock)

        assert lock.take()
        lock.give()


class TestIdle:
    async def test_it_ends_when_there_was_nothing_for_long_enough(self, street: Street) -> None:
        """After what there was."""
        made = await bench(street.house, NAME)

        one = street.open(has_lock=False, idle_s=2 * PACE_S)
        one.toy.open()
        await asyncio.wait([one.running], timeout=5)

        assert one.running.done()
        assert (await made.now()).state is State.COMPLETED

    async def test_a_job_that_waits_keeps_it_up(self, street: Street) -> None:
        """Such as one that is to be tried again later."""
        one = street.open(has_lock=False, idle_s=2 * PACE_S)
        one.toy.fails.append(UnavailableError())
        made = await bench(street.house, NAME)
        await street.is_at(made, State.QUEUED)

        await asyncio.wait([one.running], timeout=10 * PACE_S)

        assert not one.running.done()

    async def test_a_database_that_is_away_is_not_idle(self, street: Street) -> None:
        """Nobody knows what is in it."""
        street.house.storage.broken = UnavailableError()
        one = street.open(has_lock=False, idle_s=2 * PACE_S)

        await asyncio.wait([one.running], timeout=10 * PACE_S)
        still = not one.running.done()
        street.house.storage.broken = None
        await asyncio.wait([one.running], timeout=5)

        assert still
        assert one.running.done()


async def test_a_queue_that_breaks_is_begun_anew(street: Street, log_lines: LogLines) -> None:
    """And the log says so."""
    one = street.open()
    one.queue.breaks = [RuntimeError()]
    one.toy.open()

    made = await bench(street.house, NAME)

    await street.is_at(made, State.COMPLETED)
    assert len(one.queue.begun) == 2
    assert [line["reason"] for line in log_lines.of("queue failed")] == ["RuntimeError"]


async def test_what_goes_on_being_wrong_with_the_queue_is_told_once(
    street: Street, log_lines: LogLines
) -> None:
    """Until it is something else; what is ours says it in its own words."""
    one = street.open()
    one.queue.breaks = [UnavailableError("No.")] * 5 + [RuntimeError()] * 5
    one.toy.open()

    made = await bench(street.house, NAME)

    await street.is_at(made, State.COMPLETED)
    assert len(one.queue.begun) == 11
    assert [line["reason"] for line in log_lines.of("queue failed")] == ["No.", "RuntimeError"]


async def test_a_queue_that_breaks_again_is_told_of_again(
    street: Street, log_lines: LogLines
) -> None:
    """If it worked in between."""
    one = street.open()
    one.queue.breaks = [RuntimeError()]
    one.toy.open()
    await street.is_at(await bench(street.house, NAME), State.COMPLETED)
    seen = len(one.looks)

    async def has_looked() -> bool:
        return len(one.looks) > seen + 1

    await eventually(has_looked)
    one.queue.breaks = [RuntimeError()]
    one.queue.ends_now = True

    made = await bench(street.house, NAME, key="another")

    await street.is_at(made, State.COMPLETED)
    assert len(log_lines.of("queue failed")) == 2
