"""Jobs that are cancelled in each state, and servers that end while they run one."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest

from journeys import jobs, newcomers
from journeys.jobs import Document
from journeys.people import ADMIN, WITH_ADMIN
from parts import database
from parts.jobworker import working
from parts.line import Line
from parts.server import FOR_ALL, Server, Store, serving

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
NOBODY_WORKS = {**SETTINGS, "WATCHWORD_JOBS__IN_SERVER": "false"}
ACCOUNTS = 30_000
LITTLE = 100_000
"""So many octets of a file are read soon, and there is much left."""

HOLE = 6 << 30
"""To read a line with this in it takes seconds, in which the job gets nowhere."""

WORKER_ENDS_S = 20.0
OVER = HTTPStatus.CONFLICT
NAMES = "SELECT name FROM accounts"
TAKEN_IN = """
    SELECT count(*), count(DISTINCT subject) FROM audit_events WHERE action = 'account.import'
"""


async def test_a_job_that_nobody_has_is_cancelled_at_once(store: Store) -> None:
    """NotStarted, and then it is over: to cancel it again is refused."""
    file = newcomers.put_accounts(store, 2)

    with serving(store, settings=NOBODY_WORKS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file)
            before = await runner.status(job)
            first = await runner.cancel(job)
            after, again = await runner.look(job), await runner.cancel(job)
    names = await database.run(store, NAMES)

    assert (before, first.status) == ("NotStarted", HTTPStatus.OK)
    assert (after["status"], after["finished"] is None) == ("Cancelled", False)
    assert (again.status, again.document["code"]) == (OVER, "job_over")
    assert names == [(ADMIN,)]


async def test_queued_and_running_jobs_are_cancelled(store: Store) -> None:
    """The one at once, the other at its next checkpoint: what it has done until then stays."""
    file = newcomers.put_accounts(store, ACCOUNTS)
    few = newcomers.put_accounts(store, 2, "few.csv")

    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            running = await runner.start("accounts.import", path=file)
            await runner.done(running, LITTLE)
            with asleep(server):
                queued = await runner.start("accounts.import", path=few)
                await runner.is_at(queued, "Queued")
                first, second = await runner.cancel(queued), await runner.cancel(running)
                states = await runner.status(queued), await runner.status(running)
            ended = await runner.ended(running)
            again = await runner.cancel(running)

    assert [first.status, second.status] == [HTTPStatus.OK, HTTPStatus.OK]
    assert states == ("Cancelled", "Running")
    assert (ended["status"], ended["cancelRequested"]) == ("Cancelled", True)
    assert again.status == OVER
    await assert_a_part_came_in(store, ended["counts"]["accepted"])


async def test_a_job_that_begins_is_cancelled(store: Store) -> None:
    """In Initializing it is heard as well, and ends with its first portion."""
    path = newcomers.imports(store) / "wide.csv"
    with path.open("wb") as file:
        file.write(b"name,first_name\nwide," + b"x" * 2000)
        file.seek(HOLE, os.SEEK_CUR)
        file.write(b"\n")

    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=path.name)
            await runner.is_at(job, "Initializing")
            asked = await runner.cancel(job)
            ended = await runner.ended(job)

    assert (asked.status, asked.document["status"]) == (HTTPStatus.OK, "Initializing")
    assert (asked.document["cancelRequested"], ended["status"]) == (True, "Cancelled")


async def test_what_is_over_stays_so(sqlite_store: Store) -> None:
    """Completed and Failed cannot be cancelled any more, nor is there a job that never was."""
    file = newcomers.put_accounts(sqlite_store, 2)

    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            started = [
                await runner.start("accounts.import", path=path) for path in (file, "none.csv")
            ]
            ended = [(await runner.ended(job))["status"] for job in started]
            answers = [await runner.cancel(job) for job in (*started, 4711)]
            after = [await runner.status(job) for job in (*started, 4711)]

    assert ended == ["Completed", "Failed"]
    assert [answer.status for answer in answers] == [OVER, OVER, HTTPStatus.NOT_FOUND]
    assert after == [*ended, "Unknown"]


async def test_a_cancelled_job_goes_on_when_it_is_started_again(sqlite_store: Store) -> None:
    """From where it was, so that nobody comes in twice and nobody is left out."""
    file = newcomers.put_accounts(sqlite_store, ACCOUNTS)

    with serving(sqlite_store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file)
            await runner.done(job, LITTLE)
            await runner.cancel(job)
            cancelled = await runner.ended(job)
            again = await runner.restart(job)
            ended = await runner.ended(job)

    assert (cancelled["status"], again.status) == ("Cancelled", HTTPStatus.ACCEPTED)
    assert cancelled["counts"]["accepted"] < ACCOUNTS
    assert (ended["status"], ended["cancelRequested"]) == ("Completed", False)
    await assert_all_came_in(sqlite_store, ended)


def kill_all(server: Server) -> None:
    """End the server and all that runs beside it at once."""
    server.kill()


def kill_server_alone(server: Server) -> None:
    """End the server's own process; the one beside it hears of it, as nobody else can."""
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()


