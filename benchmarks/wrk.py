"""Press a server with wrk, for what the load in Python is too slow to measure.

`load.py` does about 45,000 requests a second at most and takes a whole core for it; wrk does
several times that. wrk sends ready-made requests in turn and nothing more; what must not be
the same twice holds UNIQUE.

What to know of wrk 4.1 before its figures are believed:

- It calls a status from 400 on an error and nothing else. `each=True` looks at every answer,
  counts by status and takes only 2xx for good; that costs wrk microseconds an answer.
- Who never answers is not counted at all, since a time-out is noted when the late answer
  comes. So a server that hangs shows as `silent`.
- It evens its percentiles out for coordinated omission: who is slow for longer than usual
  is counted for the requests that would have been sent meanwhile.
"""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

CONNECTIONS = 16
TIMEOUT_S = 10
UNIQUE = "UNIQUE0UNIQUE0UNIQUE"
"""Put into a request, it becomes something else of the same length each time it is sent."""

_SCRIPT = Path(__file__).with_name("press.lua")
_MARK = "RESULT "


@dataclass(frozen=True)
class Errors:
    """What went wrong, by its kind."""

    status: int = 0
    lacking: int = 0
    connect: int = 0
    read: int = 0
    write: int = 0
    timeout: int = 0
    silent: int = 0

    @property
    def answered(self) -> int:
        """Return how many answers were bad; the rest are requests without an answer."""
        return self.status + self.lacking + self.timeout

    @property
    def total(self) -> int:
        return self.answered + self.connect + self.read + self.write + self.silent

    def told(self) -> str:
        """Name each kind that there was."""
        kinds = [f"{count} {kind}" for kind, count in vars(self).items() if count]
        return ", ".join(kinds) or "none"


@dataclass(frozen=True)
class Outcome:
    """What came back in one turn, and the processor time of wrk itself."""

    seconds: float
    answers: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    errors: Errors
    cpu_s: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def good(self) -> int:
        # A late answer with a bad status is taken off twice: rather too few than too many.
        return max(0, self.answers - self.errors.answered)

    @property
    def rate(self) -> float:
        """Return good answers a second."""
        return self.good / self.seconds

    @property
    def bad(self) -> str:
        return self.errors.told()


def press(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: int,
    warm_up: int = 0,
    connections: int = CONNECTIONS,
    each: bool = False,
    want: str = "",
) -> Outcome:
    """Send these requests in turn over kept connections for so long, one thread of wrk.

    `load.request` makes them. A body that lacks `want` is an error (only with `each`).
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        file.write_bytes(b"".join(b"%d\n%b" % (len(raw), raw) for raw in requests))
        look = ["each" if each or want else "all", want]
        if warm_up:
            _run(port, [str(file), *_unique(), *look], warm_up, connections)
        return _run(port, [str(file), *_unique(), *look], seconds, connections)


def proven(port: int, requests: Sequence[bytes], *, want: str) -> Outcome:
    """Press for a second, which also warms up, and end unless each answer is what it should be."""
    outcome = press(port, requests, seconds=1, want=want)
    if outcome.errors.total or not outcome.answers:
        raise SystemExit(f"wrong answers: {outcome.bad}, by status {outcome.statuses}")
    return outcome


def program() -> str:
    """Return where wrk is, or end with what to install."""
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("wrk is missing. On Debian: apt-get install wrk")
    return found


def _unique() -> list[str]:
    return [UNIQUE, secrets.token_hex(4)]


def _run(port: int, arguments: list[str], seconds: int, connections: int) -> Outcome:
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{TIMEOUT_S}s"]
    url = f"http://127.0.0.1:{port}"
    command = [program(), *options, "-s", str(_SCRIPT), url, "--", *arguments]
    with tempfile.TemporaryFile("w+") as output:
        status, cpu_s = _wait(command, output)
        output.seek(0)
        said = output.read()
    if status:
        raise SystemExit(f"wrk ended with {status}: {said}")
    return read(said, connections=connections, cpu_s=cpu_s)


def _wait(command: list[str], output: IO[str]) -> tuple[int, float]:
    """Run a program; return its exit code and the processor time that it took, in seconds."""
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def read(said: str, *, connections: int, cpu_s: float) -> Outcome:
    """Read what wrk and our script printed."""
    results = [line for line in said.splitlines() if line.startswith(_MARK)]
    if not results:
        raise SystemExit(f"wrk told no result: {said}")
    told = json.loads(results[-1].removeprefix(_MARK))
    statuses = {int(status): count for status, count in told["statuses"].items()}
    return Outcome(
        seconds=told["duration_us"] / 1e6,
        answers=told["answers"],
        p50_ms=told["p50_us"] / 1e3,
        p99_ms=told["p99_us"] / 1e3,
        max_ms=told["max_us"] / 1e3,
        errors=_errors(told, statuses, connections),
        cpu_s=cpu_s,
        statuses=statuses,
    )


def _errors(told: dict[str, Any], statuses: dict[int, int], connections: int) -> Errors:
    kinds = {kind: told[kind] for kind in ("status", "lacking", "connect", "read", "write")}
    if statuses:
        kinds["status"] = sum(n for status, n in statuses.items() if not 200 <= status < 300)
        # A refusal lacks what was wanted too; it is told once, by its status.
        kinds["lacking"] = max(0, kinds["lacking"] - kinds["status"])
    nothing = not told["answers"] and not any(kinds.values())
    return Errors(**kinds, timeout=told["timeout"], silent=connections if nothing else 0)
