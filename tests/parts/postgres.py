"""A throw-away PostgreSQL server, made from whatever binaries the machine has."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from parts.peer import free_port

STARTS_MAX = 3


class PostgresMissingError(Exception):
    """There is no PostgreSQL server on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """One server in a folder of its own; it may be stopped and started again."""

    binaries: Path
    folder: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
            " -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"
            # Nobody but who is tested writes, so that writes can be counted.
            " -c autovacuum=off"
        )
        log = str(self.folder / "log")
        self._control("start", "--wait", "--log", log, "--options", options)

    def stop(self, *, mode: str = "immediate") -> None:
        self._control("stop", "--wait", "--mode", mode)

    def _control(self, verb: str, *arguments: str) -> None:
        command = [str(self.binaries / "pg_ctl"), verb, "-D", str(self.folder / "data"), *arguments]
        _run(command, folder=self.folder)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Run a fresh server; its folder is gone afterwards."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="watchword-pg-"))
    try:
        if owner := _owner():
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _make_cluster(binaries, folder)
        server = _start_somewhere(binaries, folder)
        try:
            yield server
        finally:
            # A test may have stopped or killed its own server.
            with suppress(subprocess.CalledProcessError):
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """Return the folder that holds the newest `initdb`."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    # Debian keeps the server programs out of PATH, in one folder for each major version.
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parent.parent.name),
    )
    if not versions:
        message = "no PostgreSQL server here: install Debian's package `postgresql`"
        raise PostgresMissingError(message)
    return versions[-1].parent


def _make_cluster(binaries: Path, folder: Path) -> None:
    program = str(binaries / "initdb")
    options = ["-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    _run([program, *options, "--no-sync", "--locale=C.UTF-8"], folder=folder)


def _start_somewhere(binaries: Path, folder: Path) -> PostgresServer:
    """Start on a free port; another process may take the port first, so try again."""
    for last in range(STARTS_MAX - 1, -1, -1):
        server = PostgresServer(binaries=binaries, folder=folder, port=free_port())
        try:
            server.start()
        except subprocess.CalledProcessError:
            if not last:
                raise
        else:
            return server
    raise AssertionError


def _owner() -> pwd.struct_passwd | None:
    """Return who runs the server: nobody else, unless we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _run(command: list[str], *, folder: Path) -> None:
    if owner := _owner():
        ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}"]
        command = ["setpriv", *ids, "--clear-groups", *command]
    # The output goes to a file: the server inherits it, and a pipe would never close.
    with tempfile.TemporaryFile() as output:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(
            command, check=True, cwd=folder, env=environment, stdout=output, stderr=output
        )
