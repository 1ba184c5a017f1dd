"""Tells whoever watches this process whether it lives, and whether it can do its work."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from watchword.core.kernel.clock import Clock
from watchword.http import reports
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.surroundings import Check

CHECK_SECONDS_MAX = 2.0
CHECKED_FOR = timedelta(seconds=1)
"""How long a look at the parts is believed, so that a thousand probes cost one look."""

RETRY_AFTER = "5"


class Life(msgspec.Struct):
    """The process runs; `worker` is its number on its machine."""

    status: str
    worker: int


class Readiness(msgspec.Struct):
    """What works: "ok" or "down" for each part, and "ok" or "unavailable" for all."""

    status: str
    parts: dict[str, str]


class Parts:
    """Looks at the parts that this process cannot work without."""

    def __init__(
        self, checks: Mapping[str, Check], *, clock: Clock, patience: float = CHECK_SECONDS_MAX
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._patience = patience
        self._turn = asyncio.Lock()
        self._seen: dict[str, bool] = {}
        self._seen_at: datetime | None = None

    async def states(self) -> dict[str, bool]:
        """Return which parts work, as of a second ago at most."""
        async with self._turn:
            now = self._clock.now()
            if self._seen_at is None or not timedelta(0) <= now - self._seen_at < CHECKED_FOR:
                works = await asyncio.gather(*map(self._works, self._checks))
                self._seen = dict(zip(self._checks, works, strict=True))
                self._seen_at = self._clock.now()
            return self._seen

    async def _works(self, part: str) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                await self._checks[part]()
        except Exception as error:  # noqa: BLE001 - whatever a part does, it is not ready
            reports.not_ready(part, error)
            return False
        return True


class Health:
    """The endpoints for those who watch."""

    def __init__(self, parts: Parts, *, worker: int) -> None:
        self._parts = parts
        self._worker = worker

    async def live(self, call: Call) -> Response:
        del call
        return JsonResponse(Life("ok", self._worker))

    async def ready(self, call: Call) -> Response:
        del call
        states = await self._parts.states()
        parts = {name: "ok" if works else "down" for name, works in states.items()}
        if all(states.values()):
            return JsonResponse(Readiness("ok", parts))
        return JsonResponse(
            Readiness("unavailable", parts),
            status_code=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"retry-after": RETRY_AFTER},
        )
