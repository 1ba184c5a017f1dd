"""20,000 people of Active Directory: how long a look at all of them takes, and at ten who changed.

The seconds of a job are its own, from its beginning to its end as it was stored. Those of the
command have the start of the program in them, and the wait until somebody begins with the job.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from comparing import line
from processes import PROGRAM, Running, watchword

from journeys.directory import BY_HAND, settings_of
from parts.domain import BASE_DN, Domain

CROWD = "OU=Crowd"
CHANGED, CLOSED = 7, 3

Json = Any  # what a command prints


@dataclass(frozen=True)
class Look:
    """What one synchronisation took, and what it did."""

    job_s: float
    command_s: float
    peak_mib: float
    result: Json


def drill(domain: Domain, folder: Path, turns: int) -> None:
    os.environ.update(BY_HAND | settings_of(domain, base=f"{CROWD},{BASE_DN}", create="sync"))
    firsts, wholes, changes = list[Look](), list[Look](), list[Look]()
    for turn in range(turns):
        with tempfile.TemporaryDirectory(dir=folder) as data, watchword(Path(data)) as running:
            firsts.append(_sync(running, data, "--full"))
            wholes.append(_sync(running, data, "--full"))
            with _changed(domain, turn):
                changes.append(_sync(running, data, "--changes"))
            counts = changes[-1].result
            if (counts["changed"], counts["closed"]) != (CHANGED, CLOSED):
                raise SystemExit(f"ten changes were counted as {counts}")
    print(f"people: {firsts[0].result['made']}")
    _report("all of them for the first time", firsts)
    _report("all of them, nothing to do", wholes)
    _report("ten changes", changes)


def _report(name: str, looks: list[Look]) -> None:
    print(line(f"{name}, the job", [one.job_s for one in looks], "s"))
    print(line(f"{name}, the command", [one.command_s for one in looks], "s"))
    print(line(f"{name}, peak RSS so far", [one.peak_mib for one in looks], "MiB"))


def _sync(running: Running, data: str, *words: str) -> Look:
    began = time.perf_counter()
    command = [str(PROGRAM), "--data", data, "directory", "sync", *words, "--json"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    job = json.loads(ran.stdout)["job"]
    begun, ended = (datetime.fromisoformat(job[f"{name}_at"]) for name in ("started", "finished"))
    return Look((ended - begun).total_seconds(), seconds, _peak_mib(running.pid), job["result"])


def _peak_mib(server: int) -> float:
    """Return the most memory that the process beside the server ever held."""
    [child] = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
    status = Path(f"/proc/{child}/status").read_text("ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


@contextmanager
def _changed(domain: Domain, turn: int) -> Iterator[None]:
    """Change ten: seven have another address, one is deleted, two are disabled for the while."""
    names = [f"crowd00000-{number:05d}" for number in range(CHANGED + 2)]
    for name in names[:CHANGED]:
        domain.replace(name, mail=f"{name}@turn{turn}.example")
    domain.delete(f"crowd00000-{len(names) + turn:05d}")
    for name in names[CHANGED:]:
        domain.disable(name)
    yield
    for name in names[CHANGED:]:
        domain.enable(name)
