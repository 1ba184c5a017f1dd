"""What the core asks of whoever brings jobs to workers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId


class Queue(Protocol):
    """Brings jobs to workers: to one at a time, at least once, whatever dies in between."""

    async def put(self, job_id: JobId, lane: Lane) -> None:
        """Have a job worked on; durable when it returns.

        A job that waits already is there once. One that is being worked on comes once more
        afterwards. Raises UnavailableError when the queue does not answer.
        """

    async def work(
        self,
        lanes: Sequence[Lane],
        run: Callable[[JobId], Awaitable[None]],
        *,
        until: asyncio.Event,
    ) -> None:
        """Call `run` for each job of these lanes, a few at once, until the event is set.

        Then take no other, and return when those that were taken are over. When `run`
        returns, the job is done with; if it raises or is cancelled, the job comes again. What
        a worker had that died is brought to another within 30 s. Goes on by itself after the
        queue did not answer.
        """

    async def close(self) -> None:
        """Let go."""
