"""Turns of a job: who has it, what is tried again, and when it is given up."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from unit.core.conftest import HERE, OPERATOR, House
from unit.core.test_jobs import OF_HOUSE, admin, begin, key_of, start
from watchword.core.accounts.model import Role
from watchword.core.jobs.model import (
    RETRY_LONGEST,
    TRIES_MAX,
    Job,
    Lane,
    Progress,
    State,
    retry_after,
)
from watchword.core.kernel.errors import DeniedError, UnavailableError
from watchword.core.kernel.ids import JobId
from watchword.core.services.jobruns import FlowFailedError, actor_of, words_of


@dataclass
class ListQueue:
    """Remembers what was put into it; answers only while it is up."""

    jobs: list[tuple[JobId, Lane]] = field(default_factory=list)
    is_up: bool = True

    async def put(self, job_id: JobId, lane: Lane) -> None:
        if not self.is_up:
            raise UnavailableError
        self.jobs.append((job_id, lane))

    async def work(self, *_: object, **__: object) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        return


async def state_of(house: House, job: Job) -> Job:
    found = await house.services.jobs.find(OPERATOR, job.id)
    assert found is not None
    return found


async def get_on(house: House, job: Job, done: int) -> None:
    async with house.storage.open_work() as work:
        work.jobs.progress(
            job.id,
            turn=job.turn,
            progress=Progress(done=done, checkpoint=str(done)),
            at=house.clock.now(),
        )
        await work.commit()


async def test_a_job_is_handed_over_once(house: House) -> None:
    """It is queued then; the next look finds nothing."""
    queue = ListQueue()
    job = await start(house)

    handed = [await house.services.job_runs.hand_over(queue) for _ in range(3)]

    assert handed == [1, 0, 0]
    assert queue.jobs == [(job.id, Lane.HEAVY)]
    assert (await state_of(house, job)).state is State.QUEUED


async def test_what_was_missed_is_handed_over_later(house: House) -> None:
    """A queue that does not answer loses nothing."""
    queue = ListQueue(is_up=False)
    await start(house)
    with pytest.raises(UnavailableError):
        await house.services.job_runs.hand_over(queue)
    queue.is_up = True

    assert await house.services.job_runs.hand_over(queue) == 1


async def test_a_job_that_was_begun_before_it_was_marked_stays_begun(house: House) -> None:
    """The worker may be quicker than who hands it over."""

    class Quick(ListQueue):
        async def put(self, job_id: JobId, lane: Lane) -> None:
            await super().put(job_id, lane)
            await house.services.job_runs.begin(job_id)

    queue = Quick()
    job = await start(house)

    await house.services.job_runs.hand_over(queue)
    await house.services.job_runs.hand_over(queue)

    assert len(queue.jobs) == 1
    assert (await state_of(house, job)).state is State.INITIALIZING


async def test_a_job_that_was_taken_over_writes_nothing_more(house: House) -> None:
    """Neither progress nor output nor its end: the other worker's word counts."""
    old = await begin(house, await start(house))
    new = await begin(house, old)

    with pytest.raises(DeniedError):
        await get_on(house, old, 5)
    await house.services.job_runs.complete(old, '{"by":"old"}')
    await house.services.job_runs.give_back(old)
    await house.services.job_runs.failed(old, FlowFailedError("old"))
    await house.services.job_runs.cancelled(old)
    after = await state_of(house, new)

    assert (after.state, after.turn, after.result, after.error) == (State.INITIALIZING, 2, "", "")
    assert await house.services.job_runs.look(old) is None
    assert await house.services.job_runs.look(new) is not None


async def test_of_many_workers_one_has_the_job(house: House) -> None:
    """Each begin is a turn of its own; only the last may write."""
    job = await start(house)
    turns = await asyncio.gather(*(house.services.job_runs.begin(job.id) for _ in range(TRIES_MAX)))

    looks = [await house.services.job_runs.look(turn) for turn in turns if turn is not None]

    assert len(looks) == TRIES_MAX
    assert len([one for one in looks if one is not None]) == 1


async def test_what_goes_wrong_is_tried_again_later(house: House) -> None:
    """Longer and longer apart; then it is a dead letter that says why."""
    queue, job = ListQueue(), await start(house)
    waits: list[timedelta] = []
    states: list[State] = []
    for _ in range(TRIES_MAX):
        await house.services.job_runs.hand_over(queue)
        begun = await begin(house, job)
        states.append(await house.services.job_runs.failed(begun, UnavailableError()))
        waits.append((await state_of(house, job)).due_at - house.clock.now())
        house.clock.advance(RETRY_LONGEST)

    dead = await state_of(house, job)

    assert states == [State.QUEUED] * (TRIES_MAX - 1) + [State.FAILED]
    assert waits[: TRIES_MAX - 1] == [timedelta(seconds=2**n) for n in range(1, TRIES_MAX)]
    assert dead.state is State.FAILED
    assert str(TRIES_MAX) in dead.error
    assert str(UnavailableError()) in dead.error


