"""How long a token check takes while log-ins wait for their hashes, beside one on an idle server.

`.venv/bin/python benchmarks/isolation.py` prints Markdown by itself; `make bench` has it too.
Each lap is a turn of checks without log-ins, then one with some of them in line, then one with
more than there are places for, of whom the rest is told 503 and comes again at once. The log-ins
come from a wrk of its own. A ratio is that of a turn's p99 to the mean of the two idle ones
around its lap.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

from load import request
from people import LOGIN, ME, log_ins, tokens
from places import SQLITE, Place, engines, seeded
from processes import Running
from tables import Demand, Figure, Report, Row, Turn, figures_table, rates_table, surroundings
from turns import Laps, Take, figure, laps, settle, taken
from wrk import UNIQUE, Outcome, press

MOST = 3.0
CONNECTIONS = (16, 1)
QUEUED = 64
PLACES_PER_PROCESSOR = 128
TOO_MANY = 16
BEGINS_WITHIN_S = 1
CROWD_S = 2
"""A crowd stays so much longer than the checks, and is in line before them."""


def measure(place: Place, *, turns: int, seconds: int) -> Report:
    with place.serving() as running:
        requests = [request("GET", ME, token=token) for token in tokens(running)]
        report = Report()
        for connections in CONNECTIONS:
            check = partial(press, running.port, requests, seconds=seconds, connections=connections)
            found = _laps(place, running, check, turns=turns, seconds=seconds)
            report += _report(found, place, connections)
    return report


def crowds() -> dict[str, tuple[list[bytes], int]]:
    """Return the log-ins of each crowd, and how many send them at once."""
    places = PLACES_PER_PROCESSOR * len(os.sched_getaffinity(0))
    # Each name is another: of one, only a few may be looked at at once.
    body = json.dumps({"username": UNIQUE, "password": "not that of anybody"}).encode()
    strangers = [request("POST", LOGIN, body=body)]
    return {
        f"{QUEUED} log-ins in line": (log_ins(), QUEUED),
        "the line full, and 503 for the rest": (strangers, places + TOO_MANY),
    }


def _laps(
    place: Place, running: Running, check: Callable[[], Outcome], *, turns: int, seconds: int
) -> Laps:
    trees = place.trees(running)
    idle = partial(taken, trees, check)
    takes: dict[str, Take] = {}
    for name, (requests, size) in crowds().items():
        crowd = partial(
            press, running.port, requests, seconds=seconds + CROWD_S, connections=size, each=True
        )
        takes[name] = partial(_beside, crowd, trees, idle)
    return laps(turns, idle, takes)


def _beside(crowd: Callable[[], Outcome], trees: dict[str, int], check: Take) -> Turn:
    with _in_line(crowd):
        turn = check()
    settle(trees)
    return turn


@contextmanager
def _in_line(crowd: Callable[[], Outcome]) -> Iterator[None]:
    """Have the crowd come before the block, and wait for its end after it."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(crowd)
        sleep(BEGINS_WITHIN_S)
        yield
        if not coming.result().answers:
            raise SystemExit("no log-in was answered beside the checks")


def _report(found: Laps, place: Place, connections: int) -> Report:
    test = f"token check p99, {connections} at once, {place.engine}"
    figures = [figure(f"{test}, idle", found.limit, "p99_ms", "ms")]
    for name, turns in found.contenders.items():
        figures += [
            figure(f"{test}, {name}", turns, "p99_ms", "ms"),
            _ratio(f"{test}, {name} : idle", found, turns),
        ]
    told = f"token check, {connections} at once"
    rows = [Row(name=place.who, test=told, turns=found.limit, note="idle")]
    rows += [
        Row(name=place.who, test=told, turns=turns, note=name)
        for name, turns in found.contenders.items()
    ]
    return Report(figures=figures, rows=rows)


def _ratio(what: str, found: Laps, turns: list[Turn]) -> Figure:
    around = zip(found.limit, found.limit[1:], strict=False)
    return Figure(
        what=what,
        turns=[
            2 * turn.p99_ms / (before.p99_ms + after.p99_ms)
            for turn, (before, after) in zip(turns, around, strict=True)
        ],
        demand=Demand(most=MOST),
        disturbed=sum(turn.is_disturbed for turn in turns),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="laps of each number of connections")
    parser.add_argument("--seconds", type=int, default=3, help="length of one turn")
    parser.add_argument("--engine", choices=engines(), default=SQLITE)
    parser.add_argument("--folder", type=Path, help="where the data is kept meanwhile")
    parser.add_argument("serve", nargs="*", help="options for `watchword serve`, after --")
    options = parser.parse_args()
    report = Report(about=surroundings())
    with seeded(options.engine, options.folder, options.serve) as place:
        report += measure(place, turns=options.turns, seconds=options.seconds)
    print("\n".join(f"- {name}: {value}" for name, value in report.about.items()))
    print(f"- {options.turns} turns of {options.seconds} s; {' '.join(options.serve)}\n")
    print(f"{figures_table(report.figures)}\n\n{rates_table(report.rows)}")


if __name__ == "__main__":
    main()
