"""The middleware: nobody gets through without a token, and the guard lives with the app."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from client.apps import Greeter, bearing, call, living, scope_of
from client.mint import Mint
from client.standin import BILLING
from client.test_guard import guarding
from watchword.client import Guard, GuardMiddleware, Principal
from watchword.client.lifespan import Message, Receive, Send

REALM = 'Bearer realm="watchword"'


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
async def guard(mint: Mint) -> AsyncIterator[Guard]:
    async with guarding(mint) as made:
        yield made


def status_of(sent: list[Message]) -> int:
    status: int = sent[0]["status"]
    return status


def header(sent: list[Message], name: bytes) -> str | None:
    return next((value.decode() for key, value in sent[0]["headers"] if key == name), None)


async def test_a_good_token_comes_through(mint: Mint, guard: Guard) -> None:
    """The app finds in the scope who it is."""
    app = Greeter()
    sent = await call(GuardMiddleware(app, guard=guard), scope_of(headers=bearing(mint.token())))

    assert (status_of(sent), sent[1]["body"]) == (200, b"account-1")
    assert isinstance(app.scopes[0]["watchword"], Principal)


@pytest.mark.parametrize(
    ("value", "status", "challenge"),
    [
        (None, 401, REALM),
        (b"", 401, REALM),
        (b"Bearer", 401, REALM),
        (b"Basic YTpi", 401, REALM),
        (b"Bearer nonsense", 401, f'{REALM}, error="invalid_token"'),
        (b"bearer  nonsense ", 401, f'{REALM}, error="invalid_token"'),
        (b"Bearer \xff\xfe", 401, f'{REALM}, error="invalid_token"'),
    ],
)
async def test_who_has_none_is_told_how(
    guard: Guard, value: bytes | None, status: int, challenge: str
) -> None:
    """RFC 6750: no error for who brought nothing, `invalid_token` for the rest."""
    app = Greeter()
    headers = [] if value is None else [(b"authorization", value)]
    sent = await call(GuardMiddleware(app, guard=guard), scope_of(headers=headers))

    assert (status_of(sent), header(sent, b"www-authenticate")) == (status, challenge)
    assert header(sent, b"cache-control") == "no-store"
    assert header(sent, b"content-length") == str(len(sent[1]["body"]))
    assert json.loads(sent[1]["body"])["error"] in {"unauthorized", "invalid_token"}
    assert app.scopes == []


async def test_two_tokens_are_one_too_many(mint: Mint, guard: Guard) -> None:
    """Nobody picks one of them."""
    headers = [*bearing(mint.token()), *bearing(mint.token())]
    sent = await call(GuardMiddleware(Greeter(), guard=guard), scope_of(headers=headers))

    assert status_of(sent) == 400
    assert header(sent, b"www-authenticate") == f'{REALM}, error="invalid_request"'


async def test_a_guard_that_cannot_know_says_come_again(mint: Mint, guard: Guard) -> None:
    """503 with Retry-After, for good and bad tokens alike."""
    middleware = GuardMiddleware(Greeter(), guard=guard)
    mint.time.advance(11)
    answers = [
        await call(middleware, scope_of(headers=bearing(token)))
        for token in (mint.token(), "nonsense")
    ]

    assert [status_of(sent) for sent in answers] == [503, 503]
    assert [header(sent, b"retry-after") for sent in answers] == ["1", "1"]


@pytest.mark.parametrize(
    ("path", "root", "is_open"),
    [
        ("/health", "", True),
        ("/health/", "", False),
        ("/healthy", "", False),
        ("/static/a/b", "", True),
        ("/static/", "", True),
        ("/static", "", False),
        ("/static/../secret", "", False),
        ("/static/a/..", "", False),
        ("/static/..\\secret", "", False),
        ("/static/a..b", "", True),
        ("/", "", False),
        ("//health", "", False),
        ("/api/health", "/api", True),
        ("/api/static/x", "/api", True),
        ("/api/health", "", False),
    ],
)
async def test_some_paths_need_no_token(
    guard: Guard, path: str, root: str, *, is_open: bool
) -> None:
    """Exactly those that were named, and all below those with a star."""
    app = Greeter()
    middleware = GuardMiddleware(app, guard=guard, exempt=("/health", "/static/*"))
    sent = await call(middleware, scope_of(path=path, root_path=root))

    assert (status_of(sent) == 200) is is_open


async def test_nobody_brings_a_principal_along(guard: Guard) -> None:
    """What stood in the scope before is gone, on open paths too."""
    middleware = GuardMiddleware(Greeter(), guard=guard, exempt=("/open",))
    sent = await call(middleware, scope_of(path="/open", watchword="admin"))

    assert sent[1]["body"] == b"anonymous"


async def test_a_websocket_needs_a_token_too(mint: Mint, guard: Guard) -> None:
    """It is refused before it is accepted, in words if the server has them."""
    app = Greeter()
    middleware = GuardMiddleware(app, guard=guard)
    accepted = await call(middleware, scope_of("websocket", headers=bearing(mint.token())))
    closed = await call(middleware, scope_of("websocket"))
    words: Message = {"websocket.http.response": {}}
    told = await call(middleware, scope_of("websocket", extensions=words))
    mint.time.advance(11)
    later = await call(middleware, scope_of("websocket", headers=bearing(mint.token())))

    assert accepted == [{"type": "websocket.accept"}]
    assert closed == [{"type": "websocket.close", "code": 1008, "reason": "unauthorized"}]
    assert [message["type"] for message in told] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert status_of(told) == 401
    assert later[0]["code"] == 1013
    assert len(app.scopes) == 1


async def test_other_kinds_of_scope_pass(guard: Guard) -> None:
    """What is neither HTTP nor WebSocket is none of our business."""
    seen: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope["type"])

    await call(GuardMiddleware(app, guard=guard), {"type": "other"})

    assert seen == ["other"]


async def test_the_guard_lives_with_an_app_that_has_no_lifespan(mint: Mint) -> None:
    """It starts before the first request, and stops at the end."""
    guard = guarding(mint)
    middleware = GuardMiddleware(Greeter(), guard=guard)
    async with living(middleware) as said:
        sent = await call(middleware, scope_of(headers=bearing(mint.token())))
        started = list(said)

    assert status_of(sent) == 200
    assert started == ["lifespan.startup.complete"]
    assert said[1:] == ["lifespan.shutdown.complete"]
    with pytest.raises(RuntimeError, match="not started"):
        await guard.check("x")


async def test_the_guard_lives_with_an_app_that_returns_at_once(mint: Mint) -> None:
    """Some apps do nothing in their lifespan."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        del scope, receive, send

    async with living(GuardMiddleware(app, guard=guarding(mint))) as said:
        pass

    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("raises", [False, True])
