"""How many callers may wait for something slow, such as a password hash, and who they are."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watchword.core.kernel.errors import UnavailableError

_NEW_WEIGHT = 0.1  # how far one measurement moves the mean


class Places:
    """Counts waiting callers, in total and for each address.

    Who is sent away is told when to come back: `at_once` callers are served at a time, for
    `usual_seconds` each as long as nothing else is noted. Used from the event loop alone, so
    counting needs no lock.
    """

    def __init__(
        self,
        *,
        total: int,
        at_once: int,
        usual_seconds: float,
        on_change: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._on_change = on_change
        self._total = total
        self._each = max(1, total // 4)
        self._at_once = at_once
        self._mean_seconds = usual_seconds
        self._taken = 0
        self._taken_by: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many callers hold a place now."""
        return self._taken

    @contextmanager
    def take(self, address: str, *, exempt: bool) -> Iterator[None]:
        """Hold a place until the end of the block, however it ends."""
        if self._taken >= self._total:
            raise UnavailableError(retry_after=self._wait_seconds())
        if not exempt and self._taken_by[address] >= self._each:
            raise UnavailableError(retry_after=self._wait_seconds())
        self._taken += 1
        self._taken_by[address] += 1
        self._on_change(1)
        try:
            yield
        finally:
            self._give_back(address)

    def note(self, seconds: float) -> None:
        """Learn how long serving one took."""
        self._mean_seconds += _NEW_WEIGHT * (seconds - self._mean_seconds)

    def _give_back(self, address: str) -> None:
        self._taken -= 1
        self._on_change(-1)
        self._taken_by[address] -= 1
        if not self._taken_by[address]:
            del self._taken_by[address]  # else every address ever seen stays in memory

    def _wait_seconds(self) -> int:
        return max(1, math.ceil(self._taken * self._mean_seconds / self._at_once))