def stop(server: Server) -> None:
    """End as an operator or a machine that shuts down asks for it."""
    assert server.stop() == 0


@pytest.mark.parametrize("end", [kill_all, kill_server_alone, stop])
async def test_the_next_server_goes_on(store: Store, end: Callable[[Server], None]) -> None:
    """Whichever way a server ends in the middle of an import, the next one completes it."""
    file = newcomers.put_accounts(store, ACCOUNTS)
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file)
            await runner.done(job, LITTLE)
            end(server)

        with serving(store, settings=SETTINGS) as following:
            async with await Line.open(following.port) as line:
                runner = await jobs.admin(line)
                ended = await runner.ended(job)

    assert (ended["status"], ended["attempts"]) == ("Completed", 2)
    await assert_all_came_in(store, ended)


async def test_a_stopped_server_leaves_its_job_queued(store: Store) -> None:
    """Where nobody works on jobs then, it waits, and can be cancelled."""
    file = newcomers.put_accounts(store, ACCOUNTS)
    with serving(store, settings=SETTINGS) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.import", path=file)
            await runner.done(job, LITTLE)
            stop(server)

    with serving(store, settings=NOBODY_WORKS) as following:
        async with await Line.open(following.port) as line:
            runner = await jobs.admin(line)
            before = await runner.look(job)
            cancelled = await runner.cancel(job)
            after = await runner.look(job)

    assert (before["status"], before["error"], before["attempts"]) == ("Queued", None, 1)
    assert (cancelled.status, after["status"]) == (HTTPStatus.OK, "Cancelled")
    await assert_a_part_came_in(store, after["counts"]["accepted"])


def test_a_worker_ends_with_its_store(sqlite_store: Store) -> None:
    """Where somebody removes the data folder, nobody waits for it for ever."""
    with serving(sqlite_store, settings=SETTINGS):
        pass

    with working(sqlite_store) as worker:
        shutil.rmtree(sqlite_store.folder)
        code = worker.process.wait(WORKER_ENDS_S)

    assert code == 0
    assert "the data folder was removed" in worker.log.read_text("utf-8")


@contextmanager
def asleep(server: Server) -> Iterator[None]:
    """Have the process of the heavy jobs do nothing as long as the block lasts."""
    pid = jobs.heavy_process(server)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def assert_a_part_came_in(store: Store, count: int) -> None:
    """Exactly the first accounts of the file are there, as many as the job tells of."""
    names = {name for (name,) in await database.run(store, NAMES)} - {ADMIN}

    assert 0 < count < ACCOUNTS
    assert names == newcomers.names(count)
    assert database.complaints(store) == []


async def assert_all_came_in(store: Store, ended: Document) -> None:
    """The accounts are those of the file, and each came in once."""
    names = {name for (name,) in await database.run(store, NAMES)} - {ADMIN}

    assert ended["counts"] == {"read": ACCOUNTS, "accepted": ACCOUNTS, "refused": 0}
    assert names == newcomers.names(ACCOUNTS)
    assert await database.run(store, TAKEN_IN) == [(ACCOUNTS, ACCOUNTS)]
    assert database.complaints(store) == []
