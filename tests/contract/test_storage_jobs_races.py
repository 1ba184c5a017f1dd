"""What must hold of jobs when many come at once, on each real database."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from contract.things import AT, DAY, commit, job, together
from contract.turns import NOW, ONE, ask, begin, cancelling, ending, handing_over, restarting
from parts.jobs_process import step
from watchword.core.jobs.model import Job, Progress, State
from watchword.core.kernel.errors import ConflictError, DeniedError
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Storage
from watchword.storage.work import SqlStorage

ROUNDS = 20


async def refusals(*attempts: Coroutine[Any, Any, None]) -> list[str]:
    """Run all at once, and return the fields of those that were refused; nothing else may be."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert all(isinstance(one, ConflictError) for one in refused), refused
    return [one.field for one in refused if isinstance(one, ConflictError)]


async def stored(database: Storage, job_id: JobId = ONE.id) -> Job:
    async with database.open_work() as work:
        found = await work.jobs.by_id(job_id)
    assert found is not None
    return found


async def test_forty_at_once_get_a_number_each(database: Storage) -> None:
    """No two of them the same one."""
    numbers = await asyncio.gather(*(database.job_desk.number() for _ in range(40)))

    assert len(set(numbers)) == 40


async def test_of_ten_that_run_alone_one_is_added(database: Storage) -> None:
    """The others are told that the flow is busy."""
    for number in range(ROUNDS):
        jobs = [job(10 * number + one, runs_alone=True, flow=f"f{number}") for one in range(10)]

        fields = await refusals(*(ask(database, one) for one in jobs))

        assert fields == ["flow"] * 9


async def test_of_ten_with_one_key_one_is_added(database: Storage) -> None:
    """The others are told of the key, also where the flow is busy by then."""
    for number in range(ROUNDS):
        jobs = [
            job(10 * number + one, key=f"k{number}", flow=f"f{number}", runs_alone=bool(number % 2))
            for one in range(10)
        ]

        fields = await refusals(*(ask(database, one) for one in jobs))

        assert fields == ["key"] * 9


async def test_of_those_started_again_and_anew_one_is_active(database: Storage) -> None:
    """However they come, a flow that runs alone has one job that is not over."""
    dead = [job(n, runs_alone=True, state=State.FAILED, finished_at=AT) for n in range(1, 6)]
    for one in dead:
        await ask(database, one)
    for number in range(ROUNDS):
        fields = await refusals(
            *(_restart(database, one.id) for one in dead[1:]),
            ask(database, job(100 + number, runs_alone=True)),
            _restart(database, dead[0].id),
        )

        assert fields == ["flow"] * 5
        async with database.open_work() as work:
            active = await work.jobs.unhanded(at=NOW, limit=9)
        assert len(active) == 1
        await database.job_desk.begin(active[0].id, at=NOW)
        turn = active[0].turn + 1
        await commit(
            database,
            lambda work: work.jobs.finish(active[0].id, turn=turn, state=State.FAILED, at=AT),  # noqa: B023 - awaited in this round
        )


async def test_twenty_begin_twenty_turns(database: Storage) -> None:
    """Each has a turn of its own, and only the last of them can write."""
    await ask(database)

    begun = await asyncio.gather(*(begin(database) for _ in range(20)))
    denied = await together(*(commit(database, ending(one.turn)) for one in begun))

    assert sorted(one.turn for one in begun) == list(range(1, 21))
    last = [one.turn for one in begun].index(20)
    assert denied == [None if one == last else DeniedError for one in range(20)]


async def test_what_a_turn_did_is_seen_by_the_next_or_was_not_done(database: SqlStorage) -> None:
    """Whoever begins while another commits goes on after that commit, or that one fails whole."""
    await ask(database)
    held = await begin(database)
    done = 0
    for _ in range(ROUNDS):
        (denied,), held = await asyncio.gather(
            together(step(database, held, done + 1)), begin(database)
        )

        done += denied is None
        assert held.progress.done == held.pieces == done
        async with database.open_work() as work:
            assert await work.accounts.count() == done
            assert len(await work.jobs.output(ONE.id, after=0, limit=100)) == done


async def test_four_workers_who_take_a_job_from_each_other_do_each_step_once(
    database: SqlStorage,
) -> None:
    """Whoever is refused begins again from where the others were, until all is done."""
    await ask(database)

    await asyncio.gather(*(_work(database, steps=40) for _ in range(4)))

    async with database.open_work() as work:
        pieces = await work.jobs.output(ONE.id, after=0, limit=100)
        assert await work.accounts.count() == 40
    turns, steps = zip(*(map(int, piece.split(":")) for piece in pieces), strict=True)
    assert steps == tuple(range(1, 41))
    assert list(turns) == sorted(turns)
    assert (await stored(database)).state is State.COMPLETED


