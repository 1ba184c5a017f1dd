"""PostgreSQL: a pool of connections, reads on any of them, each transaction on one.

At READ COMMITTED two transactions may look at the same rows before either writes; those
with a lock in common take turns by an advisory lock that PostgreSQL drops at their end.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypedDict

import asyncpg

from watchword.core.kernel.errors import ConflictError, NotFoundError, UnavailableError
from watchword.storage.engine import TableMissingError
from watchword.storage.postgres_joined import joined
from watchword.storage.postgres_listener import CHANNEL, Listener
from watchword.storage.private import make_folder
from watchword.storage.revocation import RevocationCounter
from watchword.storage.statement import (
    Result,
    Row,
    Run,
    Together,
    Transaction,
    Value,
    storable,
)
from watchword.storage.tally import POSTGRES_TALLY
from watchword.storage.work import SqlStorage

POOL_SIZE = 10

STATEMENTS_CACHED = 100

COMMAND_S = 5.0
CONNECT_S = 3.0
ACQUIRE_S = 3.0

LIFETIME = timedelta(seconds=0.9)
"""News of other nodes may get lost on the way; nobody believes what they remember for longer."""

POSTGRES_WORDS = MappingProxyType(
    {
        # Bytes in order, as in SQLite and whatever the database's own language is.
        "text": 'TEXT COLLATE "C"',
        "integer": "BIGINT",
        "counted": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "keyed": "",
        "strict": "",
        **POSTGRES_TALLY,
    }
)

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


class _Connecting(TypedDict):
    dsn: str
    timeout: float
    command_timeout: float
    statement_cache_size: int


_Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
_Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_DEAD = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # an end that was told in the middle of nothing
    ConnectionError,
)
"""What a connection says whose server went away, and may be back."""

_UNWELL = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    ValueError,  # an address that is none
)


async def open_postgres(
    url: str, *, folder: Path, pooler: bool = False, pool_size: int = POOL_SIZE
) -> SqlStorage:
    """Open a database; the counter of this machine's revocations lies in the folder.

    `pooler` says that PgBouncer or the like stands in between: statements are not kept
    prepared, and news of other nodes does not come through, so what is remembered is
    looked up again after LIFETIME. Raises UnavailableError if nobody answers.
    """
    counter = RevocationCounter(folder / "revocations", lifetime=LIFETIME)
    connecting: _Connecting = {
        "dsn": url,
        "timeout": CONNECT_S,
        "command_timeout": COMMAND_S,
        "statement_cache_size": 0 if pooler else STATEMENTS_CACHED,
    }
    with _translated():
        make_folder(folder)
        pool = asyncpg.create_pool(min_size=0, max_size=pool_size, reset=_keep, **connecting)
        await pool
    listener = None if pooler else Listener(partial(asyncpg.connect, **connecting), counter.renew)
    engine = PostgresEngine(pool, counter, listener)
    try:
        await engine.fetch_one("SELECT 1")
    except BaseException:
        await engine.close()
        raise
    return SqlStorage(engine)


class PostgresEngine:
    """Implements Engine."""

    words: Mapping[str, str] = POSTGRES_WORDS

    def __init__(
        self, pool: _Pool, revocations: RevocationCounter, listener: Listener | None
    ) -> None:
        self._pool = pool
        self._listener = listener
        self.revocations = revocations

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch_all(sql, *values)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, *values: Value) -> Sequence[Row]:
        if not storable(values):
            return ()
        with _translated():
            try:
                return await self._fetch(sql, values)
            except _DEAD:
                # The others of the pool are as old, so none of them is tried.
                await self._pool.expire_connections()
                return await self._fetch(sql, values)

    async def apply(self, transaction: Transaction[Result]) -> Result:
        with _translated():
            connection = await self._begun(_beginning(transaction.locks))
            try:
                return await self._apply(connection, transaction)
            except BaseException:
                await _undo(connection)
                raise
            finally:
                await self._pool.release(connection)

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
        try:
            async with asyncio.timeout(COMMAND_S):
                await self._pool.close()
        except _UNWELL:
            self._pool.terminate()
        self.revocations.close()

    async def _fetch(self, sql: str, values: tuple[Value, ...]) -> Sequence[Row]:
        async with self._pool.acquire(timeout=ACQUIRE_S) as connection:
            return await connection.fetch(sql, *values)

    async def _begun(self, beginning: str) -> _Connection:
        try:
            return await self._begin(beginning)
        except _DEAD:
            # Nothing was asked of it but to begin.
            await self._pool.expire_connections()
            return await self._begin(beginning)

    async def _begin(self, beginning: str) -> _Connection:
        connection = await self._pool.acquire(timeout=ACQUIRE_S)
        try:
            await connection.execute(beginning)
        except BaseException:
            await _undo(connection)
            await self._pool.release(connection)
            raise
        return connection

    async def _apply(self, connection: _Connection, transaction: Transaction[Result]) -> Result:
        run = Run(transaction)
        statements = run.first()
        while statements:
            statements = run.then(await _answers(connection, statements))
        if run.revoked:
            await connection.fetch("SELECT pg_notify($1, '')", CHANNEL)
            async with self.revocations.changing_on_loop():
                await connection.execute("COMMIT")
        else:
            await connection.execute("COMMIT")
        return run.result


async def _keep(connection: object) -> None:
    """Leave a connection as it is when it goes back: we change nothing that outlives a commit.

    What asyncpg would do costs one more question to the server each time.
    """
    del connection


async def _answers(connection: _Connection, statements: Together) -> Sequence[Sequence[Row]]:
    """Return the rows of each; of several, rows that are empty."""
    if len(statements) == 1:
        only = statements[0]
        return [await connection.fetch(only.sql, *only.values)]
    # One question for all of them: each costs a journey to the server.
    sql = joined(tuple(one.sql for one in statements))
    values = [value for one in statements for value in one.values]
    (counts,) = await connection.fetch(sql, *values)
    return [[()] * count for count in counts]


def _beginning(locks: frozenset[str]) -> str:
    """Return what begins a transaction and waits for its turn, in one question."""
    turns = [f"SELECT pg_advisory_xact_lock({number})" for number in sorted(map(_number, locks))]
    return "; ".join([_BEGIN, *turns])


async def _undo(connection: _Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except _UNWELL:
        # It may be in the middle of anything. Without it the server undoes the rest.
        connection.terminate()


def _number(key: str) -> int:
    # Sorted numbers, so that no two transactions wait for each other.
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the driver raises into our errors; values stay out of the message."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise ConflictError from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFoundError from error
    except asyncpg.UndefinedTableError as error:
        raise TableMissingError from error
    except _UNWELL as error:
        name = type(error).__name__
        raise UnavailableError(f"The database does not answer as it should: {name}.") from error
