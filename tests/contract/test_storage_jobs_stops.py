"""What every keeper of jobs promises to those who stop them, and start them again."""

from dataclasses import replace

import pytest

from contract.things import AT, SECOND, account, commit, job
from contract.turns import (
    NOW,
    ONE,
    SOME,
    Record,
    ask,
    begin,
    cancelling,
    ending,
    found,
    handing_over,
    progress,
    putting_back,
    restarting,
    writing,
)
from watchword.core.jobs.model import State
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Storage, Work

STOPPED = [State.FAILED, State.CANCELLED]


async def end(storage: Storage, state: State) -> None:
    """Have a job that was begun once and is over."""
    await ask(storage)
    await begin(storage)
    await commit(storage, ending(1, state))


async def test_a_job_that_nobody_has_begun_is_cancelled_at_once(
    storage: Storage, look: Work
) -> None:
    """The queue may have it; then nobody begins it."""
    await ask(storage)
    await commit(storage, handing_over(0))

    await commit(storage, cancelling)

    assert await found(look) == replace(ONE, state=State.CANCELLED, finished_at=NOW)
    assert await storage.job_desk.begin(ONE.id, at=NOW) is None
    assert not await look.jobs.is_active(ONE.flow)


async def test_a_job_that_waits_for_another_turn_is_cancelled_at_once(
    storage: Storage, look: Work
) -> None:
    """It is not handed over again."""
    await ask(storage)
    await begin(storage)
    await commit(storage, putting_back(1))

    await commit(storage, cancelling)

    over = await found(look)
    assert (over.state, over.finished_at, over.cancel_asked) == (State.CANCELLED, NOW, False)
    assert await look.jobs.unhanded(at=NOW, limit=9) == ()


@pytest.mark.parametrize("state", [State.INITIALIZING, State.RUNNING])
async def test_a_worker_is_asked_to_stop(storage: Storage, look: Work, state: State) -> None:
    """It has the job still, and can write. To ask twice changes nothing."""
    await ask(storage)
    begun = await begin(storage)
    if state is State.RUNNING:
        await commit(storage, progress(1))
        begun = await found(look)

    await commit(storage, cancelling)
    await commit(storage, cancelling)

    assert await found(look) == replace(begun, state=state, cancel_asked=True)
    await commit(storage, progress(1), writing(1), ending(1, State.CANCELLED))
    assert (await found(look)).state is State.CANCELLED


async def test_a_job_whose_worker_died_before_it_stopped_is_cancelled(
    storage: Storage, look: Work
) -> None:
    """Nobody else begins it."""
    await ask(storage)
    begun = await begin(storage)
    await commit(storage, cancelling)

    again = await storage.job_desk.begin(ONE.id, at=NOW + SECOND)

    assert again is None
    assert await found(look) == replace(
        begun, state=State.CANCELLED, cancel_asked=True, finished_at=NOW + SECOND
    )


@pytest.mark.parametrize("number", [1, 0, -1, 2**63, 2**70])
async def test_what_is_gone_is_not_found(storage: Storage, look: Work, number: int) -> None:
    """And nothing of the commit happens."""
    records: tuple[Record, ...] = (
        lambda work: work.jobs.cancel(JobId(number), at=NOW),
        lambda work: work.jobs.restart(JobId(number), at=NOW),
    )
    for record in records:
        with pytest.raises(NotFoundError):
            await commit(storage, lambda work: work.accounts.add(account("Ada")), record)

    assert await look.accounts.count() == 0


@pytest.mark.parametrize("state", [State.COMPLETED, *STOPPED])
async def test_what_is_over_cannot_be_cancelled(storage: Storage, look: Work, state: State) -> None:
    """It stays what it was."""
    await end(storage, state)
    was = await found(look)

    with pytest.raises(DeniedError):
        await commit(storage, cancelling)

    assert await found(look) == was


