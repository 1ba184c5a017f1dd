"""A queue in memory, as plain as can be."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from watchword.core.jobs.model import Lane
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId


@dataclass
class PlainQueue:
    """Implements Queue for one worker.

    `is_up` and `breaks` are what goes wrong with it; `ends_now` ends its work when it breaks next.
    """

    waiting: list[tuple[JobId, Lane]] = field(default_factory=list)
    put_in: list[JobId] = field(default_factory=list)
    begun: list[Sequence[Lane]] = field(default_factory=list)
    is_up: bool = True
    breaks: list[Exception] = field(default_factory=list)
    ends_now: bool = False
    is_closed: bool = False

    async def put(self, job_id: JobId, lane: Lane) -> None:
        if not self.is_up:
            raise UnavailableError
        self.put_in.append(job_id)
        self.waiting.append((job_id, lane))

    async def work(
        self,
        lanes: Sequence[Lane],
        run: Callable[[JobId], Awaitable[None]],
        *,
        until: asyncio.Event,
    ) -> None:
        self.begun.append(lanes)
        if self.breaks:
            raise self.breaks.pop(0)
        while not until.is_set():
            if self.ends_now:
                self.ends_now = False
                raise self.breaks.pop(0)
            for one in [one for one in self.waiting if one[1] in lanes]:
                self.waiting.remove(one)
                await run(one[0])
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.is_closed = True
