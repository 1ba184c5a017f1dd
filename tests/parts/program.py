"""A program that serves a small app; tests start it, send it signals and read what it says."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.types import Receive, Scope, Send

from parts.peer import Peer, get, is_listening
from parts.serving import answer, live
from parts.waiting import until
from watchword.http.gate import Served
from watchword.http.listening import ServeError
from watchword.http.server import ServerConfig, serve

ROOT = Path(__file__).resolve().parents[2]
DOWN = "the database is down"
SOUP = f"Traceback (most recent call last):\n  ...\nRuntimeError: {DOWN}\n"
PATHS = os.pathsep.join(str(ROOT / folder) for folder in ("src", "tests"))


@dataclass(frozen=True)
class Plan:
    """How the program behaves."""

    workers: int = 1
    port: int = 0
    grace_seconds: int = 10
    slow_seconds: float = 0.1
    start: str = "well"
    """Or "badly" (an exception), "reported" (what Starlette says), "dead" (the process ends)."""
    broken: str = ""
    """While this file exists, no worker can start."""
    late: str = ""
    """The second worker takes a while to start, and then makes this file."""


@dataclass(frozen=True)
class SmallApp:
    """Says which process answers; `/slow` takes a while, `/forever` does not end."""

    plan: Plan
    index: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            if self.plan.start == "reported":
                await send({"type": "lifespan.startup.failed", "message": SOUP})
                return
            await _pause(0.3 if self.plan.late and self.index == 1 else 0.0)
            self._start()
            await live(receive, send)
            return
        patience = {"/slow": self.plan.slow_seconds, "/forever": 1000.0}.get(scope["path"])
        if patience is not None:
            await _pause(patience)
        await answer(send, {"pid": os.getpid(), "index": self.index})

    def _start(self) -> None:
        if self.plan.start == "dead":
            os._exit(7)
        if self.plan.late and self.index == 1:
            Path(self.plan.late).touch()
        if self.plan.start == "badly" or (self.plan.broken and Path(self.plan.broken).exists()):
            raise RuntimeError(DOWN)


async def _pause(seconds: float) -> None:
    """Take as long as real work would."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


@dataclass(frozen=True)
class Program:
    """The program as its tests see it."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, path: str = "/") -> dict[str, int]:
        with Peer(self.port) as peer:
            told: dict[str, int] = json.loads(peer.ask(get(path)).body)
        return told

    def workers(self) -> list[int]:
        """Return the ids of the processes below this one."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        return [int(child) for child in children.split()]


def start(plan: Plan) -> subprocess.Popen[str]:
    """Start the program without waiting for it."""
    command = [sys.executable, "-W", "error", "-m", "parts.program", json.dumps(asdict(plan))]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PATHS},
    )


@contextmanager
def ready(plan: Plan) -> Iterator[Program]:
    """Start the program and wait until it is ready; kill what is left of it at the end."""
    with start(plan) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().split(":")
            assert said[0] == "ready http"
            program = Program(process, int(said[-1]))
            yield program
        finally:
            process.kill()
    # Workers follow a parent that was killed.
    until(lambda: not is_listening(program.port))


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    plan = Plan(**json.loads(sys.argv[1]))
    config = ServerConfig(port=plan.port, workers=plan.workers, grace_seconds=plan.grace_seconds)
    try:
        return serve(
            lambda index: Served(app=SmallApp(plan, index)),
            config,
            on_ready=lambda urls: print("ready", *urls, flush=True),  # noqa: T201 (a program's output)
        )
    except ServeError as error:
        print(error, file=sys.stderr)  # noqa: T201 (a program's output)
        return 1


if __name__ == "__main__":
    sys.exit(main())
