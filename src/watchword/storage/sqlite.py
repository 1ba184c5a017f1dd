"""SQLite: reads on the event loop's own thread, writes in one other.

A read by key takes microseconds, less than handing it to a thread would; each is a
transaction of its own that ends before the next await.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import apsw

from watchword.core.kernel.errors import UnavailableError
from watchword.storage.revocation import RevocationCounter
from watchword.storage.sqlite_file import UNWELL, DatabaseFile, Identity, translated
from watchword.storage.sqlite_words import SQLITE_WORDS, placed
from watchword.storage.sqlite_writer import SqliteWriter
from watchword.storage.statement import (
    Result,
    Row,
    Statement,
    Steps,
    Transaction,
    Value,
    storable,
)
from watchword.storage.work import SqlStorage

PATIENCE_MS = 5000
"""How long the writer waits while another process writes."""

_READER_PATIENCE_MS = 50
"""Short, for the whole event loop waits with the reader. It seldom has to in WAL mode."""


async def open_sqlite(path: Path, *, patience_ms: int = PATIENCE_MS) -> SqlStorage:
    """Open a database file, making an empty one where there is none.

    The counter of revocations lies beside it. Raises UnavailableError if the file cannot
    be opened for writing.
    """
    file = DatabaseFile(path)
    file.make()
    engine = SqliteEngine(file, patience_ms=patience_ms)
    try:
        await engine.apply(Transaction(_nothing))
    except BaseException:
        await engine.close()
        raise
    return SqlStorage(engine)


class SqliteEngine:
    """Implements Engine."""

    words: Mapping[str, str] = SQLITE_WORDS

    def __init__(self, file: DatabaseFile, *, patience_ms: int) -> None:
        self._file = file
        self.revocations = RevocationCounter(file.path.with_name(f"{file.path.name}-revocations"))
        self._reader: apsw.Connection | None = None
        self._reader_identity: Identity | None = None
        self._look: asyncio.Task[None] | None = None
        self._is_closed = False
        self._writer = SqliteWriter(
            file, self.revocations, patience_ms=patience_ms, close_reader=self._close_reader
        )

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = self._rows(sql, values)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, *values: Value) -> Sequence[Row]:
        return self._rows(sql, values)

    async def apply(self, transaction: Transaction[Result]) -> Result:
        return await self._writer.apply(transaction)

    async def close(self) -> None:
        # The writer goes last, in its thread: whoever goes last tidies the log up.
        self._is_closed = True
        self._close_reader()
        await self._writer.close()
        self.revocations.close()

    def _rows(self, sql: str, values: tuple[Value, ...]) -> Sequence[Row]:
        if not storable(values):
            return ()
        try:
            # All rows at once: a statement that is not at its end keeps a transaction open.
            return self._connection().execute(placed(sql), values).fetchall()
        except apsw.Error as error:
            if isinstance(error, UNWELL):
                self._close_reader()
            ours = translated(error)
            if ours is error:
                raise
            raise ours from error

    def _connection(self) -> apsw.Connection:
        identity = self._file.identity()
        if self._reader is None or identity != self._reader_identity:
            self._close_reader()
            self._reader = self._opened(identity)
            self._reader_identity = identity
        return self._reader

    def _opened(self, identity: Identity) -> apsw.Connection:
        if self._is_closed:
            raise UnavailableError("The database is closed.")
        if identity != self._writer.identity:
            # Only the writer follows to another file, and only when nobody is at the old one.
            self._have_writer_look()
            raise UnavailableError("The database file was replaced.")
        connection = self._file.connect(patience_ms=_READER_PATIENCE_MS)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _have_writer_look(self) -> None:
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_at_file())

    async def _look_at_file(self) -> None:
        with suppress(UnavailableError):
            await self.apply(Transaction(_nothing))


def _nothing() -> Steps[None]:
    yield Statement("SELECT 1")
