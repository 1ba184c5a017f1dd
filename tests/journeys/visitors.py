"""Somebody who logs in and looks who they are, again and again, while something else goes on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter

from journeys.people import ADMIN, ME, try_log_in
from parts.line import Line
from parts.peer import Answer

LOOKS = 10
"""How often somebody uses the token of one log-in."""

BREATH_S = 0.05
"""What they think before they log in again: others want the processor too."""


@dataclass
class Visits:
    """What they were told, and how long the longest of their waits was."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0
    log_ins: int = 0

    def note(self, answer: Answer, began: float) -> Answer:
        self.statuses[answer.status] += 1
        self.slowest_s = max(self.slowest_s, perf_counter() - began)
        return answer


@asynccontextmanager
async def visiting(port: int, name: str = ADMIN) -> AsyncIterator[Visits]:
    """Have somebody come and go as long as the block lasts."""
    visits = Visits()
    visitor = asyncio.create_task(_visit(port, name, visits))
    try:
        yield visits
    finally:
        visitor.cancel()
        # Whatever went wrong with a visit is told now.
        with suppress(asyncio.CancelledError):
            await visitor


async def _visit(port: int, name: str, visits: Visits) -> None:
    async with await Line.open(port) as line:
        while True:
            began = perf_counter()
            answer = visits.note(await try_log_in(line, name), began)
            token = answer.document["access_token"]
            visits.log_ins += 1
            for _ in range(LOOKS):
                began = perf_counter()
                visits.note(await line.ask("GET", ME, token=token), began)
            await asyncio.sleep(BREATH_S)
