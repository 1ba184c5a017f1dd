"""Turns of ours between turns of what we are compared with, and how that is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import uvloop
from load import Outcome, press

CONNECTIONS = 16


@dataclass(frozen=True)
class Pair:
    """One turn of ours between two of the other, since the speed of the machine drifts."""

    ours: float
    before: float
    after: float

    @property
    def limit(self) -> float:
        return (self.before + self.after) / 2

    @property
    def ratio(self) -> float:
        return self.ours / self.limit


def pressed(port: int, stream: Callable[[int], Iterator[bytes]], seconds: float) -> Outcome:
    return uvloop.run(press(port, stream, connections=CONNECTIONS, seconds=seconds))


def compare(
    name: str,
    limit_name: str,
    turns: int,
    *,
    ours: Callable[[], Outcome],
    limit: Callable[[], float],
) -> None:
    pairs, outcomes = [], []
    before = limit()
    for _ in range(turns):
        outcomes.append(ours())
        after = limit()
        pairs.append(Pair(outcomes[-1].rate, before, after))
        before = after
    _report(name, limit_name, pairs, outcomes)


def _report(ours: str, limit: str, pairs: list[Pair], outcomes: list[Outcome]) -> None:
    print(line(ours, [pair.ours for pair in pairs], "/s"))
    print(line(limit, [pair.limit for pair in pairs], "/s"))
    print(line(f"{ours} : {limit}", [pair.ratio for pair in pairs], ""))
    print(line(f"{ours} p50", [outcome.p50_ms for outcome in outcomes], "ms"))
    print(line(f"{ours} p99", [outcome.p99_ms for outcome in outcomes], "ms"))
    bad = {s: n for outcome in outcomes for s, n in outcome.statuses.items() if s != 200}
    print(f"{ours} answers that were not 200: {bad or 'none'}")


def line(name: str, figures: list[float], unit: str) -> str:
    shown = ", ".join(f"{figure:.3g}" for figure in figures)
    return f"{name}: median {median(figures):.4g} {unit} ({shown})"
