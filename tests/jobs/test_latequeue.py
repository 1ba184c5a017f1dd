"""A queue that is made when the first job needs it."""

import asyncio
from dataclasses import dataclass, field

from jobs.queues import PlainQueue
from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.ids import JobId
from watchword.jobs.latequeue import LateQueue

FIRST, SECOND = JobId(1), JobId(2)


@dataclass
class Maker:
    """Makes queues, each after a while."""

    made: list[PlainQueue] = field(default_factory=list)

    async def make(self) -> Queue:
        await asyncio.sleep(0)
        self.made.append(PlainQueue())
        return self.made[-1]


async def test_nothing_is_made_before_it_is_needed() -> None:
    """To close what nobody used is nothing either."""
    maker = Maker()

    await LateQueue(maker.make).close()

    assert maker.made == []


async def test_all_who_need_it_get_the_same() -> None:
    """Also those who come while it is made."""
    maker = Maker()
    queue = LateQueue(maker.make)
    until, ran = asyncio.Event(), list[JobId]()

    async def run(job_id: JobId) -> None:
        ran.append(job_id)
        if len(ran) == 2:
            until.set()

    await asyncio.gather(
        queue.put(FIRST, Lane.LIGHT),
        queue.put(SECOND, Lane.LIGHT),
        queue.work([Lane.LIGHT], run, until=until),
    )

    assert ran == [FIRST, SECOND]
    assert len(maker.made) == 1


async def test_a_closed_one_is_followed_by_another() -> None:
    """Whoever goes on after a trouble begins anew."""
    maker = Maker()
    queue = LateQueue(maker.make)
    await queue.put(FIRST, Lane.LIGHT)

    await queue.close()
    await queue.put(SECOND, Lane.LIGHT)

    first, second = maker.made
    assert (first.put_in, first.is_closed) == ([FIRST], True)
    assert (second.put_in, second.is_closed) == ([SECOND], False)
