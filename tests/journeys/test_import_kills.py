"""kill -9 in the middle of an import: exactly the accounts of the file come in, each one once."""

import time
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from journeys import jobs, newcomers, people
from journeys.jobs import Document
from journeys.people import ADMIN, WITH_ADMIN
from journeys.visitors import visiting
from parts import database
from parts.jobworker import JobWorker, working
from parts.line import Line
from parts.server import FOR_ALL, Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

ACCOUNTS = 100_000
KILLS = 5
LAST_KILL = 0.75
"""By then so much of the file was read: what is over cannot be killed."""

FEWER = 20_000
TAKEN_OVER_S = 30.0
SAMPLE = 4
ENDS_S = 180.0

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
WORKED_ELSEWHERE = {**SETTINGS, "WATCHWORD_JOBS__IN_SERVER": "false"}

KEPT = """
    SELECT accounts.name, passwords.encoded
    FROM accounts JOIN passwords ON passwords.account_id = accounts.id
"""
TAKEN_IN = """
    SELECT count(*), count(DISTINCT subject) FROM audit_events WHERE action = 'account.import'
"""


@pytest.mark.alone
async def test_five_kills_change_nothing(sqlite_store: Store, tell: Callable[[str], None]) -> None:
    """An import of 100,000 accounts whose process is killed five times; people log in meanwhile."""
    store, chance = sqlite_store, Random(9261)
    file = newcomers.put_accounts(store, ACCOUNTS)
    size = (newcomers.imports(store) / file).stat().st_size
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line, visiting(server.port) as visits:
            runner = await jobs.admin(line)
            began, log_ins = time.monotonic(), [visits.log_ins]
            job = await runner.start("accounts.import", path=file)
            for part in sorted(chance.uniform(0, LAST_KILL) for _ in range(KILLS)):
                await runner.done(job, int(part * size), within=ENDS_S)
                await jobs.kill_heavy(server)
                log_ins.append(visits.log_ins)
            document = await runner.ended(job, within=ENDS_S)
            status, result = await runner.status(job), await runner.result(job)
            took_s = time.monotonic() - began
            log_ins.append(visits.log_ins)
        await assert_all_came_in(store, server.port, ACCOUNTS, chance)
    tell(
        f"{ACCOUNTS} accounts in {took_s:.0f} s and {document['attempts']} turns; meanwhile"
        f" {visits.statuses.total()} answers, the slowest in {visits.slowest_s:.2f} s"
    )

    assert status == "Completed"
    assert_adds_up(document, ACCOUNTS)
    assert document["attempts"] > KILLS
    # There is no report, so the result itself is what there is to have.
    assert result.document == document["result"]
    assert set(visits.statuses) == {200}
    assert all(before < after for before, after in pairwise(log_ins))
    assert database.complaints(store) == []


async def test_another_worker_goes_on(store: Store, tell: Callable[[str], None]) -> None:
    """Of two workers the one that has the import is killed; the other one brings it to its end."""
    chance, file = Random(9261), newcomers.put_accounts(store, FEWER)
    size = (newcomers.imports(store) / file).stat().st_size
    with (
        serving(store, settings=WORKED_ELSEWHERE) as server,
        working(store, settings=SETTINGS) as one,
        working(store, settings=SETTINGS) as other,
    ):
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file)
            await runner.done(job, int(chance.uniform(0.2, 0.6) * size))
            [victim] = [worker for worker in (one, other) if job in worker.begun()]
            [heir] = {one, other} - {victim}
            victim.kill()
            took_s = await taken_over(heir, job)
            document = await runner.ended(job, within=ENDS_S)
        await assert_all_came_in(store, server.port, FEWER, chance)
        code = heir.stop()
    tell(f"the other worker had the job {took_s:.1f} s after the kill")

    assert document["status"] == "Completed"
    assert_adds_up(document, FEWER)
    assert took_s < TAKEN_OVER_S
    assert (one.begun() + other.begun(), code) == ([job, job], 0)
    assert database.complaints(store) == []


async def taken_over(heir: JobWorker, job: int) -> float:
    """Wait until a worker begins a job; return how long it took."""
    began = time.monotonic()

    async def has_it() -> bool:
        return job in heir.begun()

    await eventually(has_it, within=2 * TAKEN_OVER_S)
    return time.monotonic() - began


def assert_adds_up(document: Document, count: int) -> None:
    """The numbers that are told of the job are those of its file."""
    counts = {"read": count, "accepted": count, "refused": 0}
    assert document["counts"] == counts
    assert document["progress"]["done"] == document["progress"]["total"]
    assert document["result"] == {**counts, "dry_run": False}
    assert document["error"] is None


async def assert_all_came_in(store: Store, port: int, count: int, chance: Random) -> None:
    """The accounts are those of the file, some of them log in, and have a better hash then."""
    some = [0, count - 1, *(chance.randrange(count) for _ in range(SAMPLE))]
    came = {name for name, _ in await database.run(store, KEPT)} - {ADMIN}
    async with await Line.open(port) as line:
        for number in some:
            for known_as in (newcomers.name(number), newcomers.email(number)):
                await people.log_in(line, known_as, newcomers.password(number))
        other = await people.try_log_in(line, newcomers.name(0), newcomers.password(1))
    kept = await database.run(store, KEPT)
    better = {name for name, encoded in kept if encoded.startswith("$argon2id$")}

    assert came == newcomers.names(count)
    assert other.status == 401
    assert better == {newcomers.name(number) for number in some} | {ADMIN}
    assert await database.run(store, TAKEN_IN) == [(count, count)]
