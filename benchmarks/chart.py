"""A chart of what was measured: rates of everybody at each test, as an SVG file.

`.venv/bin/python benchmarks/chart.py REPORT... CHART`; of several reports all rows are drawn.
A bar is the median of the turns and its whisker goes from the least to the most.
"""

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Literal

from tables import Report, Row, shown

TESTS = {
    "log-in": "Log-ins a second",
    "token check": "Token checks a second",
    "key check": "API-key checks a second",
    "registration": "Registrations a second",
}
OURS, LIMIT = "watchword", "bare "
"""How names of ours begin, and those of what nobody can pass."""

WIDTH, LABELS, FIGURES = 840, 240, 150
LINE, BAR, HEADING, GAP = 24, 14, 34, 18
LOGARITHMIC_FROM = 20.0
"""So many times the least is where small bars could no longer be told from nothing."""

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.heading { font-size: 15px; font-weight: 600 }
.ours { font-weight: 600 }
.scale { font-size: 11px; fill: #59636e; text-anchor: middle }
rect.peer { fill: #8c959f }
rect.ours { fill: #0969da }
rect.limit { fill: none; stroke: #59636e; stroke-dasharray: 4 3 }
.whisker { stroke: #1f2328; stroke-width: 1.5 }
.grid { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .scale { fill: #9198a1 }
  rect.peer { fill: #656c76 }
  rect.ours { fill: #4493f8 }
  rect.limit { stroke: #9198a1 }
  .whisker { stroke: #f0f6fc }
  .grid { stroke: #3d444d }
}
"""


@dataclass(frozen=True)
class Bar:
    """Somebody at one test."""

    name: str
    rates: list[float]
    errors: int = 0

    @property
    def middle(self) -> float:
        return median(self.rates)

    @property
    def kind(self) -> Literal["ours", "limit", "peer"]:
        if self.name.startswith(OURS):
            return "ours"
        return "limit" if self.name.startswith(LIMIT) else "peer"

    @property
    def figure(self) -> str:
        return shown(self.middle) + (f", {self.errors} errors" if self.errors else "")


@dataclass(frozen=True)
class Scale:
    """Where a rate stands: in proportion, or by its decades."""

    least: float
    most: float

    @classmethod
    def of(cls, rates: list[float]) -> "Scale":
        seen = [rate for rate in rates if rate > 0] or [1.0]
        if max(seen) / min(seen) < LOGARITHMIC_FROM:
            return cls(0.0, max(seen))
        return cls(10.0 ** math.floor(math.log10(min(seen))), max(seen))

    @property
    def is_logarithmic(self) -> bool:
        return self.least > 0

    def x(self, rate: float) -> float:
        return LABELS + (WIDTH - LABELS - FIGURES) * self._part(rate)

    def _part(self, rate: float) -> float:
        if not self.is_logarithmic:
            return rate / self.most
        return math.log(max(rate, self.least) / self.least) / math.log(self.most / self.least)

    @property
    def decades(self) -> list[float]:
        if not self.is_logarithmic:
            return []
        first = round(math.log10(self.least))
        return [10.0**power for power in range(first, math.floor(math.log10(self.most)) + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, help="what was written with --json")
    parser.add_argument("chart", type=Path, help="the SVG file to write")
    options = parser.parse_args()
    rows = [row for file in options.reports for row in Report.read(file).rows]
    options.chart.write_text(drawn(rows), encoding="utf-8")


def drawn(rows: Iterable[Row]) -> str:
    """Draw a panel for each test that somebody took."""
    panels = {title: of_test for test, title in TESTS.items() if (of_test := bars(rows, test))}
    parts, top = list[str](), GAP
    for title, panel in panels.items():
        parts += _panel(title, panel, top)
        top += HEADING + LINE * len(panel) + GAP
    said = ". ".join(_said(title, panel) for title, panel in panels.items())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img"'
        f' aria-labelledby="title desc">\n<title id="title">{escape("; ".join(panels))}</title>\n'
        f'<desc id="desc">{escape(said)}.</desc>\n<style>{STYLE}</style>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def bars(rows: Iterable[Row], test: str) -> list[Bar]:
    """Return everybody's at this test, the quickest first; rows of one name are one bar."""
    found: dict[str, Bar] = {}
    for row in rows:
        if row.test == test:
            known = found.get(row.name, Bar(row.name, []))
            errors = known.errors + row.errors.total()
            found[row.name] = Bar(row.name, known.rates + row.rates, errors)
    return sorted(found.values(), key=lambda bar: bar.middle, reverse=True)


def _said(title: str, panel: list[Bar]) -> str:
    return f"{title}: {'; '.join(f'{bar.name} {bar.figure}' for bar in panel)}"


def _panel(title: str, panel: list[Bar], top: int) -> list[str]:
    scale = Scale.of([rate for bar in panel for rate in bar.rates])
    note = ", logarithmic" if scale.is_logarithmic else ""
    below = top + HEADING + LINE * len(panel)
    parts = [f'<text class="heading" x="0" y="{top + 12}">{escape(title)}{note}</text>']
    for decade in scale.decades:
        x = f"{scale.x(decade):.1f}"
        parts += [
            f'<line class="grid" x1="{x}" x2="{x}" y1="{top + HEADING - 4}" y2="{below}"/>',
            f'<text class="scale" x="{x}" y="{top + HEADING - 7}">{shown(decade)}</text>',
        ]
    for number, bar in enumerate(panel):
        parts += _bar(bar, scale, top + HEADING + LINE * number)
    return parts


def _bar(bar: Bar, scale: Scale, top: int) -> list[str]:
    left, right = scale.x(min(bar.rates)), scale.x(max(bar.rates))
    middle, base = top + LINE / 2, top + LINE / 2 + 4.5
    weight = ' class="ours"' if bar.kind == "ours" else ""
    size = f'width="{max(1.0, scale.x(bar.middle) - LABELS):.1f}" height="{BAR}"'
    caps = f"M{left:.1f} {middle - 4}v8M{right:.1f} {middle - 4}v8"
    return [
        f'<text{weight} x="{LABELS - 8}" y="{base}" text-anchor="end">{escape(bar.name)}</text>',
        f'<rect class="{bar.kind}" x="{LABELS}" y="{middle - BAR / 2}" {size} rx="2"/>',
        f'<path class="whisker" d="M{left:.1f} {middle}H{right:.1f}{caps}"/>',
        f'<text{weight} x="{right + 8:.1f}" y="{base}">{escape(bar.figure)}</text>',
    ]


if __name__ == "__main__":
    main()
