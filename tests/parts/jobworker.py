"""The program `watchword worker`, as a process that works on the jobs of a store."""

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parts.server import PROGRAM, READY_S, STOP_S, Store, environment
from parts.waiting import until

READY = "works on jobs"
BEGUN = "job begun"


@dataclass(frozen=True, slots=True)
class JobWorker:
    """A worker that runs, or has run."""

    process: subprocess.Popen[bytes]
    log: Path
    out: Path

    def begun(self) -> list[int]:
        """Return the jobs that it has begun, in order, one as often as it did."""
        lines = self.log.read_text("utf-8").splitlines()
        # Of the last line there may be no more than the beginning.
        told = [json.loads(line) for line in lines if line.endswith("}")]
        return [line["job"] for line in told if line["event"] == BEGUN]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(STOP_S)

    def stop(self) -> int:
        """Tell it to end, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def working(
    store: Store, *words: str, settings: Mapping[str, str] | None = None
) -> Iterator[JobWorker]:
    """Run a worker until the end of the block, from when it is ready."""
    store.outputs.mkdir(exist_ok=True)
    number = len(list(store.outputs.glob("*.worker-log")))
    log, out = (store.outputs / f"{number}.{ending}" for ending in ("worker-log", "worker-out"))
    with log.open("wb") as stderr, out.open("wb") as stdout:
        process = subprocess.Popen(
            [PROGRAM, *store.where, "worker", *words],
            cwd=store.outputs,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    worker = JobWorker(process, log, out)
    try:
        until(lambda: READY in out.read_text("utf-8"), within=READY_S)
        yield worker
    finally:
        worker.kill()
