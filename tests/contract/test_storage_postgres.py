"""What PostgreSQL must survive: a server that stops, restarts, refuses writes or says nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from contract.files import is_refused, names, works_again
from contract.storages import tell
from contract.things import AT, account, commit, keep, session
from parts.postgres import PostgresMissingError, PostgresServer, running_server
from parts.waiting import eventually
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import AccountId
from watchword.core.ports import Storage
from watchword.storage.postgres import open_postgres
from watchword.storage.work import SqlStorage

ADA = account("Ada")
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'own'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of our own, to be stopped and started."""
    try:
        with running_server() as found:
            yield found
    except PostgresMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=[False, True], ids=["direct", "pooled"])
async def storage(
    request: pytest.FixtureRequest, server: PostgresServer, tmp_path: Path
) -> AsyncIterator[SqlStorage]:
    """A store on a new database of that server."""
    await tell(server, "CREATE DATABASE own TEMPLATE template0")
    opened = await open_postgres(server.url("own"), folder=tmp_path, pooler=request.param)
    await opened.migrate(at=AT)
    await keep(opened, ADA)
    yield opened
    await opened.close()
    await tell(server, "DROP DATABASE own WITH (FORCE)")


async def warm_up(storage: Storage) -> None:
    """Have every connection of the pool opened."""
    await asyncio.gather(*(names(storage) for _ in range(20)))


async def test_a_start_takes_one_connection(server: PostgresServer, tmp_path: Path) -> None:
    """Others follow only when they are needed."""
    await tell(server, "CREATE DATABASE small TEMPLATE template0")
    await tell(server, "ALTER DATABASE small CONNECTION LIMIT 1")
    await tell(server, "CREATE ROLE clerk LOGIN")
    url = server.url("small").replace("postgres@", "clerk@")

    opened = await open_postgres(url, folder=tmp_path, pooler=True)
    pending = await opened.pending()
    await opened.close()
    await tell(server, "DROP ROLE clerk")
    await tell(server, "DROP DATABASE small WITH (FORCE)")

    assert pending


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_stops_and_starts_again(
    storage: SqlStorage, server: PostgresServer, mode: str
) -> None:
    """While it is away everything is unavailable; then it is as if nothing had been."""
    await warm_up(storage)
    # The test server syncs no commit, for speed; what a crash may cost it is not the question.
    await tell(server, "CHECKPOINT")

    server.stop(mode=mode)
    try:
        with pytest.raises(UnavailableError):
            await names(storage)
        with pytest.raises(UnavailableError):
            await storage.check()
        assert await is_refused(storage)
    finally:
        server.start()

    await eventually(lambda: works_again(storage))
    await keep(storage, account("Bob"))
    assert await names(storage) == ["Ada", "Bob"]


@pytest.mark.slow
async def test_a_restart_in_between_is_not_even_noticed(
    storage: SqlStorage, server: PostgresServer
) -> None:
    """Every connection of the pool is dead, and neither a read nor a write fails for that."""
    await tell(server, "CHECKPOINT")
    await warm_up(storage)
    server.stop(mode="fast")
    server.start()

    assert await names(storage) == ["Ada"]
    await warm_up(storage)
    server.stop(mode="immediate")
    server.start()
    await keep(storage, account("Bob"))

    assert await names(storage) == ["Ada", "Bob"]


async def test_connections_that_are_ended_under_load_cost_one_error_each(
    storage: SqlStorage, server: PostgresServer
) -> None:
    """What is acknowledged is there, and the store goes on."""
    acknowledged: list[str] = []

    async def write(lane: int) -> None:
        for number in range(20):
            one = account(f"n{lane} {number}")
            try:
                await keep(storage, one)
            except UnavailableError:
                continue
            acknowledged.append(one.name)

    async def end_all() -> None:
        for _ in range(5):
            await tell(server, END_ALL)

    await asyncio.gather(*(write(lane) for lane in range(8)), end_all())

    assert await works_again(storage)
    assert set(acknowledged) <= set(await names(storage))
    assert len(acknowledged) > 80


async def test_a_server_that_only_reads_fails_the_check(
    storage: SqlStorage, server: PostgresServer
) -> None:
    """A stand-by, or one that was told so, is not fit to serve."""
    await tell(server, "ALTER DATABASE own SET default_transaction_read_only = on")
    await tell(server, END_ALL)

    assert await names(storage) == ["Ada"]
    with pytest.raises(UnavailableError) as refused:
        await storage.check()
    assert await is_refused(storage)
    await tell(server, "ALTER DATABASE own RESET default_transaction_read_only")
    await tell(server, END_ALL)

    assert isinstance(refused.value.__cause__, asyncpg.ReadOnlySQLTransactionError)
    await eventually(lambda: works_again(storage))


async def test_a_transaction_that_was_given_up_holds_nothing(storage: SqlStorage) -> None:
    """A caller who goes away in the middle leaves neither a lock nor a connection behind."""
    for _ in range(30):
        gone = asyncio.create_task(commit(storage, lambda work: work.sessions.end_all_of(ADA.id)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)

    await commit(storage, lambda work: work.sessions.add(session("s", ADA)))
    await asyncio.gather(*(names(storage) for _ in range(30)))


@pytest.mark.parametrize(
    "url", ["postgresql://postgres@127.0.0.1:1/x", "postgresql://", "no url", "postgresql://[::1"]
)
async def test_nobody_at_the_address_is_unavailable(url: str, tmp_path: Path) -> None:
    """Opening says so in our words, whatever is wrong with the address."""
    with pytest.raises(UnavailableError):
        await open_postgres(url, folder=tmp_path)


@contextmanager
def silent_server() -> Iterator[int]:
    """Somebody who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.slow
async def test_a_silent_server_is_unavailable_soon(tmp_path: Path) -> None:
    """Nobody waits for it longer than a few seconds."""
    with silent_server() as port:
        async with asyncio.timeout(8):
            with pytest.raises(UnavailableError):
                await open_postgres(f"postgresql://x@127.0.0.1:{port}/x", folder=tmp_path)


@pytest.mark.slow
async def test_another_who_holds_the_rows_is_not_waited_for_for_ever(
    storage: SqlStorage, server: PostgresServer
) -> None:
    """A lock held by a tool makes writes wait, then refuse; reads go on."""
    other = await asyncpg.connect(server.url("own"))
    await other.execute("BEGIN; LOCK TABLE accounts IN SHARE MODE")

    async with asyncio.timeout(10):
        refused, found = await asyncio.gather(is_refused(storage), names(storage))
    await other.execute("ROLLBACK")
    await other.close()

    assert (refused, found) == (True, ["Ada"])
    assert await works_again(storage)


async def test_numbers_that_fit_no_column_are_no_crash(storage: SqlStorage) -> None:
    """A page far beyond the last, asked for with our own kind of cursor, is a page."""
    async with storage.open_work() as work:
        assert await work.accounts.by_id(AccountId("x" * 10**6)) is None
        assert (await work.accounts.page(limit=2**70)).next is None