async def test_a_job_is_not_handed_over_before_its_time(house: House) -> None:
    """Not while it waits for another try."""
    queue, job = ListQueue(), await start(house)
    await house.services.job_runs.failed(await begin(house, job), OSError(28, "disk full"))

    too_early = await house.services.job_runs.hand_over(queue)
    house.clock.advance(RETRY_LONGEST)

    assert (too_early, await house.services.job_runs.hand_over(queue)) == (0, 1)


async def test_who_gets_on_is_not_given_up(house: House) -> None:
    """Only tries in vain are counted, however often workers die."""
    job = await start(house)

    for turn in range(3 * TRIES_MAX):
        await get_on(house, await begin(house, job), turn)

    assert (await begin(house, job)).state is State.INITIALIZING


async def test_who_only_tells_how_far_it_is_does_not_get_on(house: House) -> None:
    """What has no checkpoint begins anew each time, and is given up as anything else."""
    job = await start(house)
    for turn in range(TRIES_MAX):
        begun = await begin(house, job)
        async with house.storage.open_work() as work:
            far = Progress(done=turn)
            work.jobs.progress(job.id, turn=begun.turn, progress=far, at=house.clock.now())
            await work.commit()

    assert (await begin(house, job)).state is State.FAILED


async def test_a_job_that_was_to_be_cancelled_is_not_tried_again(house: House) -> None:
    """Whatever went wrong in the moment before it heard of it."""
    begun = await begin(house, await start(house))
    await house.services.jobs.cancel(OPERATOR, begun.id)

    state = await house.services.job_runs.failed(begun, UnavailableError())

    assert state is (await state_of(house, begun)).state is State.CANCELLED


async def test_a_job_that_kills_its_workers_is_given_up(house: House) -> None:
    """Without a word from any of them."""
    job = await start(house)
    begun = [await house.services.job_runs.begin(job.id) for _ in range(TRIES_MAX + 1)]

    states = [one and one.state for one in begun]
    assert states == [State.INITIALIZING] * TRIES_MAX + [State.FAILED]
    assert (await state_of(house, job)).state is State.FAILED


async def test_a_worker_that_ends_in_order_costs_no_try(house: House) -> None:
    """The job waits for the next, at once."""
    job = await start(house)

    for _ in range(3 * TRIES_MAX):
        await house.services.job_runs.give_back(await begin(house, job))

    after = await state_of(house, job)
    assert (after.state, after.tries, after.due_at) == (State.QUEUED, 0, house.clock.now())


async def test_what_can_never_work_is_not_tried_again(house: House) -> None:
    """The flow says so."""
    begun = await begin(house, await start(house))

    state = await house.services.job_runs.failed(begun, FlowFailedError("There is no such file."))
    after = await state_of(house, begun)

    assert state is after.state is State.FAILED
    assert after.error == "There is no such file."


async def test_who_lost_the_right_has_lost_their_jobs(house: House) -> None:
    """An admin who is none any more, or whose account is disabled or gone."""
    accounts = house.services.accounts
    await house.add("keeper", role=Role.ADMIN)
    people = [await admin(house, f"root{number}") for number in range(3)]
    jobs = [await start(house, one) for one in people]
    demoted, disabled, deleted = (one.account_id for one in people)
    assert demoted
    assert disabled
    assert deleted
    await accounts.change(OPERATOR, demoted, role=Role.USER)
    await accounts.change(OPERATOR, disabled, active=False)
    await accounts.delete(OPERATOR, deleted)

    begun = [await house.services.job_runs.begin(job.id) for job in jobs]

    assert {one.state for one in begun if one} == {State.FAILED}
    assert {(await state_of(house, job)).state for job in jobs} == {State.FAILED}


async def test_on_whose_behalf_a_job_works(house: House) -> None:
    """As who started it; what came with a key stays with what keys may do."""
    await house.add("ada")
    root = await admin(house)
    of_root = actor_of(await start(house, root))
    of_key = actor_of(await start(house, await key_of(house, "ada")))
    ours = await house.services.jobs.start_for_house("toy.count", key="x", actor=OF_HOUSE)
    assert ours is not None

    assert actor_of(await start(house, OPERATOR)) == OPERATOR
    assert (of_root.account_id, of_root.is_admin, of_root.key_id) == (root.account_id, True, None)
    assert of_root.origin == HERE
    assert of_key.key_id is not None
    assert (actor_of(ours).account_id, actor_of(ours).is_admin) == (None, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnavailableError("No disk."), "No disk."),
        (OSError(28, "No space left on device", "/secret/name"), "No space left on device."),
        (ValueError("hunter2"), "ValueError; the log of the worker says more."),
    ],
)
def test_what_is_told_of_an_error(error: Exception, words: str) -> None:
    """Our own words; of a stranger's error never its text, which may hold anything."""
    assert words_of(error) == words


def test_waits_grow_to_a_limit() -> None:
    """Whatever the number of tries."""
    waits = [retry_after(tries) for tries in (-1, 0, 1, 2, 3, 1000)]

    assert [wait.total_seconds() for wait in waits] == [2, 2, 2, 4, 8, 300]
