"""Hears of revocations on other nodes, over a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import asyncpg

CHANNEL = "watchword_revoked"

_PAUSE_FIRST_S = 0.1
_PAUSE_LONGEST_S = 5.0
_SILENCE_S = 10.0
"""After this long without news we ask whether the connection still lives."""

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class Listener:
    """Calls `on_news` for each revocation, and whenever one may have been missed.

    It begins by itself, and connects again by itself, less and less often.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[_Connection]], on_news: Callable[[], None]
    ) -> None:
        self._connect = connect
        self._on_news = on_news
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        pause = _PAUSE_FIRST_S
        while True:
            with suppress(*_LOST):
                connection = await self._connect()
                try:
                    pause = _PAUSE_FIRST_S
                    await self._listen(connection)
                finally:
                    connection.terminate()
                    self._on_news()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE_LONGEST_S)

    async def _listen(self, connection: _Connection) -> None:
        """Listen until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda *_: self._on_news())
        # Whatever happened before we listened was told to nobody.
        self._on_news()
        while not lost.is_set():
            try:
                async with asyncio.timeout(_SILENCE_S):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")
