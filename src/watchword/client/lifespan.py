"""Lets a guard live as long as an app, whether or not the app follows the lifespan itself."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from watchword.client.guard import Guard

Message: TypeAlias = MutableMapping[str, Any]  # ASGI says what is in it, and no type does
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


async def live(app: App, guard: Guard, scope: Message, receive: Receive, send: Send) -> None:
    """Run the lifespan of an app; the guard starts before it and stops after it."""
    life = _Life(guard, receive, send)
    try:
        await life.of(app, scope)
    finally:
        await guard.stop()


class _Life:
    """What passes between the server and the app while it starts and stops."""

    def __init__(self, guard: Guard, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._receive = receive
        self._send = send
        self._is_asked = False
        self._is_answered = False

    async def of(self, app: App, scope: Message) -> None:
        try:
            await app(scope, self._hear, self._say)
        except Exception:
            # ASGI: an app that raises before it answers has no lifespan, and serves all the same.
            if self._is_answered:
                raise
        if not self._is_answered:
            await self._stand_in()

    async def _hear(self) -> Message:
        message = await self._receive()
        if message["type"] == "lifespan.startup":
            self._is_asked = True
            await self._guard.start()
        return message

    async def _say(self, message: Message) -> None:
        self._is_answered = True
        if message["type"] != "lifespan.startup.complete":
            # Before the server hears of the end: it may not wait for us any more.
            await self._guard.stop()
        await self._send(message)

    async def _stand_in(self) -> None:
        """Answer in the place of an app that does not."""
        if not self._is_asked:
            await self._hear()
        await self._say({"type": "lifespan.startup.complete"})
        await self._hear()
        await self._say({"type": "lifespan.shutdown.complete"})
