"""A queue that is made when the first job needs it: what it stands on may be slow to load."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.core.kernel.ids import JobId


class LateQueue:
    """Implements Queue. Who uses it again after `close` gets another one."""

    def __init__(self, make: Callable[[], Awaitable[Queue]]) -> None:
        self._make = make
        self._making = asyncio.Lock()
        self._queue: Queue | None = None

    async def put(self, job_id: JobId, lane: Lane) -> None:
        await (await self._made()).put(job_id, lane)

    async def work(
        self,
        lanes: Sequence[Lane],
        run: Callable[[JobId], Awaitable[None]],
        *,
        until: asyncio.Event,
    ) -> None:
        await (await self._made()).work(lanes, run, until=until)

    async def close(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            await queue.close()

    async def _made(self) -> Queue:
        async with self._making:
            if self._queue is None:
                self._queue = await self._make()
            return self._queue
