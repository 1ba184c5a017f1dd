"""The client's own doors to time and chance: it stands alone, so it may not use the server's."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

if hasattr(time, "CLOCK_BOOTTIME"):

    def elapsed_seconds() -> float:
        """Return seconds that never go back and go on while the machine is asleep."""
        # Monotonic time stands still then: who wakes after an hour would think that it had
        # heard of revocations a moment ago.
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:
    elapsed_seconds = time.monotonic


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where time and chance come from; only tests need others than these."""

    elapsed: Callable[[], float] = elapsed_seconds
    now: Callable[[], float] = time.time
    """Seconds since 1970, UTC."""

    chance: Callable[[], float] = random.random
    """A number from 0 to 1 that spreads a crowd over time, and guards no secret."""


SURROUNDINGS = Surroundings()
