"""Copies a SQLite database while others write to it, and looks into such a copy.

SQLite's own backup begins anew whenever another connection has written, and so never ends
beside a busy server. Here its source is a connection that stays in one read transaction: what
it reads is one moment, and writers go on in the write-ahead log.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

import apsw

from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.signing.model import SigningKey
from watchword.storage.backup_contents import (
    APPLIED,
    COUNTED,
    INSTANCE,
    SIGNING_COLUMNS,
    Contents,
    Copied,
    changes,
    signing_key,
)
from watchword.storage.backup_disk import require_room, writing_to
from watchword.storage.backup_folder import COPY, half_made
from watchword.storage.backup_watch import Watch
from watchword.storage.sqlite_file import DatabaseFile, translated
from watchword.storage.sqlite_words import placed

_PATIENCE_MS = 5000
_PAGES_AT_ONCE = 256
_LOOK_EVERY_STEPS = 100_000
"""Of SQLite's virtual machine: some milliseconds."""

_VERSIONS_AT = 18
_NO_LOG = b"\x01\x01"
"""What stands there in a file that needs no write-ahead log: such a copy opens anywhere."""

_DAMAGED = "The database in the backup is damaged: {}"


@contextmanager
def copied_sqlite(file: Path, *, scratch: Path, target: Path, watch: Watch) -> Iterator[Copied]:
    """Copy a database into a file without a name in `scratch`; it is gone after the block.

    Raises UnavailableError if it is damaged, or if there is no room for the copy and for as
    much again in `target`.
    """
    with ExitStack() as stack:
        with _snapshot(file) as source:
            _look_through(source, watch)
            size = int(source.pragma("page_count")) * int(source.pragma("page_size"))
            with writing_to(scratch, needs=size):
                require_room([(scratch, size), (target, size)])
                copy = stack.enter_context(half_made(scratch, COPY))
                _copy(source, copy.path, watch, size)
                os.pwrite(copy.stream.fileno(), _NO_LOG, _VERSIONS_AT)
            instance = source.execute(INSTANCE).get
            migrations = _applied(source)
        yield Copied(
            stream=copy.stream,
            size=os.fstat(copy.stream.fileno()).st_size,
            engine_version=apsw.sqlite_lib_version(),
            instance=instance,
            migrations=migrations,
        )


def look_into_sqlite(file: Path) -> Contents:
    """Check a copy that nobody uses, and return what is in it. Raises InvalidError("file")."""
    with _opened_copy(file, apsw.SQLITE_OPEN_READONLY) as copy:
        problems = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if problems != [("ok",)]:
            raise InvalidError("file", _DAMAGED.format(problems[0][0]))
        if copy.execute("PRAGMA foreign_key_check").fetchall():
            raise InvalidError("file", _DAMAGED.format("a row refers to one that is not there"))
        tables = _tables(copy)
        return Contents(
            migrations=_applied(copy),
            signing_keys=_signing_keys(copy) if "signing_keys" in tables else (),
            api_key_digests=_digests(copy) if "api_keys" in tables else (),
            counts={name: _count(copy, name) for name in COUNTED if name in tables},
        )


def settle_sqlite(file: Path, *, at: datetime) -> None:
    """Change what a restore changes in a copy that nobody uses, for good."""
    with (
        writing_to(file.parent),
        _opened_copy(file, apsw.SQLITE_OPEN_READWRITE) as copy,
        _disk_told(copy),
    ):
        tables = _tables(copy)
        copy.execute("PRAGMA synchronous = FULL")
        with copy:
            for statement in changes(tables, at=at):
                copy.execute(placed(statement.sql), statement.values)


@contextmanager
def _snapshot(file: Path) -> Iterator[apsw.Connection]:
    """Open a database in a read transaction: all that is read is as it was at one moment."""
    try:
        with closing(DatabaseFile(file).connect(patience_ms=_PATIENCE_MS)) as source:
            source.execute("PRAGMA query_only = ON")
            source.execute("BEGIN")
            source.execute(APPLIED).fetchall()
            yield source
    except apsw.Error as error:
        ours = translated(error)
        if ours is error:
            raise
        raise ours from error


def _look_through(source: apsw.Connection, watch: Watch) -> None:
    """See that the database is whole: a backup of a damaged one must not outlive a good one."""
    source.set_progress_handler(lambda: not watch.is_wanted(), _LOOK_EVERY_STEPS)
    try:
        problems = source.execute("PRAGMA quick_check(1)").fetchall()
    except apsw.InterruptError:
        watch.look()
        raise
    finally:
        source.set_progress_handler(None)
    if problems != [("ok",)]:
        message = f"The database is damaged, and no backup was made of it: {problems[0][0]}"
        raise UnavailableError(message)


def _copy(source: apsw.Connection, path: Path, watch: Watch, size: int) -> None:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as copy:
        # Whoever kills us now leaves nothing that anybody could read.
        path.unlink()
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            copy.execute(f"PRAGMA {pragma}")
        with _disk_told(copy), copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_AT_ONCE)
                done = 1 - backup.remaining / max(backup.page_count, 1)
                watch.at(int(size * done), 2 * size)


@contextmanager
def _disk_told(copy: apsw.Connection) -> Iterator[None]:
    """Turn what SQLite says of a disk back into what the disk said."""
    try:
        yield
    except apsw.FullError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
    except apsw.IOError as error:
        number = copy.system_errno or errno.EIO
        raise OSError(number, os.strerror(number)) from error


@contextmanager
def _opened_copy(file: Path, flags: int) -> Iterator[apsw.Connection]:
    """Open a copy whose schema nobody vouches for."""
    try:
        with closing(apsw.Connection(str(file), flags=flags)) as copy:
            copy.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
            copy.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
            copy.execute("PRAGMA cell_size_check = ON")
            yield copy
    except apsw.Error as error:
        raise InvalidError("file", _DAMAGED.format(error)) from error


def _tables(copy: apsw.Connection) -> set[str]:
    return {name for (name,) in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _applied(connection: apsw.Connection) -> dict[str, str]:
    return {str(name): str(checksum) for name, checksum in connection.execute(APPLIED)}


def _signing_keys(copy: apsw.Connection) -> tuple[SigningKey, ...]:
    sql = f"SELECT {', '.join(SIGNING_COLUMNS)} FROM signing_keys"  # noqa: S608 - names of ours
    return tuple(signing_key(row) for row in copy.execute(sql))


def _digests(copy: apsw.Connection) -> tuple[str, ...]:
    return tuple(digest for (digest,) in copy.execute("SELECT digest FROM api_keys"))


def _count(copy: apsw.Connection, table: str) -> int:
    return int(copy.execute(f"SELECT COUNT(*) FROM {table}").get)  # noqa: S608 - a name of ours
