"""Starting and stopping the app: a failure is one sentence, not a traceback."""

import asyncio
import logging
from typing import Any

from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn

LOG = logging.getLogger(__name__)


def reason_of(error: BaseException) -> str:
    """Return what went wrong in one line, for the person who starts the server.

    Our own exceptions are sentences; the text of others needs their name to be understood.
    """
    text = " ".join(str(error).split())
    ours = type(error).__module__.startswith("watchword.")
    if ours and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class QuietLifespan(LifespanOn):
    """uvicorn's lifespan, which keeps the reason of a failure; the traceback is for debugging."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.reason = "The app did not start."
        self._life: asyncio.Task[None]

    async def startup(self) -> None:
        self._life = asyncio.create_task(self.main())
        await self.receive_queue.put({"type": "lifespan.startup"})
        await self.startup_event.wait()
        self.should_exit = self.startup_failed or self.error_occurred

    async def main(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self.config.loaded_app(scope, self.receive, self.send)
        except Exception as error:
            self.error_occurred = True
            self.reason = reason_of(error)
            LOG.debug("The app failed while starting or stopping", exc_info=error)
        finally:
            self.startup_event.set()
            self.shutdown_event.set()

    async def shutdown(self) -> None:
        await super().shutdown()
        if self.shutdown_failed or self.error_occurred:
            self.should_exit = True
            LOG.error("The app did not end in order: %s", self.reason)

    async def send(self, message: Any) -> None:  # noqa: ANN401 (uvicorn's own union of messages)
        # Starlette sends its whole traceback; the last line of it says what happened.
        lines = str(message.get("message", "")).strip().splitlines()
        if lines:
            self.reason = lines[-1]
        await super().send({"type": message["type"]})
