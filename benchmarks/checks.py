"""Checks of tokens and of API keys, beside a raw ASGI handler on the very same server."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from load import request
from people import ME, make_keys, tokens
from places import Place
from processes import Running, free_port, started
from tables import Demand, Figure, Report
from turns import Laps, Take, figure, laps, taken
from wrk import press, proven

LEAST = 0.85
P99_MS_MOST = 3.0
HOLDS = '"username"'
HERE = Path(__file__).parent


def measure(place: Place, *, turns: int, seconds: int) -> Report:
    """GET /api/auth/me by fifty people, with tokens and with keys."""
    with place.serving() as running, bare() as limit:
        held = tokens(running)
        asked = {
            "token check": [request("GET", ME, token=token) for token in held],
            "key check": [request("GET", ME, key=key) for key in make_keys(running, held)],
        }
        trees = place.trees(running)
        look = partial(press, seconds=seconds, want=HOLDS)
        takes: dict[str, Take] = {}
        for name, requests in asked.items():
            proven(running.port, requests, want=HOLDS)
            takes[name] = partial(taken, trees, partial(look, running.port, requests))
        the_same = partial(look, limit.port, asked["token check"])
        proven(limit.port, asked["token check"], want=HOLDS)
        found = laps(turns, partial(taken, {"bare": limit.pid}, the_same), takes)
    return _report(found, place.engine, place.who)


@contextmanager
def bare() -> Iterator[Running]:
    """Run the raw handler until the block ends."""
    port = free_port()
    command = [sys.executable, str(HERE / "bare.py"), str(port)]
    with started(command, port, dict(os.environ)) as running:
        yield running


def _report(found: Laps, engine: str, who: str) -> Report:
    figures: list[Figure] = []
    rows = []
    for name, turns in found.contenders.items():
        test = f"{name}, {engine}"
        demand = Demand(most=P99_MS_MOST)
        figures += [
            found.ratio(f"{test} : bare handler", name, Demand(least=LEAST)),
            figure(f"{test}, p50 with 16 connections", turns, "p50_ms", "ms"),
            figure(f"{test}, p99 with 16 connections", turns, "p99_ms", "ms", demand),
        ]
        row = found.row(who, name, name)
        figures.append(Figure(what=f"{test}, processor time", turns=row.us_per_answer, unit="µs"))
        rows.append(row)
    limit = found.limit_row("bare handler", "token check", f"beside {engine}")
    told = f"bare handler beside them, {engine}, processor time"
    figures.append(Figure(what=told, turns=limit.us_per_answer, unit="µs"))
    figures.append(figure(f"bare handler beside them, {engine}, p99", found.limit, "p99_ms", "ms"))
    return Report(figures=figures, rows=[*rows, limit])
