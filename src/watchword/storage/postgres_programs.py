"""PostgreSQL's own programs: where they are, which fits a server, and how one is run.

A password goes to them in their environment, never on the command line, where all can see it.
"""

import os
import re
import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

from watchword.core.kernel.errors import InvalidError, UnavailableError

DEBIANS_FOLDERS = "/usr/lib/postgresql"
CONNECT_S = 10
_LOOK_EVERY_MS = 500
_PIECE_BYTES = 2**18
_TOLD_BYTES_MAX = 600
_SECRETS: tuple[str, ...] = ("password",)
_SHOWN = ("sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")
"""Secrets that the programs take on their command line alone, where all can see them."""
_SOCKETS = "/run/postgresql,/var/run/postgresql,/tmp,/private/tmp,localhost"
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of PostgreSQL's and its version."""

    path: Path
    major: int
    version: str


@dataclass(frozen=True, slots=True)
class Address:
    """A database as libpq is told of it. `conninfo` has no secret in it."""

    conninfo: str
    secrets: dict[str, str] = field(repr=False)

    def hide(self, text: str) -> str:
        """Return what a program said, without any of the secrets."""
        for secret in filter(None, self.secrets.values()):
            text = text.replace(secret, "***")
        return text


def address_of(url: str) -> Address:
    """Read a database URL as our driver does. Raises InvalidError("database") without naming it."""
    import psycopg  # noqa: PLC0415 - 70 ms that only backups on PostgreSQL pay for
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415 - the same

    base, _, query = url.partition("?")
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    try:
        asked = dict(parse_qsl(query, strict_parsing=bool(query)))
        if "database" in asked:
            asked["dbname"] = asked.pop("database")
        _require_hidden(asked.keys())
        # The driver takes a name that libpq does not know for a setting of the session.
        more = [_session_setting(name, asked.pop(name)) for name in sorted(asked.keys() - known)]
        if more:
            asked["options"] = " ".join([asked.get("options", ""), *more]).strip()
        found = {**asked, **conninfo_to_dict(base)}
        if not {"host", "hostaddr", "service"} & found.keys():
            found["host"] = _usual_host()
        told = {name: str(value) for name, value in found.items()}
        secrets = {name: told.pop(name) for name in _SECRETS if name in told}
        return Address(make_conninfo("", **told), secrets)
    except (ValueError, psycopg.Error):
        message = (
            "PostgreSQL's own programs cannot read the URL of the database:"
            " write what is special in it as %XX."
        )
        raise InvalidError("database", message) from None


def _require_hidden(names: Iterable[str]) -> None:
    for name in sorted(set(_SHOWN) & set(names)):
        message = (
            f"Backups cannot use {name} in the URL of the database, for PostgreSQL's own programs"
            " would show it to everybody on this machine: say in backup.database how to reach the"
            " same database with a password, or with a certificate whose key has none. For a"
            " restore, say that in `database`."
        )
        raise InvalidError("database", message)


def _usual_host() -> str:
    """Return where our driver looks when nobody says where; libpq looks in one folder."""
    import psycopg  # noqa: PLC0415 - as in address_of

    usual = {option.keyword: option.val for option in psycopg.pq.Conninfo.get_defaults()}
    return (usual[b"host"] or b"").decode() or _SOCKETS


