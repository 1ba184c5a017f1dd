"""The program itself, `watchword serve`, as a process on a store of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parts.waiting import until

PROGRAM = Path(sys.executable).with_name("watchword")
LISTENS = re.compile(r"listens on \w+://[^ ]+:(\d+)")
READY_S = 40.0
STOP_S = 20.0
FOR_ALL = {"WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "127.0.0.0/8"}
"""Settings for a test whose requests all come from one address."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where a server keeps what it knows."""

    folder: Path
    database: str | None = None

    @property
    def where(self) -> list[str]:
        """Return the options that lead every command there."""
        database = ["--database", self.database] if self.database else []
        return ["--data", str(self.folder), *database]

    @property
    def file(self) -> Path:
        """Return the SQLite database."""
        assert self.database is None
        return self.folder / "watchword.db"

    @property
    def outputs(self) -> Path:
        """Return the folder in which all servers of this store leave what they say."""
        return self.folder.with_name(f"{self.folder.name}-outputs")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, or has run."""

    process: subprocess.Popen[bytes]
    log: Path
    out: Path
    port: int = 0

    def workers(self) -> list[int]:
        """Return the ids of the processes below the first; there are none with one worker."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [int(child) for child in children.split()]

    def peak_mib(self) -> float:
        """Return the most memory that its processes ever held, added up."""
        return sum(peak_mib(pid) for pid in (self.process.pid, *self.workers()))

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Tell it to end, and return the exit code."""
        self.terminate()
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        """Kill all of it at once, as a machine does that loses its power."""
        # Once it was waited for, its number may be another's; workers follow their parent anyway.
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S)

    def told(self) -> str:
        """Return what it wrote to its log."""
        return self.log.read_text("utf-8")


def start(store: Store, *words: str, settings: Mapping[str, str] | None = None) -> Server:
    """Start a server on a free port without waiting for it."""
    store.outputs.mkdir(exist_ok=True)
    number = len(list(store.outputs.glob("*.log")))
    log, out = (store.outputs / f"{number}.{ending}" for ending in ("log", "out"))
    port = [] if "--port" in words else ["--port", "0"]
    with log.open("wb") as stderr, out.open("wb") as stdout:
        process = subprocess.Popen(
            [PROGRAM, "serve", *store.where, *port, *words],
            cwd=store.outputs,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,  # so that `kill` reaches all of its processes
        )
    return Server(process, log, out)


def wait_ready(server: Server) -> Server:
    """Wait until it accepts requests, and return it with its port."""

    def look() -> re.Match[str] | None:
        found = LISTENS.search(server.out.read_text("utf-8"))
        assert found or server.process.poll() is None, server.told()
        return found

    found = until(look, within=READY_S)
    return Server(server.process, server.log, server.out, int(found[1]))


@contextmanager
def serving(
    store: Store, *words: str, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until the end of the block; whatever is left of it then is killed."""
    server = start(store, *words, settings=settings)
    try:
        yield wait_ready(server)
    finally:
        server.kill()


def refuses_to_start(
    store: Store, *words: str, settings: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Start a server that must end by itself; return its exit code and what it said."""
    server = start(store, *words, settings=settings)
    try:
        code = server.process.wait(READY_S)
    finally:
        server.kill()
    return code, server.told() + server.out.read_text("utf-8")


def command(
    store: Store, *words: str, typed: str = "", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run another command of the program on the same store."""
    return subprocess.run(
        [PROGRAM, *store.where, *words],
        input=typed,
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(settings),
        check=False,
    )


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with these settings and no others."""
    return {"PATH": os.environ["PATH"], **(settings or {})}


def peak_mib(pid: int) -> float:
    """Return the most memory that a process ever held."""
    lines: Sequence[str] = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
