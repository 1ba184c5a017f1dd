"""Work on jobs: hand them to the queue, begin them, and record how they end."""

from contextlib import suppress
from dataclasses import replace

from watchword.core.jobs.model import ERROR_LENGTH_MAX, TRIES_MAX, Job, State, retry_after
from watchword.core.jobs.queue import Queue
from watchword.core.jobs.store import JobDesk
from watchword.core.kernel.caller import Actor, Origin, operator
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import CoreError, DeniedError, InvalidError
from watchword.core.kernel.ids import AccountId, ApiKeyId, JobId
from watchword.core.ports import OpenWork, Work
from watchword.core.services.jobs import HOUSE

HANDED_AT_ONCE = 100

_GAVE_UP = "It was begun {tries} times in a row and got nowhere. The last time: {error}"
_NO_ERROR = "the worker ended without a word."
_MAY_NOT = "Whoever started it may not do so any more."


class FlowFailedError(Exception):
    """The flow cannot do what it was asked for, however often it is begun. Says why."""


class JobRuns:
    """What a worker asks of us. Every write is for the turn of the job that it has."""

    def __init__(self, *, open_work: OpenWork, desk: JobDesk, clock: Clock) -> None:
        self._open_work = open_work
        self._desk = desk
        self._clock = clock

    async def hand_over(self, queue: Queue) -> int:
        """Put what is due into the queue; return how many. Done again and again, it misses none."""
        async with self._open_work() as work:
            due = await work.jobs.unhanded(at=self._clock.now(), limit=HANDED_AT_ONCE)
        for job in due:
            await queue.put(job.id, job.lane)
            async with self._open_work() as work:
                work.jobs.handed_over(job.id, turn=job.turn)
                await work.commit()
        return len(due)

    async def begin(self, job_id: JobId) -> Job | None:
        """Begin a turn; None if there is nothing to do for this job.

        One that comes back FAILED was given up instead.
        """
        job = await self._desk.begin(job_id, at=self._clock.now())
        if job is None:
            return None
        if job.tries > TRIES_MAX:
            tries, error = job.tries - 1, job.error or _NO_ERROR
            return await self._give_up(job, _GAVE_UP.format(tries=tries, error=error))
        if not await self._may_go_on(job):
            return await self._give_up(job, _MAY_NOT)
        return job

    async def _give_up(self, job: Job, error: str) -> Job:
        await self._end(job, State.FAILED, error=error)
        return replace(job, state=State.FAILED, error=error)

    async def look(self, job: Job) -> Job | None:
        """Return the job as it is now, None if this turn of it is over."""
        async with self._open_work() as work:
            now = await work.jobs.by_id(job.id)
        return now if now and now.turn == job.turn and not now.state.is_final else None

    async def complete(self, job: Job, result: str) -> None:
        """Record that it is done, and what came of it, as JSON."""
        await self._end(job, State.COMPLETED, result=result)

    async def cancelled(self, job: Job) -> None:
        """Record that it stopped because somebody asked for it."""
        await self._end(job, State.CANCELLED)

    async def give_back(self, job: Job) -> None:
        """Let another worker go on at once; nothing went wrong."""
        await self._put_back(job, error="")

    async def failed(self, job: Job, error: Exception) -> State:
        """Record what went wrong: it is tried again some time later, or is a dead letter."""
        words = words_of(error)
        if isinstance(error, FlowFailedError | InvalidError):
            await self._end(job, State.FAILED, error=words)
            return State.FAILED
        now = await self.look(job) or job
        if now.cancel_asked:
            await self.cancelled(job)
            return State.CANCELLED
        # What this turn got done counts: only turns in vain bring the end nearer.
        tries = now.tries
        if tries >= TRIES_MAX:
            await self._end(job, State.FAILED, error=_GAVE_UP.format(tries=tries, error=words))
            return State.FAILED
        await self._put_back(job, error=words, tries=tries)
        return State.QUEUED

    async def _end(self, job: Job, state: State, *, result: str = "", error: str = "") -> None:
        async with self._open_work() as work:
            work.jobs.finish(
                job.id,
                turn=job.turn,
                state=state,
                at=self._clock.now(),
                result=result,
                error=error[:ERROR_LENGTH_MAX],
            )
            await _commit(work)

    async def _put_back(self, job: Job, *, error: str, tries: int = 0) -> None:
        now = self._clock.now()
        due = now + retry_after(tries) if error else now
        async with self._open_work() as work:
            work.jobs.put_back(job.id, turn=job.turn, due_at=due, error=error[:ERROR_LENGTH_MAX])
            await _commit(work)

    async def _may_go_on(self, job: Job) -> bool:
        actor = actor_of(job)
        if actor.account_id is None:
            return True
        async with self._open_work() as work:
            account = await work.accounts.by_id(actor.account_id)
        return account is not None and account.is_active and (job.by_key or account.is_admin)


async def _commit(work: Work) -> None:
    """Commit, unless another worker has the job by now: then its word counts."""
    with suppress(DeniedError):
        await work.commit()


def actor_of(job: Job) -> Actor:
    """Return on whose behalf a job works, as services ask for them."""
    origin = Origin(job.address, job.dialect)
    made_by_us = operator(origin)
    if job.owner == made_by_us.name:
        return made_by_us
    if job.owner == HOUSE:
        return Actor(name=HOUSE, is_admin=True, origin=origin)
    return Actor(
        name=job.owner,
        is_admin=True,
        origin=origin,
        account_id=AccountId(job.owner),
        # Which key it was nobody asks; that it was one narrows what may be done.
        key_id=ApiKeyId(job.key) if job.by_key else None,
    )


def words_of(error: Exception) -> str:
    """Return what may be told of an error: our own words, or of a stranger's error its name."""
    if isinstance(error, CoreError | FlowFailedError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"{type(error).__name__}; the log of the worker says more."
