"""Flows that do what a test wants."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from watchword.core.jobs.model import Lane
from watchword.jobs.flow import Flow, Parameters, Turn

NAME = "toy.flow"


class ToyParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it can be told."""

    to: int = 3


@dataclass
class Toy:
    """Counts up to `to`, and stops at a door that a test opens. What it met is in `turns`."""

    door: asyncio.Event = field(default_factory=asyncio.Event)
    fails: list[Exception] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    is_deaf: bool = False
    was_cancelled: bool = False

    async def run(self, told: ToyParameters, turn: Turn) -> Mapping[str, object]:
        self.turns.append(turn)
        for number in range(int(turn.checkpoint or 0), told.to):
            self.counted.append(number)
            async with turn.open_work() as work:
                turn.record(work, done=number + 1, total=told.to, checkpoint=str(number + 1))
                await work.commit()
            self._fail()
        self._fail()
        await self._wait(turn)
        return {"counted": told.to}

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)

    async def _wait(self, turn: Turn) -> None:
        try:
            while not self.door.is_set():
                await (self.door.wait() if self.is_deaf else turn.wait(0.01))
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise

    def open(self) -> "Toy":
        """Let it come to its end."""
        self.door.set()
        return self

    def flow(
        self, name: str = NAME, *, lane: Lane = Lane.HEAVY, schedule: str = ""
    ) -> Flow[ToyParameters]:
        return Flow(
            name=name,
            summary="Counts.",
            parameters=ToyParameters,
            run=self.run,
            lane=lane,
            schedule=schedule,
        )