def _session_setting(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace(" ", r"\ ")
    return f"-c {name}={escaped}"


def find_program(name: str, *, pg_dump: str, major: int, for_what: str) -> Program:
    """Return the program whose version is nearest to one that is wanted, and not older.

    It is beside the `pg_dump` that the settings name, else on PATH or where Debian keeps each
    version. Raises InvalidError("pg_dump") with what to do.
    """
    found = list(_versions(_places(name, pg_dump)))
    if program := nearest(found, major=major):
        return program
    what_to_do = (
        f"Install the client programs of PostgreSQL {major} or newer (Debian's package"
        f" postgresql-client-{major}), or say in backup.pg_dump where they are."
    )
    if not found:
        where = f"beside {pg_dump}" if pg_dump else "on this machine"
        raise InvalidError("pg_dump", f"There is no {name} {where}. {what_to_do}")
    newest = max(found, key=lambda one: one.major)
    message = (
        f"{newest.path} is of PostgreSQL {newest.version}, older than {for_what}. {what_to_do}"
    )
    raise InvalidError("pg_dump", message)


def nearest(programs: Iterable[Program], *, major: int) -> Program | None:
    """Return the oldest one that is not older: a newer one writes what an old server lacks."""
    fitting = (one for one in programs if one.major >= major)
    return min(fitting, key=lambda one: one.major, default=None)


def _places(name: str, pg_dump: str) -> list[Path]:
    if pg_dump:
        given = Path(shutil.which(pg_dump) or pg_dump)
        return [given.with_name(given.name.replace("pg_dump", name))]
    on_path = shutil.which(name)
    return [
        *([Path(on_path)] if on_path else []),
        *sorted(Path(DEBIANS_FOLDERS).glob(f"*/bin/{name}")),
    ]


def _versions(places: Iterable[Path]) -> Iterator[Program]:
    for path in places:
        with suppress(OSError, subprocess.SubprocessError):
            told = subprocess.run(  # noqa: S603 - a program that the operator installed
                [path, "--version"], capture_output=True, text=True, check=True, timeout=CONNECT_S
            )
            if match := _VERSION.search(told.stdout):
                yield Program(path, int(match[1]), match[1] + match[2])


@dataclass(frozen=True, slots=True)
class Running:
    """A program that runs, and what it complains of."""

    process: "subprocess.Popen[bytes]"
    complaints: IO[bytes]
    name: str
    address: Address | None

    def read(self, look: Callable[[], None]) -> Iterator[bytes]:
        """Yield what it writes; `look` is called at least twice a second, and may raise."""
        stream = self.process.stdout
        assert stream is not None
        waiting = select.poll()
        waiting.register(stream, select.POLLIN)
        while True:
            look()
            if not waiting.poll(_LOOK_EVERY_MS):
                continue
            piece = os.read(stream.fileno(), _PIECE_BYTES)
            if not piece:
                return
            yield piece

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Write to it; one that has had enough is left alone."""
        stream = self.process.stdin
        assert stream is not None
        with suppress(BrokenPipeError):
            for piece in pieces:
                stream.write(piece)
        with suppress(BrokenPipeError):
            stream.close()

    def end(self) -> None:
        """Wait for its end. Raises UnavailableError with its own words if it ended badly."""
        if self.process.wait() != 0:
            raise UnavailableError(f"{self.name} failed: {self.told() or 'it said nothing'}")

    def told(self) -> str:
        """Return what it complained of last."""
        size = self.complaints.seek(0, os.SEEK_END)
        self.complaints.seek(max(0, size - _TOLD_BYTES_MAX))
        text = " ".join(self.complaints.read().decode("utf-8", "replace").split())
        return self.address.hide(text) if self.address else text


@contextmanager
def running(
    program: Program,
    *arguments: str,
    address: Address | None = None,
    output: IO[bytes] | None = None,
) -> Iterator[Running]:
    """Run a program until the end of the block; one that runs still is killed then.

    What it writes goes to `output`, or can be read. Without us it meets the end of its input,
    or nobody to write to, and ends as well.
    """
    command = [str(program.path), *arguments]
    if address is not None:
        command += ["--no-password", f"--dbname={address.conninfo}"]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603 - a program that the operator installed
            command,
            stdin=subprocess.PIPE,
            stdout=output or subprocess.PIPE,
            stderr=complaints,
            env=_environment(address),
        ) as process,
    ):
        try:
            yield Running(process, complaints, program.path.name, address)
        finally:
            process.kill()


def _environment(address: Address | None) -> dict[str, str]:
    """Return what a program inherits: all but what is ours, and the password."""
    inherited = {
        name: text
        for name, text in os.environ.items()  # noqa: TID251 - handed on, and never looked into
        if not name.startswith("WATCHWORD_")
    }
    told = {"PGCONNECT_TIMEOUT": str(CONNECT_S), **inherited, "LC_ALL": "C"}
    if address is not None and "password" in address.secrets:
        told["PGPASSWORD"] = address.secrets["password"]
    return told
