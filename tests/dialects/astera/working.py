"""A worker's hand: brings a job as far as a test wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from dialects.household import Household
from watchword.core.jobs.model import Job, Progress
from watchword.core.kernel.ids import JobId
from watchword.core.services.jobruns import FlowFailedError

MEDIA = "text/csv"


@dataclass
class Hand:
    """Works on the jobs of a household, without a queue."""

    household: Household

    async def begin(self, started: httpx.Response) -> Job:
        """Begin a turn of a job that an answer tells of."""
        assert started.status_code == 202, started.text
        job = await self.household.services.job_runs.begin(number_of(started))
        assert job is not None
        return job

    async def record(
        self,
        job: Job,
        done: int = 0,
        total: int | None = None,
        *,
        counts: Mapping[str, int] | None = None,
        note: str = "",
    ) -> None:
        """Record how far it is."""
        progress = Progress(done=done, total=total, counts=counts or {}, note=note)
        async with self.household.storage.open_work() as work:
            at = self.household.clock.now()
            work.jobs.progress(job.id, turn=job.turn, progress=progress, at=at)
            await work.commit()

    async def write(self, job: Job, *pieces: str, media: str = MEDIA) -> None:
        """Record pieces of its output."""
        async with self.household.storage.open_work() as work:
            for text in pieces:
                work.jobs.write(job.id, turn=job.turn, text=text, media=media)
            await work.commit()

    async def complete(self, job: Job, result: str = "") -> None:
        await self.household.services.job_runs.complete(job, result)

    async def fail(self, job: Job, why: str = "It cannot be done.") -> None:
        await self.household.services.job_runs.failed(job, FlowFailedError(why))

    async def cancelled(self, job: Job) -> None:
        await self.household.services.job_runs.cancelled(job)

    async def finished(self, started: httpx.Response, *pieces: str, result: str = "") -> Job:
        """Begin a job, let it write these pieces, and end it."""
        job = await self.begin(started)
        await self.write(job, *pieces)
        await self.complete(job, result)
        return job


def number_of(answer: httpx.Response) -> JobId:
    """Return the number of the job that an answer tells of."""
    told: dict[str, Any] = answer.json()
    return JobId(int(told["jobId"]))
