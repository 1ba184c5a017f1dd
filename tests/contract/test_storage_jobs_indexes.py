"""Jobs and leases are found by an index, however many there are, on each real database."""

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from contract.plans import know_the_rows, numbers, plan, run, slow_ones, told_engine
from contract.things import AT, DAY, commit, job
from watchword.core.jobs.model import Lane, Progress, State
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Storage
from watchword.storage.moments import stored
from watchword.storage.work import SqlStorage

LANES = (Lane.LIGHT, Lane.HEAVY)


async def find_jobs(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.jobs.by_id(JobId(7))
        await work.jobs.by_key("owner 1", "k7")
        await work.jobs.output(JobId(7), after=1, limit=9)


async def list_jobs(storage: Storage) -> None:
    async with storage.open_work() as work:
        for owner, flow, state in product(
            (None, "owner 7"), (None, "flow 7"), (None, State.FAILED, State.RUNNING)
        ):
            page = await work.jobs.page(owner=owner, flow=flow, state=state, limit=5)
            await work.jobs.page(owner=owner, flow=flow, state=state, after=page.next, limit=5)


async def poll_jobs(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.jobs.unhanded(at=AT, limit=100)
        await work.jobs.is_active("flow 7")
        for lane, owner in product((None, Lane.LIGHT), (None, "owner 7")):
            await work.jobs.count_active(lane, owner=owner)


async def change_jobs(storage: Storage) -> None:
    one, other = job(900_001), job(900_002, runs_alone=True, flow="alone")
    await commit(
        storage, lambda work: work.jobs.add(one), lambda work: work.jobs.handed_over(one.id, turn=0)
    )
    await storage.job_desk.begin(one.id, at=AT)
    await commit(
        storage,
        lambda work: work.jobs.add(other),
        lambda work: work.jobs.cancel(other.id, at=AT),
        lambda work: work.jobs.restart(other.id, at=AT),
        lambda work: work.jobs.progress(one.id, turn=1, progress=Progress(), at=AT),
        lambda work: work.jobs.write(one.id, turn=1, text="a", media="text/plain"),
        lambda work: work.jobs.put_back(one.id, turn=1, due_at=AT, error=""),
        lambda work: work.jobs.finish(one.id, turn=1, state=State.FAILED, at=AT),
        lambda work: work.jobs.purge(before=AT + DAY, limit=9),
        lambda work: work.jobs.purge(before=AT + DAY, completed_of="owner 7", limit=9),
    )


async def lease_jobs(storage: Storage) -> None:
    desk = storage.lease_desk
    await desk.put(JobId(7), Lane.LIGHT, at=AT)
    await desk.claim("me", LANES, at=AT, until=AT + DAY, limit=3)
    await desk.beat("me", at=AT, until=AT + DAY)
    await desk.give_back("me", JobId(7), at=AT)
    await desk.done("me", JobId(8), at=AT)
    await desk.give_back("me", None, at=AT)


@pytest.mark.parametrize("use", [find_jobs, list_jobs, poll_jobs, change_jobs, lease_jobs])
async def test_no_statement_reads_a_whole_table(
    database: SqlStorage, use: Callable[[Storage], Awaitable[None]]
) -> None:
    """Nor does it sort what it found: the index has the order, too."""
    await _fill(database)
    engine = told_engine(database)

    await use(SqlStorage(engine))

    assert engine.told
    assert await slow_ones(engine, "jobs", "job_output", "job_leases") == {}


async def test_what_is_asked_every_second_looks_at_what_is_not_over(database: SqlStorage) -> None:
    """However many jobs of the same flow, lane or owner there were."""
    await _fill(database)
    engine = told_engine(database)

    await poll_jobs(SqlStorage(engine))

    plans = {sql: await plan(engine, sql, values) for sql, values in list(engine.told)}
    assert len(plans) == 6
    assert {sql: one for sql, one in plans.items() if "jobs_active" not in one} == {}


async def _fill(database: SqlStorage) -> None:
    """Keep many jobs of which few are not over, and leases of which most are with somebody."""
    engine, at = told_engine(database), stored(AT)
    table = numbers(engine)
    await run(
        engine,
        "INSERT INTO jobs (id, flow, parameters, owner, key, created_at, due_at, lane, needs,"  # noqa: S608 - numbers of ours
        " by_key, runs_alone, address, dialect, state, done, counts, note, checkpoint, turn,"
        " tries, pieces, media, cancel_asked, error, result, finished_at, handed)"
        f" SELECT n, 'flow ' || n % 11, '', 'owner ' || n % 13, 'k' || n, {at}, {at} + n,"
        " CASE n % 2 WHEN 0 THEN 'light' ELSE 'heavy' END, 'runner', 0, 0, '', '',"
        " CASE n % 50 WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' ELSE 'completed' END,"
        " 0, '{}', '', '', 1, 1, 1, '', 0, '', '',"
        f" CASE n % 50 WHEN 0 THEN NULL ELSE {at} + n END, n % 3 FROM {table}",
    )
    await run(
        engine,
        f"INSERT INTO job_output (job_id, piece, text) SELECT n, 1, 'x' FROM {table}",  # noqa: S608 - numbers of ours
    )
    await run(
        engine,
        "INSERT INTO job_leases (job_id, lane, due_at, holder, until, again)"  # noqa: S608 - numbers of ours
        f" SELECT n, 'heavy', {at} + n, CASE n % 9 WHEN 0 THEN NULL ELSE 'h' || n END,"
        f" CASE n % 9 WHEN 0 THEN NULL ELSE {at} + 1000 END, 0 FROM {table}",
    )
    await know_the_rows(engine)
