"""The lines of the service account to one controller, which whoever asks shares."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from watchword.directory.breaker import Ticks
from watchword.directory.line import Line, LineLostError

_IDLE_S = 60.0
"""What is between us and a controller may forget a quiet connection without telling us."""

Answer = TypeVar("Answer")
OpenLine = Callable[[], Awaitable[Line]]


@dataclass(slots=True)
class _Slot:
    """Room for one line, and who is at it."""

    line: Line | None = None
    users: int = 0
    used_at: float = 0.0
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def close(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.close()


class Pool:
    """At most `size` lines, opened when they are needed and not before.

    A line takes several questions at once, so nobody waits for one that is taken: a slow
    controller holds up those alone who ask it, and no longer than it takes.
    """

    def __init__(self, open_line: OpenLine, *, size: int, ticks: Ticks) -> None:
        self._open_line = open_line
        self._ticks = ticks
        self._slots = [_Slot() for _ in range(size)]

    async def ask(self, work: Callable[[Line], Awaitable[Answer]]) -> Answer:
        """Let somebody use a line; once more with a new one if an old one turns out to be dead.

        So whatever is asked here may be asked twice. Raises what `work` does, and what comes
        of opening a line.
        """
        slot = min(self._slots, key=lambda one: (one.users, one.line is None))
        slot.users += 1
        try:
            line, is_new = await self._line_of(slot)
            try:
                return await work(line)
            except LineLostError as error:
                # After a time-out another would only have to wait as long.
                if is_new or error.because == "timeout":
                    raise
            line, _ = await self._line_of(slot)
            return await work(line)
        finally:
            slot.users -= 1
            slot.used_at = self._ticks()

    def close(self) -> None:
        for slot in self._slots:
            slot.close()

    async def _line_of(self, slot: _Slot) -> tuple[Line, bool]:
        """Return the line of a slot, and whether it was opened for this."""
        async with slot.opening:
            if slot.line is not None and slot.line.is_open and not self._is_stale(slot):
                return slot.line, False
            slot.close()
            slot.line = await self._open_line()
            return slot.line, True

    def _is_stale(self, slot: _Slot) -> bool:
        return slot.users == 1 and self._ticks() - slot.used_at > _IDLE_S
