"""One go at a job: what a flow sees of it, and how it records what it did."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from watchword.core.jobs.model import Job, Progress
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.ports import OpenWork, Work
from watchword.core.services import Services
from watchword.core.services.jobruns import actor_of


class CancelledError(Exception):
    """Somebody asked for the job to be cancelled. A flow lets it pass."""


class StoppedError(Exception):
    """The worker is about to end; another will go on. A flow lets it pass."""


class Turn:
    """Handed to a flow.

    What it records in a Work is committed whole or not at all, and only while no other
    worker has taken the job over: `commit` then raises DeniedError, which a flow lets pass.
    """

    def __init__(self, *, job: Job, services: Services, open_work: OpenWork, clock: Clock) -> None:
        self.job = job
        self.services = services
        self._open_work = open_work
        self._clock = clock
        self._progress = job.progress
        self._is_cancelled = False
        self._is_stopping = False
        self._told = asyncio.Event()

    @property
    def checkpoint(self) -> str:
        """What the flow recorded last; empty at the beginning."""
        return self._progress.checkpoint

    @property
    def progress(self) -> Progress:
        """How far the job was when it was recorded last."""
        return self._progress

    @property
    def actor(self) -> Actor:
        """On whose behalf the flow works."""
        return actor_of(self.job)

    @property
    def now(self) -> datetime:
        return self._clock.now()

    @property
    def is_wanted(self) -> bool:
        """Whether to go on. True from any thread until the job is cancelled or handed on."""
        return not (self._is_cancelled or self._is_stopping)

    def open_work(self) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work, to record progress and data in one commit."""
        return self._open_work()

    async def breathe(self) -> None:
        """Let others run; end here if the job is not wanted any more.

        To be awaited between any two portions of work, of a second at most each.
        """
        await asyncio.sleep(0)
        self._end_if_unwanted()

    async def wait(self, seconds: float) -> None:
        """Do nothing for a while, or end as soon as the job is not wanted any more."""
        try:
            async with asyncio.timeout(seconds):
                await self._told.wait()
        except TimeoutError:
            return
        self._end_if_unwanted()

    def record(
        self,
        work: Work,
        *,
        done: int | None = None,
        total: int | None = None,
        counts: Mapping[str, int] | None = None,
        note: str | None = None,
        checkpoint: str | None = None,
    ) -> None:
        """Record how far the job is once `work` is committed. What is None stays as it was."""
        before = self._progress
        self._progress = Progress(
            done=before.done if done is None else done,
            total=before.total if total is None else total,
            counts=before.counts if counts is None else dict(counts),
            note=before.note if note is None else note,
            checkpoint=before.checkpoint if checkpoint is None else checkpoint,
        )
        work.jobs.progress(self.job.id, turn=self.job.turn, progress=self._progress, at=self.now)

    def write(self, work: Work, text: str, *, media: str) -> None:
        """Record the next piece of the job's output, in one of the text media types."""
        work.jobs.write(self.job.id, turn=self.job.turn, text=text, media=media)

    def cancel(self) -> None:
        """Tell the flow to end; for the worker."""
        self._is_cancelled = True
        self._told.set()

    def stop(self) -> None:
        """Tell the flow to end and leave the rest to another; for the worker."""
        self._is_stopping = True
        self._told.set()

    def _end_if_unwanted(self) -> None:
        if self._is_cancelled:
            raise CancelledError
        if self._is_stopping:
            raise StoppedError
