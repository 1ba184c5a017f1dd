"""The client for programs that block: an httpx.Client that is logged in to Watchword."""

import ssl
import threading
from typing import Any

import httpx

from watchword.client.answers import Answer, Flow, Result, follow, no_answer, pressure
from watchword.client.auth import TokenAuth
from watchword.client.keeper import OURS, TokenKeeper
from watchword.client.places import base_url_of
from watchword.client.surroundings import SURROUNDINGS, Surroundings


class Client(httpx.Client):
    """Logs in at the first request, and keeps the token alive from then on.

    It is an httpx.Client in all other ways. Threads may share it. 429 and 503 are raised as
    Throttled and Unavailable. To leave it closes connections; `logout` ends the session.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str,
        password: str,
        transport: httpx.BaseTransport | None = None,
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
        self._turn = threading.Lock()

    def token(self, audience: str = OURS) -> str:
        """Return a token that is good now: for Watchword, or for a guarded service."""
        if fresh := self._keeper.fresh(audience):
            return fresh
        # Whose token lives need not wait until somebody else has renewed it.
        if (living := self._keeper.living(audience)) and self._turn.locked():
            return living
        return self._follow(self._keeper.obtain(audience))

    def service_token(self, audience: str) -> str:
        """Return a token for a guarded service; it dies with our session."""
        return self.token(audience)

    def after_refusal(self, refused: str, audience: str = OURS) -> str | None:
        """Return what to try instead of a token that got a 401, None if that would not help."""
        return self._follow(self._keeper.after_refusal(refused, audience))

    def logout(self) -> None:
        """End the session with all its tokens. The next request logs in again."""
        self._follow(self._keeper.log_out())

    def send(
        self,
        request: httpx.Request,
        **options: Any,  # noqa: ANN401 - httpx names the types of these in private
    ) -> httpx.Response:
        response = super().send(request, **options)
        if trouble := pressure(response):
            response.close()
            raise trouble
        return response

    def _follow(self, flow: Flow[Result]) -> Result:
        with self._turn:
            return follow(flow, self._ask)

    def _ask(self, request: httpx.Request) -> Answer:
        try:
            return super().send(request, auth=None, follow_redirects=False)
        except httpx.HTTPError as error:
            return no_answer(error)
