"""Copies a PostgreSQL database by pg_dump, and loads such a copy by pg_restore.

pg_dump reads in one snapshot, so the copy is of one moment. Both programs are fed and read
through pipes: one whose other end was killed changes nothing.
"""

import io
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.storage.backup_contents import (
    APPLIED,
    INSTANCE,
    SIGNING_COLUMNS,
    Contents,
    Copied,
    changes,
    signing_key,
)
from watchword.storage.backup_disk import writing_to
from watchword.storage.backup_folder import without_name
from watchword.storage.backup_watch import Watch, pieces
from watchword.storage.engine import TableMissingError
from watchword.storage.postgres_programs import (
    CONNECT_S,
    Address,
    Program,
    address_of,
    find_program,
    running,
)
from watchword.storage.statement import Row

if TYPE_CHECKING:
    import psycopg

_LOCK_WAIT = "60s"
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p', 'S')
    AND relnamespace NOT IN (
        SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema'
    )
    AND NOT EXISTS (
        SELECT 1 FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
"""
"""What is in a database that is not empty. What belongs to an extension may be there anyway."""

_WANTED = {
    "schema_migrations": ("name", "checksum"),
    "signing_keys": SIGNING_COLUMNS,
    "api_keys": ("digest",),
}
_COPY = re.compile(r"COPY (?:\w+\.)?(\w+) \((.*)\) FROM stdin;\n")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NULL = r"\N"
_END = "\\.\n"
_MIGRATED = "The database was migrated meanwhile, so the copy is not kept: start again."
_NOT_OURS = "The database in the backup cannot be read: its tables are not as ours are."


@contextmanager
def copied_postgres(url: str, *, scratch: Path, pg_dump: str, watch: Watch) -> Iterator[Copied]:
    """Copy a database into a file without a name in `scratch`; it is gone after the block.

    `pg_dump` is a program, or empty. Raises InvalidError if there is no pg_dump that fits,
    and UnavailableError if it or the server fails, or the disk is full.
    """
    address = address_of(url)
    with _connected(address) as server:
        migrations, instance = told = _told(server)
        version, major = _version(server)
    program = find_program(
        "pg_dump", pg_dump=pg_dump, major=major, for_what=f"the server, PostgreSQL {version}"
    )
    with ExitStack() as stack:
        with writing_to(scratch):
            stream = stack.enter_context(without_name(scratch))
            size = _dump(program, address, stream, watch)
        with _connected(address) as server:
            # pg_dump has a snapshot of its own: it may have seen either.
            if _told(server) != told:
                raise UnavailableError(_MIGRATED)
        yield Copied(
            stream=stream,
            size=size,
            engine_version=version,
            instance=instance,
            migrations=migrations,
            dumped_by=program.major,
        )


def look_into_postgres(dump: Path, *, dumped_by: int, pg_dump: str) -> Contents:
    """Have pg_restore read what is in a copy. Raises InvalidError("file") if it cannot."""
    program = _restorer(pg_dump, dumped_by)
    try:
        with tempfile.TemporaryFile() as output:
            _feed(program, dump, "--list", output=output)
        return _contents(_read(program, dump, _WANTED))
    except UnavailableError as error:
        message = f"The database in the backup cannot be read: {error}"
        raise InvalidError("file", message) from error
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise InvalidError("file", _NOT_OURS) from error


def _contents(found: Mapping[str, Sequence[Row]]) -> Contents:
    return Contents(
        migrations={str(name): str(checksum) for name, checksum in found["schema_migrations"]},
        signing_keys=tuple(signing_key(_with_numbers(row)) for row in found["signing_keys"]),
        api_key_digests=tuple(str(row[0]) for row in found["api_keys"]),
        counts={},
    )


def load_postgres(url: str, dump: Path, *, dumped_by: int, pg_dump: str) -> None:
    """Load a copy into an empty database, all of it or nothing."""
    options = ("--single-transaction", "--no-owner", "--no-privileges")
    program = _restorer(pg_dump, dumped_by)
    _feed(program, dump, *options, address=address_of(url))


def settle_postgres(url: str, *, at: datetime) -> None:
    """Change what a restore changes in a database that was just loaded."""
    import psycopg  # noqa: PLC0415 - as in address_of

    with _connected(address_of(url)) as server, server.transaction():
        tables = _tables(server)
        # This cursor has the places for values that all our SQL has.
        cursor = psycopg.RawCursor(server)
        for statement in changes(tables, at=at):
            cursor.execute(statement.sql.encode(), statement.values)


def tables_of_postgres(url: str) -> set[str]:
    """Return the names of all tables in a database; nothing if it is empty."""
    with _connected(address_of(url)) as server:
        return _tables(server)


def is_store_of(url: str, *, instance: str | None, migrations: Mapping[str, str]) -> bool:
    """Say whether a database with tables is this very store."""
    with _connected(address_of(url)) as server:
        if not {"schema_migrations", "facts"} <= _tables(server):
            return False
        return _told(server) == (migrations, instance)


def require_server(url: str, *, version: str) -> None:
    """Raise InvalidError("database") if a server is older than the one that was copied."""
    with _connected(address_of(url)) as server:
        here, major = _version(server)
    number = _NUMBER.match(version)
    if number is None:
        raise InvalidError("file", "The backup does not say of which PostgreSQL it is.")
    if major < int(number[0]):
        message = (
            f"The backup is of PostgreSQL {version}, and the server is PostgreSQL {here}:"
            " restore it into one that is not older."
        )
        raise InvalidError("database", message)


def _dump(program: Program, address: Address, stream: BinaryIO, watch: Watch) -> int:
    size = 0
    options = ("--format=custom", f"--lock-wait-timeout={_LOCK_WAIT}")
    with running(program, *options, address=address) as run:
        for piece in run.read(watch.look):
            size += stream.write(piece)
            watch.at(size)
        stream.flush()
        run.end()
    return size


def _restorer(pg_dump: str, dumped_by: int) -> Program:
    made_by = f"the pg_dump {dumped_by} that made the backup"
    return find_program("pg_restore", pg_dump=pg_dump, major=dumped_by, for_what=made_by)


def _feed(
    program: Program,
    dump: Path,
    *options: str,
    address: Address | None = None,
    output: IO[bytes] | None = None,
) -> None:
    with (
        dump.open("rb") as stream,
        running(program, *options, address=address, output=output) as run,
    ):
        run.feed(pieces(stream))
        run.end()


def _read(
    program: Program, dump: Path, wanted: Mapping[str, Sequence[str]]
) -> dict[str, list[Row]]:
    """Return some columns of some tables as text. One that is not there has no rows."""
    options = ["--data-only", "--file=-", *(f"--table={name}" for name in wanted)]
    found: dict[str, list[Row]] = {name: [] for name in wanted}
    with tempfile.TemporaryFile() as output:
        _feed(program, dump, *options, output=output)
        output.seek(0)
        lines = io.TextIOWrapper(output, "utf-8", "replace", newline="\n")
        for line in lines:
            if (copy := _COPY.fullmatch(line)) and copy[1] in wanted:
                places = [copy[2].split(", ").index(column) for column in wanted[copy[1]]]
                found[copy[1]] += _rows(lines, places)
    return found


def _rows(lines: Iterator[str], places: Sequence[int]) -> Iterator[Row]:
    for line in lines:
        if line == _END:
            return
        columns = line.rstrip("\n").split("\t")
        yield tuple(_column(columns[place]) for place in places)


def _column(text: str) -> str | None:
    if text == _NULL:
        return None
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _with_numbers(row: Row) -> Row:
    *texts, created_at, retired_at = row
    return (*texts, int(created_at), None if retired_at is None else int(retired_at))


@contextmanager
def _connected(address: Address) -> "Iterator[psycopg.Connection[tuple[Any, ...]]]":
    import psycopg  # noqa: PLC0415 - as in address_of
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 - the same

    try:
        whole = make_conninfo(address.conninfo, **address.secrets)
        with psycopg.connect(whole, autocommit=True, connect_timeout=CONNECT_S) as server:
            yield server
    except psycopg.errors.UndefinedTable as error:
        raise TableMissingError from error
    except psycopg.Error as error:
        # The driver's own text may hold parts of the URL.
        raise UnavailableError(f"PostgreSQL does not answer: {type(error).__name__}.") from error


def _told(server: "psycopg.Connection[tuple[Any, ...]]") -> tuple[Mapping[str, str], str | None]:
    """Return the migrations that a store has had, and which store it is."""
    migrations = dict(server.execute(APPLIED).fetchall())
    instance = server.execute(INSTANCE).fetchone()
    return migrations, instance[0] if instance else None


def _tables(server: "psycopg.Connection[tuple[Any, ...]]") -> set[str]:
    return {name for (name,) in server.execute(_TABLES)}


def _version(server: "psycopg.Connection[tuple[Any, ...]]") -> tuple[str, int]:
    """Return the version of a server in full, and its first number."""
    told = server.info.parameter_status("server_version") or ""
    return told.partition(" ")[0], server.info.server_version // 10_000
