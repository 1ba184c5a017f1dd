"""Log-ins a second, beside the bare rate of the same hash on as many threads."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from cpu import watched
from people import log_ins
from places import Place
from tables import Demand, Report, Turn
from turns import figure, laps, settle, taken
from wrk import press, proven

LEAST, GOAL = 0.90, 0.95
HOLDS = "access_token"
HERE = Path(__file__).parent


def measure(place: Place, *, turns: int, seconds: int) -> Report:
    with place.serving() as running:
        trees, asked = place.trees(running), log_ins()
        proven(running.port, asked, want=HOLDS)
        settle(trees)
        ours = partial(press, running.port, asked, seconds=seconds, want=HOLDS)
        found = laps(turns, partial(bare_hash, seconds), {"log-in": partial(taken, trees, ours)})
    test = f"log-in, {place.engine}"
    took = found.contenders["log-in"]
    demand = Demand(least=LEAST, goal=GOAL)
    return Report(
        figures=[
            found.ratio(f"{test} : bare hash", "log-in", demand),
            figure(f"{test}, p50 with 16 at once", took, "p50_ms", "ms"),
            figure(f"{test}, p99 with 16 at once", took, "p99_ms", "ms"),
        ],
        rows=[
            found.row(place.who, "log-in", "log-in"),
            found.limit_row("bare hash", "log-in", f"beside {place.engine}"),
        ],
    )


def bare_hash(seconds: float) -> Turn:
    """Hash in a process of its own, which has its own interpreter lock."""
    threads = len(os.sched_getaffinity(0))
    command = [sys.executable, str(HERE / "hashrate.py"), str(threads), str(seconds)]
    run = partial(subprocess.run, command, check=True, capture_output=True, text=True)
    ended, used = watched({}, run)
    # What it used counts as the load's, since it is a child of ours.
    used = replace(used, servers={"hashes": used.load}, load=0.0)
    return Turn(rate=float(ended.stdout.split()[0]), cpu=used)


def hash_build() -> str:
    """Return what `hashrate.py` says of the build that it uses."""
    command = [sys.executable, str(HERE / "hashrate.py"), "1", "0.05"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split(None, 1)
    return said[1].strip() if len(said) > 1 else "libsodium, as PyNaCl brings it"
