"""Starting and stopping the app: a failure is one sentence, not a traceback."""

import logging
from typing import Any

from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn

from watchword.core.kernel.errors import CoreError

LOG = logging.getLogger(__name__)


def reason_of(error: BaseException) -> str:
    """Return what went wrong in one line, for the person who starts the server."""
    text = " ".join(str(error).split())
    if isinstance(error, CoreError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class QuietLifespan(LifespanOn):
    """uvicorn's lifespan, which keeps the reason of a failure; the traceback is for debugging."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.reason = "The app did not start."

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

    async def send(self, message: Any) -> None:  # noqa: ANN401 (uvicorn's own union of messages)
        # Starlette sends its whole traceback; the last line of it says what happened.
        lines = str(message.get("message", "")).strip().splitlines()
        if lines:
            self.reason = lines[-1]
        await super().send({"type": message["type"]})
