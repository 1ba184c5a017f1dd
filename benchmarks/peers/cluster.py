"""A PostgreSQL of our own for a run, as it comes: what it acknowledges is on the disk."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers.ground import Unusable, last_line
from processes import free_port

_CONNECTIONS_MAX = 200


class Cluster:
    """One server; each peer has a database of its own in it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._port = free_port()
        self._made = 0

    @property
    def pid(self) -> int:
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        data = str(self._folder / "data")
        self._run("initdb", "--pgdata", data, *options)
        places = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        settings = f"-p {self._port} -c max_connections={_CONNECTIONS_MAX} {places}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "-D", data, "--log", log, "--options", settings)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "-D", str(self._folder / "data"), "--mode=immediate")

    def database(self) -> str:
        """Make one more database, and return where it is."""
        self._made += 1
        name = f"bench{self._made}"
        where = ["-h", "127.0.0.1", "-p", str(self._port), "-U", "postgres"]
        self._run("createdb", *where, name)
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        found = self._programs / program
        path = str(found) if found.exists() else shutil.which(program)
        if not path:
            raise Unusable(f"{program} is missing")
        log = self._folder / "output"
        # A file, since the server inherits it and a pipe would never close.
        with log.open("ab") as output:
            command = [*_as_its_owner(), path, *arguments]
            ended = subprocess.run(
                command, cwd=self._folder, stdout=output, stderr=output, check=False
            )
        if ended.returncode:
            raise Unusable(f"{program}: {last_line(log.read_text())}")


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Run it until the block ends."""
    folder.mkdir()
    if owner := _owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    programs = find_programs()
    if not programs:
        raise Unusable("no PostgreSQL here. On Debian: apt-get install postgresql")
    cluster = Cluster(programs, folder)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def find_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL; Debian keeps it out of PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _owner() -> pwd.struct_passwd | None:
    """Return who runs it if we are root, whom it refuses."""
    if os.geteuid():
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _as_its_owner() -> list[str]:
    owner = _owner()
    if not owner:
        return []
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}"]
    return ["setpriv", *ids, "--clear-groups"]
