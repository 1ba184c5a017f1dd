"""Count what is written to a SQLite database, from outside and whoever writes it.

SQLite itself counts: the index of the write-ahead log (the file `-shm`, which all processes
map) has a number that grows by one with each transaction that changed anything, and another
that says how many pages the log holds. `PRAGMA data_version` of a connection of our own must
agree: it changes exactly if somebody else has committed. https://www.sqlite.org/walformat.html
"""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

# iVersion, a hole, iChange; then isInit, bigEndCksum, szPage; then mxFrame. The number at `iChange`
# is the one that grows with each transaction.
_HEADER = struct.Struct("=3I 2B H I")
_HEADER_BYTES = 48
"""It stands there twice, and a reader who finds both alike has read it whole."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to see of writes at one moment."""

    transactions: int
    version: int
    pages: int
    bytes: int


class Writes:
    """Looks at one database."""

    def __init__(self, database: Path, connection: sqlite3.Connection) -> None:
        self._index = database.with_name(f"{database.name}-shm")
        self._log = database.with_name(f"{database.name}-wal")
        self._connection = connection

    def look(self) -> Look:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        *_, transactions, _, _, _, pages = self._header()
        return Look(transactions, version, pages, self._log.stat().st_size)

    def _header(self) -> tuple[int, ...]:
        while True:
            read = self._index.read_bytes()[: 2 * _HEADER_BYTES]
            if read[:_HEADER_BYTES] == read[_HEADER_BYTES:]:
                return _HEADER.unpack_from(read)


@contextmanager
def watching(database: Path) -> Iterator[Writes]:
    with closing(sqlite3.connect(database)) as connection:
        yield Writes(database, connection)


def told(before: Look, after: Look) -> str:
    """Say what was written between two looks, and make sure that both witnesses agree."""
    count = after.transactions - before.transactions
    assert (count == 0) == (after.version == before.version), (before, after)
    pages = after.pages - before.pages
    return f"{count} transactions, {pages:+} pages and {after.bytes - before.bytes:+} bytes of log"
