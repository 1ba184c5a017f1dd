"""Keeps callers from a controller that does not answer, but for one now and then."""

from collections.abc import Callable

_FIRST_WAIT_S, _WAIT_MAX_S = 1.0, 30.0

Ticks = Callable[[], float]
"""Seconds that only go forward, unlike those of a clock that somebody sets."""


class Breaker:
    """Knows whether one controller answers.

    After a failure it is left alone for a second, after each more in a row for twice as long;
    then one caller may try it, and the others still not, until that one has an answer.
    """

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._wait_s = 0.0
        self._closed_until = 0.0
        self._is_tried = False
        self.heard_at: float | None = None
        self.lost_at: float | None = None

    @property
    def is_lost(self) -> bool:
        return self.lost_at is not None

    @property
    def is_silent(self) -> bool:
        """Whether nobody should ask it now."""
        return self.is_lost and (self._is_tried or self._ticks() < self._closed_until)

    @property
    def wait_s(self) -> float:
        """How long it is left alone yet."""
        return max(0.0, self._closed_until - self._ticks()) if self.is_lost else 0.0

    def begin(self) -> None:
        """Note that somebody asks it."""
        self._is_tried = self.is_lost

    def leave(self) -> None:
        """Note that whoever asked it went away without an answer: another may ask it."""
        self._is_tried = False

    def heard(self) -> bool:
        """Note that it answered; return whether that is news."""
        was_lost = self.is_lost
        self.heard_at, self.lost_at = self._ticks(), None
        self._wait_s, self._is_tried = 0.0, False
        return was_lost

    def failed(self) -> bool:
        """Note that it did not answer; return whether that is news."""
        now, was_lost = self._ticks(), self.is_lost
        self._is_tried = False
        if now >= self._closed_until or not was_lost:
            # Of many who waited at once for one silent controller, the first one counts.
            self._wait_s = min(max(_FIRST_WAIT_S, 2 * self._wait_s), _WAIT_MAX_S)
            self._closed_until = now + self._wait_s
        if not was_lost:
            self.lost_at = now
        return not was_lost
