"""What a synchronisation is asked for, what it tells as it goes on, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from watchword.core.directory.model import Closed
from watchword.core.ports import Work


class Deed(StrEnum):
    """What was done with an account, or would be by a dry run.

    KEPT: not closed, since it is the last admin's. SPARED: not closed, since the run stopped.
    """

    MADE = "made"
    CHANGED = "changed"
    OPENED = "opened"
    CLOSED = "closed"
    KEPT = "kept"
    SPARED = "spared"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWish:
    """Which directory, and how.

    `whole` is a look at everybody, or only at what changed; None leaves that to the time since
    the last whole one. Of a dry run nothing is stored. `stop_percent` is in place of what the
    rules say, for somebody who knows that so many have left.
    """

    directory: str
    whole: bool | None = None
    dry_run: bool = False
    stop_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the report: who, by their name in the directory, what, and why."""

    login: str
    deed: Deed
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Somebody whose account is to be closed."""

    guid: str
    login: str
    closed: Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """What came of it. If it is stopped, nobody was closed: `closings` would have been.

    A dry run that is stopped would have been.
    """

    is_whole: bool
    is_stopped: bool
    closings: int
    open_before: int
    closings_max: int
    is_settled: bool = True


class Report(Protocol):
    """Is told how far it is, in the very commit that stores it."""

    def expect(self, people: int | None) -> None:
        """Hear how many people are likely to be looked at, None if nobody knows."""

    def record(self, work: Work, *, seen: int, lines: Sequence[Line]) -> None:
        """Record that so many more people were looked at, and what was done.

        At commit it raises DeniedError if somebody else does this work by now.
        """

    def take_back(self) -> None:
        """Hear that the commit did not come to be for which something was recorded last."""

    async def breathe(self) -> None:
        """Let others run; raises whatever ends this run if it is not wanted any more."""


def counts_after(before: Mapping[str, int], seen: int, lines: Sequence[Line]) -> dict[str, int]:
    """Return the counts of a report after some more lines."""
    counts = {"seen": 0, **{deed.value: 0 for deed in Deed}, **before}
    counts["seen"] += seen
    for line in lines:
        counts[line.deed.value] += 1
    return counts
