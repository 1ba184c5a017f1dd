"""Turns of several beside a limit: each lap begins and ends with a turn of the limit.

The speed of the machine drifts by the minute, so only neighbours are compared: a ratio is that
of a turn to the mean of the two turns of the limit around its lap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from cpu import tree_seconds, watched
from tables import Demand, Figure, Row, Turn
from wrk import Outcome

Take = Callable[[], Turn]
"""Measures one turn."""

_SETTLES_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Laps:
    """All turns of the limit, one more than there are laps, and those of each contender."""

    limit: list[Turn]
    contenders: dict[str, list[Turn]]

    def row(self, who: str, test: str, contender: str) -> Row:
        return Row(name=who, test=test, turns=self.contenders[contender])

    def limit_row(self, who: str, test: str, note: str) -> Row:
        return Row(name=who, test=test, turns=self.limit, note=note)

    def ratio(self, what: str, contender: str, demand: Demand | None = None) -> Figure:
        """Compare the rate of each turn with the limit around it."""
        turns = self.contenders[contender]
        around = list(zip(self.limit, self.limit[1:], strict=False))
        return Figure(
            what=what,
            turns=[
                2 * turn.rate / (before.rate + after.rate)
                for turn, (before, after) in zip(turns, around, strict=True)
            ],
            demand=demand,
            disturbed=sum(
                any(each.is_disturbed for each in (turn, *limits))
                for turn, limits in zip(turns, around, strict=True)
            ),
        )


def laps(count: int, limit: Take, contenders: Mapping[str, Take]) -> Laps:
    """Run so many laps."""
    limits = [limit()]
    taken: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(count):
        for name, take in contenders.items():
            taken[name].append(take())
        limits.append(limit())
    return Laps(limits, taken)


def taken(pids: Mapping[str, int], press: Callable[[], Outcome]) -> Turn:
    """Take one turn with wrk, and note who used the processors."""
    outcome, used = watched(pids, press)
    settle(pids)
    return Turn.of(outcome, used)


def settle(pids: Mapping[str, int]) -> None:
    """Wait until servers rest.

    wrk leaves without the answers that it still waits for. A server that goes on with them would
    take the processor from the next turn, which is that of the limit.
    """
    ends_at = monotonic() + _SETTLES_WITHIN_S
    before, now = -1.0, _used(pids)
    while now != before and monotonic() < ends_at:
        sleep(_LOOK_EVERY_S)
        before, now = now, _used(pids)


def _used(pids: Mapping[str, int]) -> float:
    return sum(map(tree_seconds, pids.values()))


def figure(
    what: str, turns: Sequence[Turn], field: str, unit: str, demand: Demand | None = None
) -> Figure:
    """Make a figure of one field of each turn, such as `p99_ms`."""
    figures = [float(getattr(turn, field)) for turn in turns]
    disturbed = sum(turn.is_disturbed for turn in turns)
    return Figure(what=what, turns=figures, unit=unit, demand=demand, disturbed=disturbed)
