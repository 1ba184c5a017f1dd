"""A database that fails costs nothing that was acknowledged, and the server recovers by itself.

What each storage makes of these faults by itself is proven in tests/contract: here people go on
registering at a server with two workers while its database is taken away and given back.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from journeys import people
from journeys.people import ADMIN, ME, PASSWORD, REGISTER, WITH_ADMIN, Person, try_log_in
from parts.line import Line
from parts.peer import Answer
from parts.postgres import PostgresMissingError, PostgresServer, running_server
from parts.server import FOR_ALL, Server, Store, serving
from parts.waiting import eventually

pytestmark = pytest.mark.slow

WORKERS, LANES = 2, 4
GUESSES = 6
"""One more than are free: who was sent away with 503 has not guessed."""

LOG_IN = {"username": ADMIN, "password": PASSWORD}
CHANGE = {"current_password": PASSWORD, "new_password": "another staple for a horse"}
RECOVERED_S = 15.0
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""

Fault = Callable[[Store, Server], AbstractAsyncContextManager[None]]


@dataclass
class Crowd:
    """People who register, and come back with the same name until they have it."""

    made: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    """Names that were there already: written, though the answer had been 503."""
    refused: int = 0
    odd: list[Answer] = field(default_factory=list)
    is_over: bool = False

    async def register(self, line: Line, lane: int) -> None:
        number, was_refused = 0, False
        while was_refused or not self.is_over:
            name = f"guest-{lane}-{number}"
            answer = await line.ask("POST", REGISTER, {"username": name, "password": PASSWORD})
            if answer.status == 200 or (was_refused and answer.status == 409):
                (self.made if answer.status == 200 else self.met).append(name)
                number, was_refused = number + 1, False
                continue
            self.refused += 1
            was_refused = True
            if not is_polite(answer):
                self.odd.append(answer)
                return


@asynccontextmanager
async def crowd(port: int) -> AsyncIterator[Crowd]:
    """Have people register until the end of the block, and for as long as one is refused."""
    guests = Crowd()
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(await Line.open(port)) for _ in range(LANES)]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for lane, line in enumerate(lines):
                group.create_task(guests.register(line, lane))
            try:
                yield guests
            finally:
                guests.is_over = True


@dataclass(frozen=True, slots=True)
class Outage:
    """What was answered while the database was away."""

    sent_away: list[Answer]
    """Log-ins with the right password, a log-out, and a change that revokes."""
    lives: list[Answer]
    known: list[int]
    """What a token that both workers know is answered."""


async def outlive(store: Store, fault: Fault) -> Outage:
    """Go through a fault, prove what is true of each, and return what was seen in it."""
    with serving(store, "--workers", str(WORKERS), settings=WITH_ADMIN | FOR_ALL) as server:
        workers = server.workers()
        async with people.line_to_each(server.port, WORKERS) as lines:
            admin = await people.log_in(lines[0])
            async with crowd(server.port) as guests:
                await eventually(_reached(guests, made=LANES))
                async with fault(store, server):
                    outage = await meet(server.port, lines, guests, admin.token)
                await eventually(_all_ready(lines, 200), within=RECOVERED_S)
                more = len(guests.made) + LANES
                await eventually(_reached(guests, made=more), within=RECOVERED_S)
                back = [await try_log_in(line, ADMIN) for line in lines]
            again = await lines[1].ask("GET", ME, token=admin.token)
            await check_accounts(lines[0], admin, guests)
        assert server.workers() == workers
        told = [json.loads(line) for line in server.told().splitlines()]
    assert guests.odd == []
    assert [answer.status for answer in (*back, again)] == [200] * 3
    check_log(told)
    return outage


async def meet(port: int, lines: list[Line], guests: Crowd, token: str) -> Outage:
    """See what is answered in the middle of a fault."""
    await eventually(_reached(guests, refused=guests.refused + LANES), within=RECOVERED_S)
    await eventually(_all_ready(lines, 503), within=RECOVERED_S)
    sent_away = await asyncio.gather(
        *(ask_alone(port, "POST", people.LOG_IN, LOG_IN) for _ in range(GUESSES)),
        ask_alone(port, "POST", "/api/auth/logout", token=token),
        ask_alone(port, "POST", "/api/auth/change-password", CHANGE, token=token),
    )
    lives = [await line.ask("GET", "/livez") for line in lines]
    known = [(await line.ask("GET", ME, token=token)).status for line in lines]
    return Outage(sent_away, lives, known)


async def ask_alone(
    port: int, method: str, path: str, body: object = None, *, token: str | None = None
) -> Answer:
    """Ask on a connection of its own, so that nobody waits behind another."""
    async with await Line.open(port) as line:
        return await line.ask(method, path, body, token=token)


async def check_accounts(line: Line, admin: Person, guests: Crowd) -> None:
    """Whoever was acknowledged is there and whole, and nobody else is."""
    everybody = await people.names(line, admin)
    for name in (*guests.met, *guests.made[:1], *guests.made[-1:]):
        await people.log_in(line, name)
    assert sorted(everybody) == sorted([ADMIN, *guests.made, *guests.met])


def check_log(told: list[dict[str, object]]) -> None:
    """The fault is told, and nothing in it was a surprise."""
    events = {line["event"] for line in told}
    assert events >= {"unavailable", "not ready"}
    assert [line for line in told if line["level"] in {"error", "critical"}] == []


def check_outage(outage: Outage, *, reads: bool) -> None:
    """Nobody is let in, the processes live, and those who are in are told no lie."""
    assert all(is_polite(answer) for answer in outage.sent_away), outage.sent_away
    assert [answer.status for answer in outage.lives] == [200] * WORKERS
    assert outage.known == [200 if reads else 503] * WORKERS


def is_polite(answer: Answer) -> bool:
    """Say whether this is asta's way to send somebody away for a while."""
    wait = answer.headers.get("retry-after", "0")
    words = {"detail": f"The server is busy. Try again in {wait} seconds."}
    return answer.status == 503 and int(wait) > 0 and answer.document == words


