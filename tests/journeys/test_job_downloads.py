"""What a job left is fetched whole or not at all, and however long it is, nobody holds it all."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys import jobs
from journeys.jobs import Runner
from journeys.people import WITH_ADMIN
from parts import database
from parts.line import Line, request
from parts.peer import ClosedError
from parts.postgres import PostgresMissingError, PostgresServer, running_server
from parts.server import Store, peak_mib, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

PIECES, PIECE_BYTES = 1000, 65_536
"""Some 60 MiB."""

HELD_MIB_MAX = 24
NAME = "own_downloads"

_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS"  # noqa: S608 - a number of ours
    f" (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {PIECES})"
)
_X = {"sqlite": f"hex(zeroblob({PIECE_BYTES // 2}))", "postgres": f"repeat('0', {PIECE_BYTES})"}


async def leave_much(runner: Runner, store: Store) -> int:
    """Let a job leave a very long file, which would be too long a wait if it wrote it itself."""
    job = await runner.start("accounts.export")
    assert (await runner.ended(job))["status"] == "Completed"
    x = _X["postgres" if store.database else "sqlite"]
    insert = "INSERT INTO job_output (job_id, piece, text)"
    rows = f"SELECT {job}, n, {x} FROM numbers"  # noqa: S608 - our own numbers
    ordered = f"{insert} {_NUMBERS} {rows}" if store.database else f"{_NUMBERS} {insert} {rows}"
    await database.run(store, ordered)
    await database.run(store, f"UPDATE jobs SET pieces = {PIECES} WHERE id = {job}")  # noqa: S608 - our own numbers
    return job


async def test_a_long_file_comes_whole_and_is_never_held_whole(store: Store) -> None:
    """The server needs the memory for a few pieces of it."""
    with serving(store, settings=WITH_ADMIN) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await leave_much(runner, store)
            before = peak_mib(server.process.pid)
            answer = await runner.result(job)
            after = peak_mib(server.process.pid)

    assert answer.status == 200
    assert answer.body.startswith(b"name,id,email")
    assert answer.body.count(b"0" * PIECE_BYTES) == PIECES - 1
    assert after - before < HELD_MIB_MAX


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server of our own, to be stopped and started."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissingError as missing:
        pytest.skip(str(missing))


async def test_a_database_that_goes_away_cuts_the_file(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    """Half of it does not look whole; and when the database is back, all of it comes."""
    await database.run(Store(tmp_path, own_server.url("postgres")), f"CREATE DATABASE {NAME}")
    store = Store(tmp_path / "data", own_server.url(NAME))
    with serving(store, settings=WITH_ADMIN) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await leave_much(runner, store)
        async with await Line.open(server.port) as line:
            path = f"{jobs.JOBS}/{job}/Result"
            line.writer.write(request("GET", path, token=runner.token))
            head = await line.reader.readuntil(b"\r\n\r\n")
            # Test servers sync nothing, and a crash of one would lose what we have put there.
            await asyncio.to_thread(own_server.stop, mode="fast")
            rest = await line.reader.read(-1)
        await asyncio.to_thread(own_server.start)

        async def fetch() -> bytes | None:
            try:
                async with await Line.open(server.port) as line:
                    answer = await Runner(line, runner.token).result(job)
            except ClosedError:
                return None
            return answer.body if answer.status == 200 else None

        again = await eventually(fetch, within=30)
        told = server.told()

    assert head.startswith(b"HTTP/1.1 200 ")
    assert not rest.endswith(b"\r\n0\r\n\r\n")
    assert len(rest) < (PIECES - 1) * PIECE_BYTES < len(again)
    assert '"route":"/api/Job/{jobID}/Result","status":503' in told
