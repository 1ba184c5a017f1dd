"""How soon our server is ready, and how much memory it holds: idle, and after a burst of log-ins.

`.venv/bin/python benchmarks/footprint.py`, with nothing else running. SQLite, default settings.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import uvloop
from load import press
from memory import Held, children_of, held_by
from people import log_ins, seed
from processes import PROGRAM, Running, free_port, started
from tables import Demand, Figure, Report, figures_table, surroundings

READY_S_MOST = 0.6
IDLE_MIB_MOST = 60.0
HASH_MIB = 19.0
MORE_MIB = 10.0

SETTLED_S = 5.0
"""By then the first looks at jobs, letters and what expired are over."""

BURST_S, RESTED_S = 10.0, 30.0
CONNECTIONS = 16
FOR_BURST = {"WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "127.0.0.0/8"}
"""All people of a burst come from one address, from which few may register in an hour."""

PATIENCE_S = 30.0


@dataclass
class Seen:
    """What was seen of all starts of one kind."""

    ready_s: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)


def measure(*, starts: int) -> Report:
    """Start on a database that is there, so many times, with one process and with two."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        # The first start makes the database; who registers makes the server judge passwords,
        # which takes 9 MiB that log-ins do not.
        with _serving(data, environment=FOR_BURST) as running:
            seed(running)
        one, two = Seen(), Seen()
        for _ in range(starts):
            _look(data, one)
            _look(data, two, "--workers", "2")
        hash_threads = len(os.sched_getaffinity(0))
        at_once, rested, idle = _burst(data)
    return Report(figures=[*_starts(one, two), *_after(idle, at_once, rested, hash_threads)])


def _starts(one: Seen, two: Seen) -> list[Figure]:
    most, later = Demand(most=IDLE_MIB_MOST), f"{SETTLED_S:.0f} s later"
    return [
        Figure(what="ready", turns=one.ready_s, unit="s", demand=Demand(most=READY_S_MOST)),
        Figure(what="RSS when ready", turns=one.at_once, unit="MiB", demand=most),
        Figure(what=f"RSS idle, {later}", turns=one.settled, unit="MiB", demand=most),
        Figure(what="all its processes, PSS", turns=one.together, unit="MiB"),
        Figure(what="ready, 2 workers", turns=two.ready_s, unit="s"),
        Figure(what="RSS of the largest of 2 workers, idle", turns=two.settled, unit="MiB"),
        Figure(what="parent and 2 workers together, PSS", turns=two.together, unit="MiB"),
    ]


def _after(idle: float, at_once: float, rested: float, hash_threads: int) -> list[Figure]:
    most = Demand(most=IDLE_MIB_MOST + HASH_MIB * hash_threads + MORE_MIB)
    name = f"RSS after {BURST_S:.0f} s of log-ins, {hash_threads} hash threads"
    return [
        Figure(what="RSS idle, before the burst", turns=[idle], unit="MiB"),
        Figure(what=name, turns=[at_once], unit="MiB", demand=most),
        Figure(what=f"{name}, {RESTED_S:.0f} s later", turns=[rested], unit="MiB", demand=most),
    ]


def _look(data: Path, seen: Seen, *options: str) -> None:
    with _serving(data, *options) as running:
        seen.ready_s.append(running.ready_s)
        seen.at_once.append(_largest(running).rss)
        time.sleep(SETTLED_S)
        seen.settled.append(_largest(running).rss)
        seen.together.append(sum(held.pss for held in _all(running)))


def _largest(running: Running) -> Held:
    """Return what the process holds that serves; with several, the largest of them."""
    return max(_all(running), key=lambda held: held.rss)


def _all(running: Running) -> list[Held]:
    return [held_by(pid) for pid in (running.pid, *children_of(running.pid))]


def _burst(data: Path) -> tuple[float, float, float]:
    """Log in at full speed; return the RSS at once, after a rest, and before."""
    with _serving(data, environment=FOR_BURST) as running:
        time.sleep(SETTLED_S)
        idle = held_by(running.pid).rss
        asked = log_ins()
        outcome = uvloop.run(
            press(
                running.port,
                lambda number: cycle(asked[number:] + asked[:number]),
                connections=CONNECTIONS,
                seconds=BURST_S,
            )
        )
        if set(outcome.statuses) != {200}:
            raise SystemExit(f"log-ins answered {outcome.statuses}")
        at_once = held_by(running.pid).rss
        time.sleep(RESTED_S)
        return at_once, held_by(running.pid).rss, idle


@contextmanager
def _serving(
    data: Path, *options: str, environment: dict[str, str] | None = None
) -> Iterator[Running]:
    """Serve with default settings until the block ends, which begins with the first answer."""
    port = free_port()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    command = [str(PROGRAM), "serve", "--data", str(data), "--port", str(port), *options]
    with started(command, port, ours | (environment or {})) as running:
        yield running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7, help="of each kind")
    options = parser.parse_args()
    report = Report(about=surroundings()) + measure(starts=options.starts)
    print("\n".join(f"- {name}: {value}" for name, value in report.about.items()))
    print(f"\n{figures_table(report.figures)}")


if __name__ == "__main__":
    main()