async def _work(database: SqlStorage, *, steps: int) -> None:
    while held := await database.job_desk.begin(ONE.id, at=NOW):
        done = held.progress.done
        try:
            while done < steps:
                done += 1
                await step(database, held, done)
                if done % 7 == 0:
                    break  # Another turn of our own, and of the others'.
            else:
                await commit(database, ending(held.turn))
        except DeniedError:
            await asyncio.sleep(0)


async def test_who_cancels_while_another_begins_stops_it(database: Storage) -> None:
    """It is over, or its worker is asked to stop; never is it begun as if nobody had."""
    for number in range(1, ROUNDS + 1):
        one = job(number)
        await ask(database, one)

        _, begun = await asyncio.gather(
            commit(database, lambda work: work.jobs.cancel(one.id, at=NOW)),  # noqa: B023 - awaited in this round
            database.job_desk.begin(one.id, at=NOW),
        )

        now = await stored(database, one.id)
        if begun is None:
            assert now.state is State.CANCELLED
        else:
            assert (now.state, now.cancel_asked) == (State.INITIALIZING, True)


async def test_who_cancels_while_another_ends_it_comes_first_or_too_late(
    database: Storage,
) -> None:
    """The job is over in any case, with one end."""
    for number in range(1, ROUNDS + 1):
        one = replace(ONE, id=JobId(number), key=f"k{number}")
        await ask(database, one)
        await database.job_desk.begin(one.id, at=NOW)

        denied = await together(
            commit(database, lambda work: work.jobs.cancel(one.id, at=NOW)),  # noqa: B023 - awaited in this round
            commit(
                database,
                lambda work: work.jobs.finish(one.id, turn=1, state=State.COMPLETED, at=NOW),  # noqa: B023 - awaited in this round
            ),
        )

        assert denied[0] in (None, DeniedError)
        assert denied[1] is None
        assert (await stored(database, one.id)).state is State.COMPLETED


async def test_jobs_move_in_many_ways_at_once_without_a_deadlock(database: Storage) -> None:
    """They are added, handed over, begun, ended, started again and removed."""
    for number in range(1, 31):
        await ask(database, job(number))

    outcomes = await asyncio.gather(
        *(_live(database, JobId(number)) for number in range(1, 31)),
        *(
            ask(database, job(number, runs_alone=True, flow=f"{number}"))
            for number in range(31, 51)
        ),
        *(_hand_over(database, backwards=turn % 2 == 1) for turn in range(6)),
        *(_purge(database) for _ in range(6)),
        return_exceptions=True,
    )

    assert set(outcomes) == {None}
    await _purge(database)
    async with database.open_work() as work:
        assert await work.jobs.count_active() == 20
        assert len((await work.jobs.page(limit=100)).items) == 20


async def _live(database: Storage, job_id: JobId) -> None:
    for turn in (1, 2):
        await database.job_desk.begin(job_id, at=AT)
        await _give_back(database, job_id, turn)
    await commit(database, lambda work: work.jobs.cancel(job_id, at=AT))


async def _give_back(database: Storage, job_id: JobId, turn: int) -> None:
    done = Progress(done=turn)
    await commit(
        database,
        lambda work: work.jobs.progress(job_id, turn=turn, progress=done, at=AT),
        lambda work: work.jobs.put_back(job_id, turn=turn, due_at=AT, error=""),
    )


async def _hand_over(database: Storage, *, backwards: bool) -> None:
    async with database.open_work() as work:
        due = await work.jobs.unhanded(at=AT, limit=100)
        for one in due[::-1] if backwards else due:
            work.jobs.handed_over(one.id, turn=one.turn)
        await work.commit()


async def _restart(database: Storage, job_id: JobId) -> None:
    await commit(database, lambda work: work.jobs.restart(job_id, at=AT))


async def _purge(database: Storage) -> None:
    await commit(database, lambda work: work.jobs.purge(before=AT + DAY, limit=100))


async def test_started_again_while_it_is_removed_it_stays_or_is_gone(database: Storage) -> None:
    """Never is it removed once it was said that it goes on."""
    for number in range(1, ROUNDS + 1):
        one = job(number, state=State.FAILED, finished_at=AT)
        await ask(database, one)

        outcomes = await asyncio.gather(
            _purge(database),
            _restart(database, one.id),
            _purge(database),
            return_exceptions=True,
        )

        async with database.open_work() as work:
            assert (await work.jobs.by_id(one.id) is not None) == (outcomes[1] is None)


async def test_what_one_hands_over_while_it_is_started_again_is_handed_over_again(
    database: Storage,
) -> None:
    """Who speaks of what was before is not believed, whoever comes first."""
    await ask(database)
    for _ in range(ROUNDS):
        seen = await stored(database)
        await commit(database, cancelling)

        await together(commit(database, handing_over(seen.turn)), commit(database, restarting))

        async with database.open_work() as work:
            assert [one.id for one in await work.jobs.unhanded(at=NOW, limit=9)] == [1]
