"""Sleep that ends when a test says how much time has passed."""

import asyncio
from dataclasses import dataclass, field

TURNS = 60
"""So often everybody who is awake gets a turn, before more time passes."""


@dataclass
class HandTime:
    """Call it as `asyncio.sleep`. `asked` is what everybody asked for, in order."""

    now: float = 0.0
    asked: list[float] = field(default_factory=list)
    _sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waking))
        await waking

    async def passes(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its moment."""
        ends_at = self.now + seconds
        await settle()
        while due := [moment for moment, _ in self._alive() if moment <= ends_at]:
            self.now = min(due)
            for moment, waking in self._alive():
                if moment <= self.now:
                    waking.set_result(None)
            await settle()
        self.now = ends_at

    def _alive(self) -> list[tuple[float, asyncio.Future[None]]]:
        self._sleepers = [one for one in self._sleepers if not one[1].done()]
        return list(self._sleepers)


async def settle() -> None:
    """Let everybody go as far as they can by themselves."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
