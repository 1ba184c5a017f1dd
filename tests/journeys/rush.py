"""People who log in at a pace, whatever else goes on, and what each of them was told when."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from journeys.people import log_in
from parts.line import Line

LINES = 16
"""Each takes every sixteenth log-in, and is late when its last one took too long."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in, between two moments of the test's clock."""

    sent_at: float
    answered_at: float
    token: str


@dataclass
class Rush:
    """Everybody who logged in, in the order of their answers."""

    port: int
    names: Sequence[str]
    a_second: int
    told: list[LogIn] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)

    async def come(self, place: int) -> None:
        """Be every sixteenth of them, for ever."""
        turn = place
        async with await Line.open(self.port) as line:
            while True:
                await asyncio.sleep(max(0.0, self._began + turn / self.a_second - monotonic()))
                sent_at = monotonic()
                person = await log_in(line, self.names[turn % len(self.names)])
                self.told.append(LogIn(sent_at, monotonic(), person.token))
                turn += LINES

    def pace(self, begin: float, end: float) -> float:
        """Return how many log-ins a second were answered between two moments."""
        count = sum(begin <= one.answered_at < end for one in self.told)
        return count / (end - begin)


@asynccontextmanager
async def rushing(port: int, names: Sequence[str], *, a_second: int) -> AsyncIterator[Rush]:
    """Have people log in as long as the block lasts; nobody is sent away, or the block fails."""
    rush = Rush(port, names, a_second)
    crowd = [asyncio.create_task(rush.come(place)) for place in range(LINES)]
    try:
        yield rush
        for one in crowd:
            assert not one.done(), one.exception()
    finally:
        for one in crowd:
            one.cancel()
        await asyncio.wait(crowd)
