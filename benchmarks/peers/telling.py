"""What the run found, as Markdown: rates, and ours as multiples of the fastest peer's."""

from collections.abc import Iterable, Mapping

from peers.footprint import Footprint
from peers.ours import Watchword
from peers.serving import Live
from tables import Demand, Figure, Report, Row, cpu_table, figures_table, rates_table, table

DEMANDS = {"token check": Demand(least=5), "key check": Demand(least=5)}
"""Log-ins and registrations stand beside each other; the hash bounds all of them."""


def markdown(
    report: Report,
    lives: Iterable[Live],
    idle: Mapping[str, Footprint],
    left_out: Mapping[str, str],
) -> str:
    parts = [
        "\n".join(f"- {what}: {value}" for what, value in report.about.items()),
        figures_table(report.figures),
        rates_table(report.rows),
        cpu_table(report.rows),
        runners_table(lives, idle),
    ]
    if left_out:
        parts.append(table(["left out", "why"], left_out.items()))
    return "\n\n".join(parts)


def multiples(rows: list[Row]) -> list[Figure]:
    """Compare each row of ours with the fastest peer at the same test, round by round."""
    ours = [row for row in rows if is_ours(row)]
    figures = []
    for row in ours:
        if fastest := _fastest(rows, row.test):
            what = f"{row.test}, {row.name} : {fastest.name}"
            pairs = zip(row.rates, fastest.rates, strict=True)
            # One who gave nothing in a round is no measure in it; its row says so.
            turns = [own / other for own, other in pairs if other]
            demand = DEMANDS.get(row.test)
            disturbed = _disturbed(row, fastest)
            figures.append(
                Figure(what=what, turns=turns, unit="times", demand=demand, disturbed=disturbed)
            )
    return figures


def _disturbed(one: Row, other: Row) -> int:
    pairs = zip(one.turns, other.turns, strict=True)
    return sum(own.is_disturbed or its.is_disturbed for own, its in pairs)


def is_ours(row: Row) -> bool:
    return row.name.startswith(Watchword.name)


def _fastest(rows: list[Row], test: str) -> Row | None:
    peers = [row for row in rows if row.test == test and not is_ours(row)]
    fastest = max(peers, key=lambda row: row.rate, default=None)
    return fastest if fastest and fastest.rate else None


def runners_table(lives: Iterable[Live], idle: Mapping[str, Footprint]) -> str:
    """Say what each is, when it is ready, and its memory before the first log-in."""
    head = ["who", "version", "hash", "runs as", "ready s", "idle RSS / PSS (processes)"]
    return table(head, (_runner_line(live, idle[live.peer.title]) for live in lives))


def _runner_line(live: Live, idle: Footprint) -> list[str]:
    peer = live.peer
    ready = f"{live.ready_s:.2f}"
    return [peer.title, peer.version, peer.hash, peer.runs, ready, idle.told()]
