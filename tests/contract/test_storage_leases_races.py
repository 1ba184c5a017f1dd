"""A job is held by one worker, however many ask at once."""

import asyncio
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest

from contract.storages import DATABASE, Kind, opened
from contract.things import AT, DAY, SECOND
from parts.processes import beside, line_of, tell
from parts.storage_process import AT as THEIR_AT
from watchword.core.jobs.leases import LeaseDesk
from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Storage

MANY = [JobId(number) for number in range(1, 201)]
ONE = JobId(1)
LANES = (Lane.HEAVY, Lane.LIGHT)


async def claim_all(desk: LeaseDesk, holder: str) -> list[JobId]:
    claimed: list[JobId] = []
    while some := await desk.claim(holder, LANES, at=AT, until=AT + DAY, limit=3):
        claimed += some
    return claimed


async def test_four_workers_hold_each_job_once(storage: Storage) -> None:
    """All of them together every one; how many each of them gets is left to chance."""
    desk = storage.lease_desk
    await asyncio.gather(*(desk.put(one, LANES[one % 2], at=AT) for one in MANY))

    claimed = await asyncio.gather(*(claim_all(desk, f"worker {one}") for one in range(4)))

    assert sorted(chain(*claimed)) == MANY


async def test_of_twenty_workers_one_holds_a_job(storage: Storage) -> None:
    """When its lease is over, one of them holds it again."""
    desk = storage.lease_desk
    await desk.put(ONE, Lane.HEAVY, at=AT)
    for turn in range(10):
        at = AT + turn * SECOND

        claimed = await asyncio.gather(
            *(desk.claim(f"w{one}", LANES, at=at, until=at + SECOND, limit=5) for one in range(20))
        )

        assert sorted(len(some) for some in claimed) == [0] * 19 + [1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.POSTGRES])
async def test_four_processes_hold_each_job_once(
    kind: Kind, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """As four tasks of one do."""
    async with opened(kind, request, tmp_path) as storage:
        await asyncio.gather(*(storage.lease_desk.put(one, LANES[0], at=THEIR_AT) for one in MANY))
        target = str(tmp_path / "watchword.db")
        if kind is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url(DATABASE)
        with ExitStack() as stack:
            processes = [
                stack.enter_context(
                    beside("lease", target, str(tmp_path), f"w{one}", program="parts.jobs_process")
                )
                for one in range(4)
            ]
            for process in processes:
                assert await asyncio.to_thread(line_of, process) == "ready"
            for process in processes:
                tell(process, "go")
            said = [await asyncio.to_thread(line_of, process) for process in processes]
            codes = [await asyncio.to_thread(process.wait, 30) for process in processes]

    assert sorted(map(int, " ".join(said).split())) == MANY
    assert codes == [0] * 4


async def test_what_is_put_while_it_is_done_is_not_lost(database: Storage) -> None:
    """It waits afterwards, whoever comes first."""
    desk = database.lease_desk
    for _ in range(20):
        await desk.put(ONE, Lane.HEAVY, at=AT)
        assert await desk.claim("a", LANES, at=AT, until=AT + DAY, limit=1) == (ONE,)

        await asyncio.gather(
            *(desk.put(ONE, Lane.HEAVY, at=AT) for _ in range(3)),
            desk.done("a", ONE, at=AT),
            *(desk.put(ONE, Lane.HEAVY, at=AT) for _ in range(3)),
        )

        assert await desk.claim("b", LANES, at=AT, until=AT + DAY, limit=9) == (ONE,)
        await desk.done("b", ONE, at=AT)
        assert await desk.claim("b", LANES, at=AT + DAY, until=AT + 2 * DAY, limit=9) == ()


async def test_what_is_given_back_is_held_by_one(database: Storage) -> None:
    """While it is given back, others ask for it: one of them has it in the end."""
    desk = database.lease_desk
    await desk.put(ONE, Lane.HEAVY, at=AT)
    assert await desk.claim("gone", LANES, at=AT, until=AT + DAY, limit=1)
    for turn in range(20):
        before, after = ("gone", "next") if turn % 2 == 0 else ("next", "gone")

        given, claimed = await asyncio.gather(
            desk.give_back(before, None if turn % 3 else ONE, at=AT),
            asyncio.gather(
                *(desk.claim(after, LANES, at=AT, until=AT + DAY, limit=1) for _ in range(5))
            ),
        )
        claimed.append(await desk.claim(after, LANES, at=AT, until=AT + DAY, limit=1))

        assert given == 1
        assert sorted(len(some) for some in claimed) == [0] * 5 + [1]


async def test_who_beats_as_another_claims_has_the_job_or_has_it_not(database: Storage) -> None:
    """At one moment the lease is over for both, so the other has it; before, the first has."""
    desk = database.lease_desk
    await desk.put(ONE, Lane.HEAVY, at=AT)
    await desk.claim("w0", LANES, at=AT, until=AT + SECOND, limit=1)
    for turn in range(20):
        # On two clocks, one a little behind the other: the lease is over by one of them.
        at = AT + (turn + 1) * SECOND
        mine, others = f"w{turn}", f"w{turn + 1}"

        kept, claimed = await asyncio.gather(
            desk.beat(mine, at=at - SECOND / 2, until=at + SECOND),
            desk.claim(others, LANES, at=at, until=at + SECOND, limit=1),
        )

        assert sorted([*kept, *claimed]) == [ONE]
        if kept:
            assert await desk.give_back(mine, None, at=at) == 1
            assert await desk.claim(others, LANES, at=at, until=at + SECOND, limit=1) == (ONE,)


async def test_leases_move_in_many_ways_at_once_without_a_deadlock(database: Storage) -> None:
    """They are put, claimed, held, given back and done, and in the end each job is done once."""
    desk = database.lease_desk
    ended: list[JobId] = []

    async def work(holder: str) -> None:
        while some := await desk.claim(holder, LANES, at=AT, until=AT + DAY, limit=7):
            kept = await desk.beat(holder, at=AT, until=AT + DAY)
            assert set(some) <= set(kept)
            await desk.give_back(holder, some[-1], at=AT)
            for one in some[:-1]:
                await desk.done(holder, one, at=AT)
                ended.append(one)
            if len(some) == 1:
                return

    await asyncio.gather(*(desk.put(one, Lane.HEAVY, at=AT) for one in MANY))
    await asyncio.gather(*(work(f"w{one}") for one in range(4)))
    rest = await claim_all(desk, "last")

    assert sorted(ended + rest) == MANY
