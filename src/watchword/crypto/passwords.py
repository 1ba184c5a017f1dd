"""Password hashing off the event loop, with a bounded number of callers and of memory."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TypeVar

from watchword.core.kernel.places import Places
from watchword.core.kernel.randomness import Randomness
from watchword.crypto.argon2 import CURRENT, Cost, compute, matches, read_cost
from watchword.crypto.foreign.adoption import adopt, read_kept
from watchword.crypto.foreign.firebase import read_parameters
from watchword.crypto.hashline import HashLine

PLACES_PER_THREAD = 128
"""A thread does about 50 hashes a second, so who comes last waits about 2.5 s. A longer
line would only hold people whose client or patience gives up while their hash is computed."""

Answer = TypeVar("Answer")


def usable_cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class Argon2Hasher:
    """The Hasher of Argon2id, which also knows what other products made.

    The libraries work outside the interpreter's lock, so `threads` hashes run at once and
    hold 19 MiB each; all others wait without memory. A stored hash that needs more than a
    current one, or a lot longer, runs in a line of its own, one at a time. A caller who goes
    away takes a hash that has not begun with them; one that has begun ends by itself.
    `on_hash` is told the seconds of each hash, `on_places` when a place is taken (1) or
    given back (-1).
    """

    def __init__(
        self,
        *,
        randomness: Randomness,
        threads: int | None = None,
        places_max: int | None = None,
        cost: Cost = CURRENT,
        on_hash: Callable[[float], None] = lambda _: None,
        on_places: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._cost = cost
        self._on_hash = on_hash
        # The decoy is made here, not on demand: else the first unknown name would cost two
        # hashes. It is also the first measurement of what a hash takes.
        began = perf_counter()
        self._decoy = compute(randomness.token(32), cost)
        seconds = perf_counter() - began
        self._threads = threads or usable_cores()
        self._places = Places(
            total=places_max or PLACES_PER_THREAD * self._threads,
            at_once=self._threads,
            usual_seconds=seconds,
            on_change=on_places,
        )
        self._line = HashLine(self._threads, name="hash")
        self._large_line = HashLine(1, name="large-hash")

    @property
    def decoy(self) -> str:
        return self._decoy

    @property
    def threads(self) -> int:
        """How many hashes run at once."""
        return self._threads

    @property
    def waiting(self) -> int:
        """How many places are taken now."""
        return self._places.taken

    def place(self, address: str, *, exempt: bool = False) -> AbstractContextManager[None]:
        return self._places.take(address, exempt=exempt)

    async def hash(self, password: str) -> str:
        return await self._run(self._line, lambda: compute(password, self._cost))

    async def verify(self, password: str, encoded: str) -> bool:
        if cost := read_cost(encoded):
            is_large = cost.memory_kib > self._cost.memory_kib
            return await self._run(
                self._line_of(is_large=is_large), lambda: matches(password, encoded)
            )
        if foreign := read_kept(encoded):
            return await self._run(
                self._line_of(is_large=foreign.is_large), lambda: foreign.matches(password)
            )
        return False

    def is_outdated(self, encoded: str) -> bool:
        cost = read_cost(encoded)
        return cost is None or cost.is_below(self._cost)

    def adopt(self, text: str, *, hints: str = "") -> str:
        return adopt(text, firebase=read_parameters(hints) if hints else None)

    def _line_of(self, *, is_large: bool) -> HashLine:
        return self._large_line if is_large else self._line

    def close(self) -> None:
        """Wait for the hashes that run, drop those that do not."""
        for line in (self._line, self._large_line):
            line.close()

    async def _run(self, line: HashLine, work: Callable[[], Answer]) -> Answer:
        answer, seconds = await line.run(work)
        self._places.note(seconds)
        self._on_hash(seconds)
        return answer
