"""The file that SQLite keeps a database in: making it, opening it, noticing that it went away."""

import os
import time
from pathlib import Path
from typing import TypeAlias

import apsw

from watchword.core.kernel.errors import ConflictError, NotFoundError, UnavailableError
from watchword.storage.engine import TableMissingError
from watchword.storage.private import make_folder, make_private

Identity: TypeAlias = tuple[int, int]
"""Device and inode: another file under the same name is not our file."""

_STATEMENTS_CACHED = 200
_WAL_BYTES_KEPT = 64 * 2**20
_PAUSE_S = 0.005

UNWELL = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.ReadOnlyError,
    apsw.FullError,
    apsw.IOError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.NoMemError,
    apsw.InterruptError,
    apsw.AbortError,
)
"""What SQLite raises when the database is to blame, not the statement."""


class DatabaseFile:
    """A database file by its path."""

    def __init__(self, path: Path) -> None:
        # SQLite makes it absolute too; the process may change its folder.
        self.path = path.absolute()
        self._name = str(self.path)

    def make(self) -> None:
        """Make an empty one if there is none, in a folder of its own if need be."""
        try:
            make_folder(self.path.parent)
            make_private(self.path)
        except OSError as error:
            raise UnavailableError(f"The database cannot be made: {error.strerror}.") from error

    def identity(self) -> Identity:
        """Return which file has the name now. Raises UnavailableError if none has."""
        try:
            status = os.stat(self._name)  # noqa: PTH116 - at each read, and a Path takes as long again
        except OSError as error:
            raise UnavailableError("The database file is gone.") from error
        return status.st_dev, status.st_ino

    def connect(self, *, patience_ms: int) -> apsw.Connection:
        """Open a connection to the file; never makes one."""
        connection = apsw.Connection(
            str(self.path),
            flags=apsw.SQLITE_OPEN_READWRITE,
            statementcachesize=_STATEMENTS_CACHED,
        )
        try:
            _set_up(connection, patience_ms)
        except BaseException:
            connection.close()
            raise
        return connection


def unavailable(error: apsw.Error) -> UnavailableError:
    """Say what is wrong with the database in words for the log; `error` is the cause."""
    return UnavailableError(f"The database does not work: {error}.")


def translated(error: apsw.Error) -> Exception:
    """Return our error for one of SQLite's, or the same one if it is our own mistake."""
    if isinstance(error, UNWELL):
        return unavailable(error)
    if isinstance(error, apsw.ConstraintError):
        broken_reference = str(error).startswith("FOREIGN KEY")
        return NotFoundError() if broken_reference else ConflictError()
    if isinstance(error, apsw.SQLError) and str(error).startswith("no such table"):
        return TableMissingError()
    return error


def _set_up(connection: apsw.Connection, patience_ms: int) -> None:
    # SQLite opens what it may not write all the same, and complains at the first write.
    if connection.readonly("main"):
        raise UnavailableError("The database file is read-only.")
    connection.set_busy_timeout(patience_ms)
    # Without this a join is planned anew for each value: 9 of the 14 us of a look.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    _use_wal(connection, patience_ms)
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")


def _use_wal(connection: apsw.Connection, patience_ms: int) -> None:
    # SQLite does not wait here as it does elsewhere when several processes start at once.
    patience_ends = time.monotonic() + patience_ms / 1000
    while True:
        try:
            mode = connection.pragma("journal_mode", "wal")
        except (apsw.BusyError, apsw.LockedError):
            if time.monotonic() > patience_ends:
                raise
            time.sleep(_PAUSE_S)
        else:
            break
    if mode != "wal":
        raise UnavailableError("The database's file system cannot hold a write-ahead log.")
