"""What every keeper of jobs promises to those who work on them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from contract.things import AT, SECOND, account, commit
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
from watchword.core.kernel.errors import DeniedError, InvalidError
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Storage, Work


async def due(look: Work) -> list[int]:
    return [one.id for one in await look.jobs.unhanded(at=NOW, limit=9)]


async def test_a_job_is_begun_in_a_turn_of_its_own(storage: Storage, look: Work) -> None:
    """Each turn is one try more; when the first was is remembered."""
    await ask(storage)

    first = await begin(storage)
    second = await storage.job_desk.begin(ONE.id, at=NOW + SECOND)

    begun = replace(ONE, state=State.INITIALIZING, turn=1, tries=1, started_at=NOW, touched_at=NOW)
    assert first == begun
    assert second == replace(begun, turn=2, tries=2, touched_at=NOW + SECOND)
    assert await found(look) == second


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED])
async def test_what_is_over_is_not_begun(storage: Storage, look: Work, state: State) -> None:
    """It stays as it is."""
    over = replace(ONE, state=state, finished_at=AT, cancel_asked=True)
    await ask(storage, over)

    begun = await storage.job_desk.begin(ONE.id, at=NOW)

    assert begun is None
    assert await found(look) == over


async def test_who_began_a_job_has_it_from_the_queue(storage: Storage, look: Work) -> None:
    """It need not be handed over, whoever was about to say that it was."""
    await ask(storage)

    begun = await begin(storage)
    await commit(storage, handing_over(0))

    assert await due(look) == []
    assert await found(look) == begun


async def test_what_was_handed_over_waits_in_the_queue(storage: Storage, look: Work) -> None:
    """It is QUEUED, and is not handed over again; to say so twice changes nothing."""
    await ask(storage)
    assert await due(look) == [1]

    await commit(storage, handing_over(0))
    await commit(storage, handing_over(0), handing_over(3))

    assert await found(look) == replace(ONE, state=State.QUEUED)
    assert await due(look) == []


async def test_what_is_over_or_gone_is_not_handed_over(storage: Storage, look: Work) -> None:
    """Nothing is said, and nothing happens."""
    await commit(storage, handing_over(0))
    await ask(storage)
    await commit(storage, cancelling)

    await commit(storage, handing_over(0))

    assert (await found(look)).state is State.CANCELLED


async def test_progress_is_remembered(storage: Storage, look: Work) -> None:
    """The job is RUNNING, and what was tried in vain before is forgotten."""
    await ask(storage, replace(ONE, tries=4, error="the last time"))
    begun = await begin(storage)
    at = NOW + SECOND

    await commit(storage, lambda work: work.jobs.progress(ONE.id, turn=1, progress=SOME, at=at))

    assert begun.tries == 5
    assert begun.error == "the last time"
    assert await found(look) == replace(
        begun, state=State.RUNNING, progress=SOME, tries=0, error="", touched_at=at
    )


async def test_a_job_writes_in_pieces(storage: Storage, look: Work) -> None:
    """They are read in order, some at a time, after those that were had; the last type counts."""
    await ask(storage)
    texts = ["a", "", "Zoë 名前 𝄞\r\n", "d"]
    for turn, (one, two) in enumerate([texts[:2], texts[2:]], 1):
        await begin(storage)
        await commit(
            storage,
            lambda work: work.jobs.write(ONE.id, turn=turn, text=one, media="text/plain"),  # noqa: B023 - awaited in this round
            lambda work: work.jobs.write(ONE.id, turn=turn, text=two, media="text/csv"),  # noqa: B023 - awaited in this round
        )

    read = [
        list(await look.jobs.output(ONE.id, after=after, limit=limit))
        for after, limit in ((0, 9), (-1, 2), (1, 2), (3, 9), (4, 9), (2**70, 9), (0, 0), (0, -1))
    ]

    assert read == [texts, texts[:2], texts[1:3], texts[3:], [], [], [], []]
    one_job = await found(look)
    assert (one_job.pieces, one_job.media) == (4, "text/csv")
    assert await look.jobs.output(JobId(2), after=0, limit=9) == ()


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED])
async def test_a_turn_ends_the_job(storage: Storage, look: Work, state: State) -> None:
    """With what came of it, or what went wrong."""
    await ask(storage)
    begun = await begin(storage)
    at = NOW + SECOND

    await commit(
        storage,
        lambda work: work.jobs.finish(
            ONE.id, turn=1, state=state, at=at, result='{"a":1}', error="Zoë"
        ),
    )

    assert await found(look) == replace(
        begun, state=state, result='{"a":1}', error="Zoë", touched_at=at, finished_at=at
    )
    assert await due(look) == []
    assert not await look.jobs.is_active(ONE.flow)


async def test_a_turn_that_failed_leads_to_another_later(storage: Storage, look: Work) -> None:
    """It counts as a try. The queue does not have the job until it is handed over again."""
    await ask(storage)
    await begin(storage)
    later = NOW + SECOND

    await commit(
        storage,
        lambda work: work.jobs.put_back(ONE.id, turn=1, due_at=later, error="It rained."),
    )

    waits = await found(look)
    assert (waits.state, waits.error, waits.due_at) == (State.QUEUED, "It rained.", later)
    assert (waits.turn, waits.tries, waits.finished_at) == (1, 1, None)
    assert await due(look) == []
    assert await look.jobs.unhanded(at=later, limit=9) == (waits,)


@pytest.mark.parametrize("tries", [0, 1, 4])
async def test_a_turn_that_was_only_given_up_is_no_try(
    storage: Storage, look: Work, tries: int
) -> None:
    """The one who had it goes away, and nothing went wrong; of no tries none is given back."""
    await ask(storage, replace(ONE, tries=tries, error="before"))
    begun = await begin(storage)

    await commit(storage, lambda work: work.jobs.put_back(ONE.id, turn=1, due_at=NOW, error=""))
    again = await begin(storage)
    await commit(
        storage,
        lambda work: work.jobs.progress(ONE.id, turn=2, progress=SOME, at=NOW),
        lambda work: work.jobs.put_back(ONE.id, turn=2, due_at=NOW, error=""),
    )

    assert begun.tries == again.tries == tries + 1
    assert again.error == ""
    assert (await found(look)).tries == 0
    assert await due(look) == [1]


@pytest.mark.parametrize(
    "write", [progress, writing, putting_back, ending], ids=lambda write: write.__name__
)
@pytest.mark.parametrize("before", ["another turn", "over", "gone", "started again"])
async def test_who_has_the_job_no_more_can_write_nothing(
    storage: Storage, look: Work, write: Callable[[int], Record], before: str
) -> None:
    """Nor anything else in the same commit, whether it was recorded before or after."""
    if before != "gone":
        await ask(storage)
        await begin(storage)
    if before == "another turn":
        await begin(storage)
    if before in ("over", "started again"):
        await commit(storage, ending(1, State.FAILED))
    if before == "started again":
        await commit(storage, restarting)
    was = await look.jobs.by_id(ONE.id)

    with pytest.raises(DeniedError):
        await commit(
            storage,
            lambda work: work.accounts.add(account("Ada")),
            write(1),
            lambda work: work.accounts.add(account("Bob")),
        )

    assert await look.jobs.by_id(ONE.id) == was
    assert await look.jobs.output(ONE.id, after=0, limit=9) == ()
    assert await look.accounts.count() == 0


async def test_what_is_recorded_after_the_end_is_refused(storage: Storage, look: Work) -> None:
    """In the same commit too, and then the job is not over."""
    await ask(storage)
    begun = await begin(storage)

    with pytest.raises(DeniedError):
        await commit(storage, writing(1), ending(1), writing(1))

    assert await found(look) == begun


async def test_a_commit_holds_all_that_a_turn_did(storage: Storage, look: Work) -> None:
    """Accounts, pieces, progress and the end."""
    await ask(storage)
    await begin(storage)

    await commit(
        storage,
        lambda work: work.accounts.add(account("Ada")),
        writing(1),
        writing(1),
        progress(1),
        ending(1),
    )

    one_job = await found(look)
    assert (one_job.state, one_job.progress, one_job.pieces) == (State.COMPLETED, SOME, 2)
    assert await look.jobs.output(ONE.id, after=0, limit=9) == ("text", "text")
    assert await look.accounts.count() == 1


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_text_that_no_database_can_keep_is_refused(storage: Storage, text: str) -> None:
    """At once, wherever a worker may write it."""
    bad = replace(SOME, checkpoint=text)
    records: tuple[Record, ...] = (
        lambda work: work.jobs.write(ONE.id, turn=1, text=text, media=""),
        lambda work: work.jobs.write(ONE.id, turn=1, text="", media=text),
        lambda work: work.jobs.progress(ONE.id, turn=1, progress=bad, at=AT),
        lambda work: work.jobs.put_back(ONE.id, turn=1, due_at=AT, error=text),
        lambda work: work.jobs.finish(ONE.id, turn=1, state=State.FAILED, at=AT, error=text),
    )
    for record in records:
        with pytest.raises(InvalidError):
            await commit(storage, record)