@asynccontextmanager
async def moved(store: Store, _: Server) -> AsyncIterator[None]:
    """Take the database file away."""
    away = store.file.with_name("away.db")
    store.file.rename(away)
    yield
    away.rename(store.file)


@asynccontextmanager
async def moved_folder(store: Store, _: Server) -> AsyncIterator[None]:
    """Take away all that we keep."""
    away = store.folder.with_name("away")
    store.folder.rename(away)
    yield
    away.rename(store.folder)


@asynccontextmanager
async def locked(store: Store, _: Server) -> AsyncIterator[None]:
    """Have another process write, and not come to an end."""
    program = [sys.executable, "-c", LOCK, str(store.file)]
    other = await asyncio.create_subprocess_exec(
        *program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    try:
        assert await other.stdout.readline() == b"locked\n"
        yield
    finally:
        with suppress(ProcessLookupError):
            other.kill()
        await other.communicate()


@asynccontextmanager
async def read_only(store: Store, server: Server) -> AsyncIterator[None]:
    """Let nothing be written; root too is stopped by a file that is immutable."""
    # Not the index of the log: SQLite has it in memory, where a refusal would be a SIGBUS.
    files = [str(path) for path in store.folder.glob("watchword.db*") if path.suffix != ".db-shm"]
    if not _chattr("+i", *files):
        async with no_longer(store, server):
            yield
        return
    try:
        yield
    finally:  # else nobody could remove them
        _chattr("-i", *files)


@asynccontextmanager
async def full(store: Store, server: Server) -> AsyncIterator[None]:
    """Fill the disk, if it is a small one."""
    if not store.folder.is_mount():
        async with no_longer(store, server):
            yield
        return
    ballast = store.folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


@asynccontextmanager
async def no_longer(store: Store, server: Server) -> AsyncIterator[None]:
    """Stand in for a disk that takes no more: the server's files may not grow."""
    size = store.file.with_name(f"{store.file.name}-wal").stat().st_size
    for pid in server.workers():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    yield
    for pid in server.workers():
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


def _chattr(change: str, *files: str) -> bool:
    done = subprocess.run(["chattr", change, *files], check=False, capture_output=True)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk; where the machine does not let us have one, an ordinary folder."""
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", str(disk)]
    is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    yield disk
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("fault", [moved, moved_folder])
async def test_a_database_that_is_moved_away_and_back(sqlite_store: Store, fault: Fault) -> None:
    """Nothing can be known while it is gone, so everybody is told to come later."""
    outage = await outlive(sqlite_store, fault)

    check_outage(outage, reads=False)


@pytest.fixture
def disk_store() -> Iterator[Store]:
    """A store on a disk: in memory, a file that was open already can still be written."""
    with tempfile.TemporaryDirectory(prefix="watchword-", dir="/var/tmp") as folder:
        yield Store(Path(folder) / "data")


@pytest.mark.parametrize("fault", [read_only, no_longer])
async def test_a_database_that_cannot_be_written(disk_store: Store, fault: Fault) -> None:
    """Who is in stays in; nobody new gets in until it can be written again."""
    outage = await outlive(disk_store, fault)

    check_outage(outage, reads=True)


async def test_a_full_disk(small_disk: Path) -> None:
    """The same, and no process dies of it."""
    outage = await outlive(Store(small_disk), full)

    check_outage(outage, reads=True)


async def test_a_database_that_another_process_locks(sqlite_store: Store) -> None:
    """Who waited for some seconds is sent away; reading goes on all the time."""
    outage = await outlive(sqlite_store, locked)

    check_outage(outage, reads=True)


async def test_a_short_lock_is_waited_out(sqlite_store: Store) -> None:
    """A back-up or a command that takes a moment is noticed by nobody but the watchers."""
    with serving(sqlite_store, settings=WITH_ADMIN) as server:
        async with await Line.open(server.port) as line, await Line.open(server.port) as other:
            async with locked(sqlite_store, server):
                waiting = asyncio.create_task(try_log_in(line, ADMIN))
                await eventually(_all_ready([other], 503))
                was_waiting = not waiting.done()
            answer = await waiting

    assert was_waiting
    assert answer.status == 200


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server of our own, to be stopped and started."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissingError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_postgresql_that_stops_and_starts_again(
    own_server: PostgresServer, tmp_path: Path, mode: str
) -> None:
    """In order or as in a crash, under load."""

    @asynccontextmanager
    async def stopped(_: Store, __: Server) -> AsyncIterator[None]:
        await asyncio.to_thread(own_server.stop, mode=mode)
        try:
            yield
        finally:
            await asyncio.to_thread(own_server.start)

    database = f"own_{mode}"
    # Test servers sync nothing, for speed; here what was acknowledged must outlive a crash.
    await tell(own_server, f"CREATE DATABASE {database} TEMPLATE template0")
    await tell(own_server, f"ALTER DATABASE {database} SET synchronous_commit = on")
    await tell(own_server, "CHECKPOINT")
    outage = await outlive(Store(tmp_path / "data", own_server.url(database)), stopped)

    check_outage(outage, reads=False)


async def tell(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _reached(guests: Crowd, *, made: int = 0, refused: int = 0) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        assert guests.odd == []
        return len(guests.made) >= made and guests.refused >= refused

    return check


def _all_ready(lines: list[Line], status: int) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        answers = await asyncio.gather(*(line.ask("GET", "/readyz") for line in lines))
        return all(answer.status == status for answer in answers)

    return check