@pytest.mark.parametrize("state", STOPPED)
async def test_a_job_goes_on_from_where_it_stopped(
    storage: Storage, look: Work, state: State
) -> None:
    """With what it did and wrote; what went wrong is forgotten. The queue is to have it now."""
    await ask(storage)
    await begin(storage)
    await commit(
        storage,
        writing(1),
        progress(1),
        lambda work: work.jobs.finish(
            ONE.id, turn=1, state=state, at=NOW, result='{"a":1}', error="It rained."
        ),
    )
    was = await found(look)
    later = NOW + SECOND

    await commit(storage, lambda work: work.jobs.restart(ONE.id, at=later))

    waits = await found(look)
    assert waits == replace(
        was,
        state=State.QUEUED,
        due_at=later,
        turn=waits.turn,
        error="",
        result="",
        finished_at=None,
    )
    assert await look.jobs.unhanded(at=NOW, limit=9) == ()
    assert await look.jobs.unhanded(at=later, limit=9) == (waits,)
    assert await look.jobs.output(ONE.id, after=0, limit=9) == ("text",)
    again = await begin(storage)
    assert (again.tries, again.progress, again.cancel_asked) == (1, SOME, False)


async def test_a_job_that_was_to_stop_goes_on_when_it_is_started_again(
    storage: Storage, look: Work
) -> None:
    """Its first cancelling counts no more."""
    await ask(storage)
    await begin(storage)
    await commit(storage, cancelling)
    assert await storage.job_desk.begin(ONE.id, at=NOW) is None

    await commit(storage, restarting)

    assert (await begin(storage)).state is State.INITIALIZING
    assert (await found(look)).cancel_asked is False


async def test_what_was_said_before_a_job_was_started_again_counts_no_more(
    storage: Storage, look: Work
) -> None:
    """Else the queue would be said to have what it has dropped, for the job was over."""
    await ask(storage)
    seen = (await look.jobs.unhanded(at=NOW, limit=9))[0]
    await commit(storage, cancelling)
    await commit(storage, restarting)

    await commit(storage, handing_over(seen.turn))

    assert [one.id for one in await look.jobs.unhanded(at=NOW, limit=9)] == [1]


@pytest.mark.parametrize("prepare", [[], [handing_over(0)]], ids=["new", "queued"])
async def test_what_is_not_over_cannot_be_started_again(
    storage: Storage, look: Work, prepare: list[Record]
) -> None:
    """Nor while somebody works on it."""
    await ask(storage)
    await commit(storage, *prepare)

    with pytest.raises(DeniedError):
        await commit(storage, restarting)
    begun = await begin(storage)
    with pytest.raises(DeniedError):
        await commit(storage, restarting)

    assert await found(look) == begun


async def test_what_is_done_cannot_be_started_again(storage: Storage, look: Work) -> None:
    """It stays COMPLETED."""
    await end(storage, State.COMPLETED)

    with pytest.raises(DeniedError):
        await commit(storage, restarting)

    assert (await found(look)).state is State.COMPLETED


@pytest.mark.parametrize("state", STOPPED)
async def test_a_flow_that_runs_alone_is_not_started_again_beside_another(
    storage: Storage, look: Work, state: State
) -> None:
    """Until that one is over."""
    await ask(storage, replace(ONE, runs_alone=True, state=state, finished_at=AT))
    await ask(storage, job(2, runs_alone=True))

    with pytest.raises(ConflictError) as refused:
        await commit(storage, restarting)
    await commit(storage, lambda work: work.jobs.cancel(JobId(2), at=NOW))
    await commit(storage, restarting)

    assert refused.value.field == "flow"
    assert (await found(look)).state is State.QUEUED


async def test_a_flow_that_runs_beside_others_is_started_again(
    storage: Storage, look: Work
) -> None:
    """However many of it are active."""
    await ask(storage, replace(ONE, state=State.FAILED, finished_at=AT))
    await ask(storage, job(2))

    await commit(storage, restarting)

    assert (await found(look)).state is State.QUEUED
