"""The dependency: an endpoint of FastAPI or Starlette that wants a token."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from client.apps import bearing, call, scope_of
from client.mint import Mint
from client.standin import BILLING
from client.test_guard import guarding
from watchword.client import Guard, Principal
from watchword.client.starlette import RequireToken


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
async def guard(mint: Mint) -> AsyncIterator[Guard]:
    async with guarding(mint) as made:
        yield made


def fastapi_app(guard: Guard) -> ASGIApp:
    app = FastAPI()
    require = RequireToken(guard)

    @app.get("/me")
    async def me(principal: Annotated[Principal, Depends(require)]) -> dict[str, str]:
        return {"subject": principal.subject}

    @app.websocket("/socket")
    async def socket(
        websocket: WebSocket, principal: Annotated[Principal, Depends(require)]
    ) -> None:
        await websocket.accept()
        await websocket.send_text(principal.subject)
        await websocket.close()

    return app


def starlette_app(guard: Guard) -> ASGIApp:
    require = RequireToken(guard)

    async def me(request: Request) -> PlainTextResponse:
        principal = await require(request)
        return PlainTextResponse(f'{{"subject":"{principal.subject}"}}')

    return Starlette(routes=[Route("/me", me)])


@pytest.fixture(params=[fastapi_app, starlette_app])
def app(request: pytest.FixtureRequest, guard: Guard) -> ASGIApp:
    made: ASGIApp = request.param(guard)
    return made


async def ask(app: ASGIApp, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BILLING) as client:
        return await client.get("/me", headers=headers)


async def test_an_endpoint_learns_who_calls(mint: Mint, app: ASGIApp) -> None:
    """As an argument, or by asking."""
    answer = await ask(app, mint.token())

    assert (answer.status_code, answer.json()) == (200, {"subject": "account-1"})


async def test_nobody_else_gets_in(mint: Mint, app: ASGIApp) -> None:
    """401 with a challenge, and 503 with a time while nobody can know."""
    missing, wrong = await ask(app, None), await ask(app, mint.token(aud="elsewhere"))
    mint.time.advance(11)
    silent = await ask(app, mint.token())

    assert [answer.status_code for answer in (missing, wrong, silent)] == [401, 401, 503]
    assert missing.headers["www-authenticate"] == 'Bearer realm="watchword"'
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    assert silent.headers["retry-after"] == "1"
    assert {answer.headers["cache-control"] for answer in (missing, wrong, silent)} == {"no-store"}


async def test_a_websocket_of_fastapi_is_guarded(mint: Mint, guard: Guard) -> None:
    """It is closed before it is accepted."""
    app = fastapi_app(guard)
    good = await call(
        app, scope_of("websocket", "/socket", bearing(mint.token()), query_string=b"")
    )
    bad = await call(app, scope_of("websocket", "/socket", query_string=b""))

    assert [message["type"] for message in good][:2] == ["websocket.accept", "websocket.send"]
    assert [message["type"] for message in bad] == ["websocket.close"]
    assert bad[0]["code"] == 1008
