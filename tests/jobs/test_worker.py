"""What becomes of a job while a worker has it, however its flow ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from jobs.toyflows import NAME, Toy
from jobs.turning import Bench, bench
from parts.loglines import LogLines
from parts.waiting import eventually
from unit.core.conftest import OPERATOR, House
from watchword.core.jobs.model import TRIES_MAX, Job, State
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.jobs.book import Book
from watchword.jobs.flow import FlowFailedError
from watchword.jobs.worker import Worker

LOOK_S = 0.01


@dataclass
class Desk:
    """A worker, the flow that it knows, and a job for it."""

    bench: Bench
    toy: Toy
    worker: Worker
    left: list[tuple[str, str]]
    running: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def job(self) -> JobId:
        return self.bench.job.id

    def begin(self) -> asyncio.Task[None]:
        """Let the worker have the job."""
        task = asyncio.create_task(self.worker.run(self.job))
        self.running.append(task)
        return task

    async def work(self) -> Job:
        """Let the worker have the job until it is through with it; return what it is then."""
        await self.begin()
        return await self.bench.now()

    async def is_waiting(self) -> None:
        """Wait until the flow has counted and stands at its door."""

        async def look() -> bool:
            return (await self.bench.now()).progress.done == 3

        await eventually(look)

    async def cancel(self) -> None:
        await self.bench.services.jobs.cancel(OPERATOR, self.job)


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    toy = Toy()
    left: list[tuple[str, str]] = []
    worker = Worker(
        services=house.services,
        open_work=house.storage.open_work,
        book=Book(lambda: [toy.flow()], list),
        clock=house.clock,
        on_left=lambda flow, state: left.append((flow, state)),
        look_every_s=LOOK_S,
    )
    desk = Desk(await bench(house, NAME), toy, worker, left)
    yield desk
    for task in desk.running:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


class TestEnds:
    async def test_a_flow_that_returns_completes_its_job(self, desk: Desk) -> None:
        """What it returns is the result, and whoever counts is told."""
        desk.toy.open()

        job = await desk.work()

        assert (job.state, job.result) == (State.COMPLETED, '{"counted":3}')
        assert (job.progress.done, job.progress.total) == (3, 3)
        assert desk.left == [(NAME, "completed")]

    @pytest.mark.parametrize(
        "error", [FlowFailedError("There is no such file."), InvalidError("to", "It is too many.")]
    )
    async def test_what_trying_again_cannot_help_fails(self, desk: Desk, error: Exception) -> None:
        """At once, in the words of the flow."""
        desk.toy.fails.append(error)

        job = await desk.work()

        assert (job.state, job.error) == (State.FAILED, str(error))
        assert desk.left == [(NAME, "failed")]

    async def test_anything_else_is_tried_again(self, desk: Desk, house: House) -> None:
        """After a while, from where it was."""
        desk.toy.fails.append(UnavailableError("The disk is full."))

        between = await desk.work()
        desk.toy.open()
        after = await desk.work()

        assert (between.state, between.error) == (State.QUEUED, "The disk is full.")
        assert between.due_at > house.clock.now()
        assert desk.left == [(NAME, "queued"), (NAME, "completed")]
        assert desk.toy.counted == [0, 1, 2]
        assert (after.state, after.turn) == (State.COMPLETED, 2)

    async def test_tries_that_get_nowhere_come_to_an_end(self, desk: Desk) -> None:
        """A job that always fails becomes a dead letter with its last error."""
        desk.toy.fails += [RuntimeError() for _ in range(TRIES_MAX)]
        desk.bench = await bench(desk.bench.house, NAME, parameters='{"to":0}', key="none")

        jobs = [await desk.work() for _ in range(TRIES_MAX)]

        assert [job.state for job in jobs] == [*[State.QUEUED] * (TRIES_MAX - 1), State.FAILED]
        assert "RuntimeError; the log of the worker says more." in jobs[-1].error

    async def test_what_others_wrote_in_an_error_is_told_to_nobody(
        self, desk: Desk, log_lines: LogLines
    ) -> None:
        """It may hold anything; where it happened is in the log."""
        desk.toy.fails.append(ValueError("a-password"))

        job = await desk.work()

        assert "a-password" not in job.error + log_lines.text()
        (line,) = log_lines.of("flow failed")
        assert line["reason"] == "ValueError"
        assert line["place"].startswith("jobs.toyflows:")

    async def test_a_flow_that_is_not_here_fails(self, desk: Desk, house: House) -> None:
        """Its package may have been taken off; the sentence says what to do."""
        other = await bench(house, "other.flow")

        await desk.worker.run(other.job.id)

        job = await other.now()
        assert job.state is State.FAILED
        assert "There is no flow other.flow here." in job.error
        assert desk.left == [("other.flow", "failed")]

    async def test_parameters_that_the_flow_does_not_take_any_more_fail(
        self, desk: Desk, house: House
    ) -> None:
        """A newer version of it may have others."""
        old = await bench(house, NAME, parameters='{"until":3}', key="old")

        await desk.worker.run(old.job.id)

        job = await old.now()
        assert job.state is State.FAILED
        assert "does not take the job's parameters" in job.error
        assert desk.toy.counted == []

    async def test_a_job_that_is_over_is_not_begun(self, desk: Desk) -> None:
        """A queue may bring it twice."""
        desk.toy.open()
        await desk.work()

        job = await desk.work()

        assert job.turn == 1
        assert len(desk.toy.turns) == 1


class TestWhileItRuns:
    async def test_a_cancelled_job_ends_at_its_next_checkpoint(self, desk: Desk) -> None:
        """The flow hears of it within a second."""
        running = desk.begin()
        await desk.is_waiting()

        await desk.cancel()
        await running

        assert (await desk.bench.now()).state is State.CANCELLED
        assert desk.left == [(NAME, "cancelled")]

    async def test_a_worker_that_stops_leaves_the_job_to_another(self, desk: Desk) -> None:
        """It waits at once, and nothing counts as a try."""
        running = desk.begin()
        await desk.is_waiting()

        desk.worker.stop()
        await running

        job = await desk.bench.now()
        assert (job.state, job.error, job.tries) == (State.QUEUED, "", 0)
        assert job.progress.checkpoint == "3"
        assert desk.worker.busy == 0

    async def test_a_worker_that_has_stopped_leaves_what_comes_late(self, desk: Desk) -> None:
        """A queue may have brought it in that very moment."""
        desk.worker.stop()

        job = await desk.work()

        assert job.state is State.QUEUED
        assert desk.left == [(NAME, "queued")]

    async def test_a_turn_that_another_took_over_is_cut_off(self, desk: Desk) -> None:
        """The flow is cancelled, and what this worker says of the job counts for nothing."""
        desk.toy.is_deaf = True
        running = desk.begin()
        await desk.is_waiting()

        await desk.bench.turn()
        await running

        job = await desk.bench.now()
        assert desk.toy.was_cancelled
        assert (job.state, job.turn) == (State.INITIALIZING, 2)

    async def test_a_flow_that_hangs_is_cut_off_with_its_worker(self, desk: Desk) -> None:
        """Nothing is recorded then: the queue brings the job again."""
        desk.toy.is_deaf = True
        running = desk.begin()
        await desk.is_waiting()
        desk.worker.stop()

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        job = await desk.bench.now()
        assert desk.toy.was_cancelled
        assert (job.state, job.turn) == (State.RUNNING, 1)
        assert desk.left == []

    async def test_a_database_that_is_away_for_a_moment_cuts_nobody_off(
        self, desk: Desk, house: House
    ) -> None:
        """Whoever looks whether the job is wanted looks again."""
        running = desk.begin()
        await desk.is_waiting()
        house.storage.broken = UnavailableError()

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5 * LOOK_S):
                await asyncio.shield(running)
        house.storage.broken = None
        desk.toy.open()
        await running

        assert (await desk.bench.now()).state is State.COMPLETED

    async def test_a_busy_worker_says_so(self, desk: Desk) -> None:
        """Whoever would end it sees what it would cut off."""
        running = desk.begin()
        await desk.is_waiting()

        assert desk.worker.busy == 1
        desk.toy.open()
        await running
        assert desk.worker.busy == 0
