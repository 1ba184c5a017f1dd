"""The client for asyncio: an httpx.AsyncClient that is logged in to Watchword."""

import asyncio
import ssl
from typing import Any

import httpx

from watchword.client.answers import Answer, Flow, Result, follow_async, no_answer, pressure
from watchword.client.auth import TokenAuth
from watchword.client.keeper import OURS, TokenKeeper
from watchword.client.places import base_url_of
from watchword.client.surroundings import SURROUNDINGS, Surroundings


class AsyncClient(httpx.AsyncClient):
    """Logs in at the first request, and keeps the token alive from then on.

    It is an httpx.AsyncClient in all other ways. The tasks of one loop may share it. 429 and
    503 are raised as Throttled and Unavailable. To leave it closes connections; `logout` ends
    the session.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str,
        password: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 10.0,
        verify: ssl.SSLContext | bool = True,
        surroundings: Surroundings = SURROUNDINGS,
    ) -> None:
        place = base_url_of(base_url)
        super().__init__(
            base_url=place,
            auth=TokenAuth(self),
            transport=transport,
            timeout=timeout,
            verify=verify,
            follow_redirects=False,
        )
        self._keeper = TokenKeeper(place, username, password, surroundings)
        self._turn = asyncio.Lock()

    async def token(self, audience: str = OURS) -> str:
        """Return a token that is good now: for Watchword, or for a guarded service."""
        if fresh := self._keeper.fresh(audience):
            return fresh
        # Whose token lives need not wait until somebody else has renewed it.
        if (living := self._keeper.living(audience)) and self._turn.locked():
            return living
        return await self._follow(self._keeper.obtain(audience))

    async def service_token(self, audience: str) -> str:
        """Return a token for a guarded service; it dies with our session."""
        return await self.token(audience)

    async def after_refusal(self, refused: str, audience: str = OURS) -> str | None:
        """Return what to try instead of a token that got a 401, None if that would not help."""
        return await self._follow(self._keeper.after_refusal(refused, audience))

    async def logout(self) -> None:
        """End the session with all its tokens. The next request logs in again."""
        await self._follow(self._keeper.log_out())

    async def send(
        self,
        request: httpx.Request,
        **options: Any,  # noqa: ANN401 - httpx names the types of these in private
    ) -> httpx.Response:
        response = await super().send(request, **options)
        if trouble := pressure(response):
            await response.aclose()
            raise trouble
        return response

    async def _follow(self, flow: Flow[Result]) -> Result:
        async with self._turn:
            return await follow_async(flow, self._ask)

    async def _ask(self, request: httpx.Request) -> Answer:
        try:
            return await super().send(request, auth=None, follow_redirects=False)
        except httpx.HTTPError as error:
            return no_answer(error)
