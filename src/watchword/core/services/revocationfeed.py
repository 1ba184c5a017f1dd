"""Tell other services what was revoked, as soon as it is."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import OpenWork, Revocations
from watchword.core.revocations.model import Revocation

PAGE_MAX = 1000
WAITERS_MAX = 1000
LOOK_EVERY_S = 0.05
"""How often the stamp is looked at while anybody waits: a look into memory."""

ASK_EVERY_LOOKS = 5
"""Where a stamp does not tell all, the database itself is asked so often."""

BUSY_RETRY_S = 2


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Revocations in order. `next` is what to ask for next.

    `must_begin_again` means that the number asked for was never given out: what its
    owner knows is of another database, and counts for nothing.
    """

    items: tuple[Revocation, ...]
    next: int
    must_begin_again: bool = False


class RevocationFeed:
    """Answers at once when there is news, and else keeps the caller waiting for it.

    One watcher looks for all who wait, and only while somebody does.
    """

    def __init__(self, *, open_work: OpenWork, revocations: Revocations) -> None:
        self._open_work = open_work
        self._revocations = revocations
        self._news = asyncio.Event()
        self._waiters = 0
        self._watcher: asyncio.Task[None] | None = None
        self._is_closing = False
        self._reads: dict[int, asyncio.Task[tuple[Revocation, ...]]] = {}

    async def since(self, number: int, *, patience: timedelta) -> FeedPage:
        """Return what was revoked after a number, waiting so long for the first of it.

        Raises UnavailableError when too many wait already.
        """
        news = self._news
        async with self._open_work() as work:
            items = await work.revocation_log.since(number, limit=PAGE_MAX)
            latest = number if items else await work.revocation_log.latest()
        if number > latest:
            return FeedPage((), 0, must_begin_again=True)
        if not items and patience > timedelta(0):
            items = await self._wait(number, news, patience)
        return FeedPage(items, items[-1].number if items else number)

    def close(self) -> None:
        """Answer everybody who waits; from now on nobody waits."""
        self._is_closing = True
        self._tell()

    async def _wait(
        self, number: int, news: asyncio.Event, patience: timedelta
    ) -> tuple[Revocation, ...]:
        if self._waiters >= WAITERS_MAX:
            raise UnavailableError(retry_after=BUSY_RETRY_S)
        self._waiters += 1
        try:
            async with asyncio.timeout(patience.total_seconds()):
                return await self._news_after(number, news)
        except TimeoutError:
            return ()
        finally:
            self._waiters -= 1

    async def _news_after(self, number: int, news: asyncio.Event) -> tuple[Revocation, ...]:
        """Read again at each piece of news, until there is one for this caller.

        `news` was taken before the read that found nothing, so what comes in between is
        not missed; a watcher that begins tells at its first look.
        """
        while not self._is_closing:
            if self._watcher is None or self._watcher.done():
                self._watcher = asyncio.create_task(self._watch())
            await news.wait()
            news = self._news
            if items := await self._read(number):
                return items
        return ()

    async def _read(self, number: int) -> tuple[Revocation, ...]:
        """Read once for all who have come as far; a thousand usually have."""
        read = self._reads.get(number)
        if read is None:
            read = self._reads[number] = asyncio.create_task(self._look(number))
            # Whoever waited for it may be gone when it fails.
            read.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(read)

    async def _look(self, number: int) -> tuple[Revocation, ...]:
        async with self._open_work() as work:
            return await work.revocation_log.since(number, limit=PAGE_MAX)

    async def _watch(self) -> None:
        seen: int | None = None
        looks = 0
        while self._waiters:
            stamp = self._revocations.stamp()
            is_due = self._revocations.lifetime is not None and looks % ASK_EVERY_LOOKS == 0
            if is_due or (stamp is not None and stamp != seen):
                seen = stamp
                self._tell()
            looks += 1
            await asyncio.sleep(LOOK_EVERY_S)

    def _tell(self) -> None:
        self._reads.clear()
        self._news.set()
        self._news = asyncio.Event()
