"""Brings what threads have done back to the event loop, one in each of its turns."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress


class Handback:
    """Carries calls from threads to one event loop.

    Several come with one wake-up of the loop, so the second finds in the processor's cache
    what the first has fetched. Between two of them the loop looks at its sockets: who
    wants a quick answer waits for one of these calls, not for all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[Callable[[], None]] = deque()

    def give(self, calls: Iterable[Callable[[], None]]) -> None:
        """Have the loop make these calls, in order; for any thread.

        The loop may be closed: nobody waits any more then.
        """
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._take, calls)

    def _take(self, calls: Iterable[Callable[[], None]]) -> None:
        is_idle = not self._calls
        self._calls.extend(calls)
        if is_idle and self._calls:
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        call = self._calls.popleft()
        if self._calls:
            self._loop.call_soon(self._next)
        call()
