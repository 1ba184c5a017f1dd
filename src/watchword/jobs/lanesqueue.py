"""A queue that works on each lane by itself, so that one that is full keeps no other waiting."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.ids import JobId


class LanesQueue:
    """Implements Queue over one queue for each lane, which has places of its own.

    It may be the same queue for several, if that can work more than once at a time.
    """

    def __init__(self, queues: Mapping[Lane, Queue]) -> None:
        self._queues = queues

    async def put(self, job_id: JobId, lane: Lane) -> None:
        await self._queues[lane].put(job_id, lane)

    async def work(
        self,
        lanes: Sequence[Lane],
        run: Callable[[JobId], Awaitable[None]],
        *,
        until: asyncio.Event,
    ) -> None:
        shifts = [
            asyncio.create_task(self._queues[lane].work([lane], run, until=until)) for lane in lanes
        ]
        try:
            await asyncio.wait(shifts, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # One that broke is begun anew with all others.
            for shift in shifts:
                shift.cancel()
            await asyncio.wait(shifts)
        for error in [shift.exception() for shift in shifts if not shift.cancelled()]:
            if error is not None:
                raise error

    async def close(self) -> None:
        for queue in self._queues.values():
            await queue.close()
