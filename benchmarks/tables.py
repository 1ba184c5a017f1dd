"""What was measured, as data and as Markdown: rows of rates, and figures beside their demands.

`make bench` and `make bench-peers` write the same JSON (`Report`), which `chart.py` draws.
"""

import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
from cpu import Used
from wrk import Outcome


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of one server at one test."""

    rate: float
    answers: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    errors: dict[str, int] = field(default_factory=dict)
    cpu: Used | None = None

    @classmethod
    def of(cls, outcome: Outcome, cpu: Used) -> "Turn":
        return cls(
            rate=round(outcome.rate, 3),
            answers=outcome.answers,
            p50_ms=outcome.p50_ms,
            p99_ms=outcome.p99_ms,
            max_ms=outcome.max_ms,
            errors={kind: count for kind, count in vars(outcome.errors).items() if count},
            cpu=cpu,
        )

    @property
    def is_disturbed(self) -> bool:
        return self.cpu is not None and self.cpu.is_disturbed


@dataclass(frozen=True, kw_only=True)
class Row:
    """All turns of one server at one test; a rate counts good answers only."""

    name: str
    test: str
    turns: list[Turn]
    note: str = ""
    """What tells it from another row of the same name."""

    @property
    def who(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name

    @property
    def rates(self) -> list[float]:
        return [turn.rate for turn in self.turns]

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def p50_ms(self) -> float:
        return median(turn.p50_ms for turn in self.turns)

    @property
    def p99_ms(self) -> float:
        return median(turn.p99_ms for turn in self.turns)

    @property
    def max_ms(self) -> float:
        return max(turn.max_ms for turn in self.turns)

    @property
    def answers(self) -> int:
        return sum(turn.answers for turn in self.turns)

    @property
    def errors(self) -> Counter[str]:
        return sum((Counter(turn.errors) for turn in self.turns), Counter[str]())

    @property
    def disturbed(self) -> int:
        """Return in how many turns others took more than they may (cpu.py)."""
        return sum(turn.is_disturbed for turn in self.turns)

    @property
    def cpu(self) -> list[Used]:
        return [turn.cpu for turn in self.turns if turn.cpu]

    @property
    def us_per_answer(self) -> list[float]:
        """Return the processor time of the server for each answer, in microseconds."""
        return [
            1e4 * turn.cpu.server * turn.cpu.seconds / turn.answers
            for turn in self.turns
            if turn.cpu and turn.answers
        ]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a figure was asked to be, and what was hoped for beyond that."""

    least: float | None = None
    most: float | None = None
    goal: float | None = None

    def told(self) -> str:
        asked = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return asked if self.goal is None else f"{asked}, goal {self.goal:g}"

    def verdict(self, figure: float) -> str:
        if not self._holds(figure, self.least, self.most):
            return "**missed**"
        is_least = self.least is not None
        goals = (self.goal, None) if is_least else (None, self.goal)
        return "met" if self._holds(figure, *goals) else "met, the goal missed"

    @staticmethod
    def _holds(figure: float, least: float | None, most: float | None) -> bool:
        return (least is None or figure >= least) and (most is None or figure <= most)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing that was measured several times, and what was asked of its median."""

    what: str
    turns: list[float]
    unit: str = ""
    demand: Demand | None = None
    disturbed: int = 0

    @property
    def median(self) -> float:
        return median(self.turns)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run found, and where and when."""

    about: dict[str, str] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def __add__(self, other: "Report") -> "Report":
        return Report(
            about=self.about | other.about,
            figures=self.figures + other.figures,
            rows=self.rows + other.rows,
        )

    def write(self, file: Path) -> None:
        # Compact, since such files are kept; a line for each turn tells two of them apart.
        text = msgspec.json.encode(self).decode().replace('{"rate"', '\n{"rate"')
        file.write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Report":
        return msgspec.json.decode(file.read_bytes(), type=cls)


def surroundings() -> dict[str, str]:
    """Say when and on what something is measured."""
    models = (
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    )
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    return {
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": next(models, "").partition(": ")[2],
        "cores": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        "commit": commit,
        "load average": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def shown(figure: float) -> str:
    """Write a figure with three digits that count."""
    if abs(figure) >= 999.5:
        digits = len(str(round(abs(figure)))) - 3
        return f"{round(figure, -digits):,.0f}"
    return f"{figure:.3g}"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def figures_table(figures: Iterable[Figure]) -> str:
    """Set each figure beside its demand, and say whether it was met."""
    head = ["what", "median", "all turns", "disturbed", "demand", "verdict"]
    return table(head, (_figure_line(figure) for figure in figures))


def _figure_line(figure: Figure) -> list[str]:
    number = f"{shown(figure.median)} {figure.unit}".strip()
    turns = ", ".join(map(shown, figure.turns)) if len(figure.turns) > 1 else ""
    disturbed = f"{figure.disturbed} of {len(figure.turns)}" if figure.disturbed else ""
    if figure.demand is None:
        return [figure.what, number, turns, disturbed, "", ""]
    verdict = figure.demand.verdict(figure.median)
    return [f"**{figure.what}**", f"**{number}**", turns, disturbed, figure.demand.told(), verdict]


def rates_table(rows: Iterable[Row]) -> str:
    """Say who did what, how quick, how long it took, and what went wrong."""
    head = ["who", "what", "/s", "all turns", "p50 ms", "p99 ms", "longest ms", "errors"]
    return table(head, (_rate_line(row) for row in rows))


def _rate_line(row: Row) -> list[str]:
    times = [shown(row.p50_ms), shown(row.p99_ms), shown(row.max_ms)]
    turns = ", ".join(map(shown, row.rates))
    if not row.answers:
        # A bare function, which is not asked over a connection, or a server that gave none.
        times = ["", "", ""]
    errors = told(row) if row.answers or row.errors else ""
    return [row.who, row.test, f"**{shown(row.rate)}**", turns, *times, errors]


def told(row: Row) -> str:
    """Name the errors of a row, and of how many answers."""
    kinds = [f"{count} {kind}" for kind, count in sorted(row.errors.items())]
    return f"{', '.join(kinds)} (of {row.answers} answers)" if kinds else "none"


def cpu_table(rows: Iterable[Row]) -> str:
    """Say who used the processors: medians, in % of one core."""
    head = ["who", "what", "server", "load", "others", "µs of server an answer", "disturbed turns"]
    return table(head, (_cpu_line(row) for row in rows if row.cpu))


def _cpu_line(row: Row) -> list[str]:
    parts = [median(used.server for used in row.cpu)]
    parts += [median(used.load for used in row.cpu), median(used.others for used in row.cpu)]
    each = shown(median(row.us_per_answer)) if row.us_per_answer else ""
    disturbed = f"{row.disturbed} of {len(row.turns)}"
    return [row.who, row.test, *(f"{part:.0f} %" for part in parts), each, disturbed]
