"""What puts a credential on a request, for any client of httpx."""

from collections.abc import AsyncGenerator, Generator
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from watchword.client.places import key_of
from watchword.client.untold import UntoldHeaders

if TYPE_CHECKING:
    from watchword.client.asynchronous import AsyncClient
    from watchword.client.blocking import Client


class ApiKeyAuth(httpx.Auth):
    """Sends an API key in `X-Authorization`, to the origin that is asked and to no other.

    A redirect is followed without the key, if it is followed at all.
    """

    def __init__(self, key: str) -> None:
        self._key = key_of(key)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers = UntoldHeaders(request.headers, "X-Authorization", self._key)
        yield request


class TokenAuth(httpx.Auth):
    """Sends the token of a Client or an AsyncClient, and has it replaced after a 401.

    Without an audience it is the token for Watchword, and goes nowhere else. With one it is a
    token for that guarded service: give it to a client that talks to that service alone.
    """

    def __init__(self, client: "Client | AsyncClient", *, audience: str = "") -> None:
        self._client = client
        self._audience = audience

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        if isinstance(self._client, httpx.AsyncClient):
            raise TypeError("A TokenAuth of an AsyncClient works in an httpx.AsyncClient only.")
        if not self._is_meant_for(request):
            yield request
            return
        token = self._client.token(self._audience)
        response = yield _with(token, request)
        if _is_worth_another_try(request, response):
            another = self._client.after_refusal(token, self._audience)
            if another is not None:
                yield _with(another, request)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if isinstance(self._client, httpx.Client):
            raise TypeError("A TokenAuth of a Client works in an httpx.Client only.")
        if not self._is_meant_for(request):
            yield request
            return
        token = await self._client.token(self._audience)
        response = yield _with(token, request)
        if _is_worth_another_try(request, response):
            another = await self._client.after_refusal(token, self._audience)
            if another is not None:
                yield _with(another, request)

    def _is_meant_for(self, request: httpx.Request) -> bool:
        return bool(self._audience) or _origin(request.url) == _origin(self._client.base_url)


def _with(token: str, request: httpx.Request) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _is_worth_another_try(request: httpx.Request, response: httpx.Response) -> bool:
    # A body that is streamed is gone, and a redirect has lost the token on purpose.
    is_same = response.request.url == request.url
    can_repeat = isinstance(request.stream, httpx.ByteStream)
    return response.status_code == HTTPStatus.UNAUTHORIZED and is_same and can_repeat


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    ports = {"http": 80, "https": 443}
    return url.scheme, url.host, url.port or ports.get(url.scheme)
