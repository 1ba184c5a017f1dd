"""Figures stand beside their demands, and reports come back as they were written."""

from pathlib import Path

import pytest
from cpu import Used
from tables import Demand, Figure, Report, Row, Turn, cpu_table, figures_table, rates_table, shown
from turns import Laps

RATIO = Demand(least=0.9, goal=0.95)


def turn(rate: float, *, others: float = 0.0, **errors: int) -> Turn:
    used = Used(seconds=2.0, servers={"ours": 90.0, "database": 10.0}, load=40.0, others=others)
    return Turn(rate=rate, answers=int(rate * 2), errors=errors, cpu=used)


@pytest.mark.parametrize(
    ("demand", "figure", "verdict"),
    [
        (RATIO, 0.89, "**missed**"),
        (RATIO, 0.9, "met, the goal missed"),
        (RATIO, 0.95, "met"),
        (Demand(most=3), 3.0, "met"),
        (Demand(most=3), 3.1, "**missed**"),
        (Demand(most=3, goal=2), 2.5, "met, the goal missed"),
    ],
)
def test_a_demand_is_met_or_missed(demand: Demand, figure: float, verdict: str) -> None:
    """The bound itself is good enough; a goal is told apart from a demand."""
    assert demand.verdict(figure) == verdict


def test_a_table_shows_the_median_all_turns_and_the_verdict() -> None:
    """One turn does not decide."""
    figure = Figure(what="log-in : bare hash", turns=[0.5, 0.93, 0.96], demand=RATIO, disturbed=1)

    line = figures_table([figure]).splitlines()[-1]

    assert line == (
        "| **log-in : bare hash** | **0.93** | 0.5, 0.93, 0.96 | 1 of 3"
        " | ≥ 0.9, goal 0.95 | met, the goal missed |"
    )


def test_disturbed_turns_and_errors_are_shown() -> None:
    """They are not left out of the rate, and not left untold."""
    row = Row(name="peer", test="log-in", turns=[turn(50, others=80), turn(30, status=4)])

    assert "| **40** | 50, 30 |" in rates_table([row])
    assert "4 status (of 160 answers)" in rates_table([row])
    assert "| 100 % | 40 % | 40 % |" in cpu_table([row])
    assert "1 of 2" in cpu_table([row])


def test_a_server_that_gives_no_answer_is_told() -> None:
    """A rate of nothing says what went wrong; a bare function has nothing to go wrong."""
    hung = Row(name="peer", test="log-in", turns=[turn(0, silent=16)])
    bare = Row(name="bare", test="hash", turns=[turn(0)])

    assert rates_table([hung]).endswith("| **0** | 0 |  |  |  | 16 silent (of 0 answers) |")
    assert rates_table([bare]).endswith("| **0** | 0 |  |  |  |  |")


def test_processor_time_is_told_for_each_answer() -> None:
    """A whole core for two seconds and 100,000 answers are 20 microseconds for each."""
    row = Row(name="ours", test="token check", turns=[turn(50_000)])

    assert row.us_per_answer == [pytest.approx(20.0)]


def test_a_turn_is_compared_with_its_neighbours() -> None:
    """The machine became twice as quick in the middle; the ratio did not change."""
    limit = [turn(100), turn(100), turn(300, others=50), turn(300)]
    laps = Laps(limit, {"ours": [turn(90), turn(180), turn(270)]})

    ratio = laps.ratio("ours : limit", "ours")

    assert ratio.turns == pytest.approx([0.9, 0.9, 0.9])
    assert ratio.disturbed == 2


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (44_321.0, "44,300"),
        (1234.0, "1,230"),
        (999.6, "1,000"),
        (93.14, "93.1"),
        (0.9266, "0.927"),
        (0.0, "0"),
    ],
)
def test_three_digits_count(figure: float, text: str) -> None:
    """More would be noise."""
    assert shown(figure) == text


def test_a_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """The chart is drawn from the file."""
    rows = [Row(name="ours", test="log-in", turns=[turn(80, timeout=1)], note="again")]
    figures = [Figure(what="ready", turns=[0.4], unit="s", demand=Demand(most=0.6))]
    report = Report(about={"cores": "2"}, figures=figures, rows=rows)

    report.write(tmp_path / "report.json")

    assert Report.read(tmp_path / "report.json") == report