async def test_the_guard_lives_with_an_app_that_only_listens(mint: Mint, *, raises: bool) -> None:
    """It hears that it starts, and says nothing: so we answer for it."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        del scope, send
        await receive()
        if raises:
            raise KeyError("lifespan.startup")

    async with living(GuardMiddleware(app, guard=guarding(mint))) as said:
        pass

    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_guard_lives_around_the_apps_own_life(mint: Mint) -> None:
    """What an app does when it starts and ends can rely on it."""
    guard, seen = guarding(mint), list[str]()

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        for moment in ("startup", "shutdown"):
            await receive()
            seen.append((await guard.check(mint.token())).subject)
            await send({"type": f"lifespan.{moment}.complete"})

    async with living(GuardMiddleware(app, guard=guard)) as said:
        pass

    assert seen == ["account-1", "account-1"]
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_an_app_that_cannot_start_stops_the_guard(mint: Mint) -> None:
    """The server hears of it from the app itself."""
    guard = guarding(mint)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no disk"})
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        async with living(GuardMiddleware(app, guard=guard)) as said:
            assert said == ["lifespan.startup.failed"]
    with pytest.raises(RuntimeError, match="not started"):
        await guard.check("x")


async def test_a_starlette_app_is_guarded(mint: Mint) -> None:
    """As users of Starlette put middleware in."""

    async def hello(request: Request) -> PlainTextResponse:
        principal: Principal = request.scope["watchword"]
        return PlainTextResponse(principal.session)

    app = Starlette(routes=[Route("/", hello)])
    app.add_middleware(GuardMiddleware, guard=guarding(mint))
    async with (
        living(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BILLING) as client,
    ):
        good = await client.get("/", headers={"Authorization": f"Bearer {mint.token()}"})
        bad = await client.get("/")

    assert (good.status_code, good.text) == (200, "session-1")
    assert bad.status_code == 401


async def test_a_server_that_goes_away_takes_the_guard_along(mint: Mint) -> None:
    """When the lifespan is cancelled, nothing of ours goes on."""
    guard = guarding(mint)
    started, never = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if started.is_set():
            await never.wait()
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        del message
        started.set()

    task = asyncio.create_task(
        GuardMiddleware(Greeter(), guard=guard)({"type": "lifespan"}, receive, send)
    )
    await started.wait()
    task.cancel()
    await asyncio.wait([task])

    with pytest.raises(RuntimeError, match="not started"):
        await guard.check("x")
