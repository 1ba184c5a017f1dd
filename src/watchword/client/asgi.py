"""ASGI middleware that lets nobody through without a token (HTTP and WebSocket)."""

import json
from collections.abc import Iterable

from watchword.client.bearer import Denial, denial_of, read_bearer
from watchword.client.errors import InvalidToken, Unavailable
from watchword.client.guard import Guard
from watchword.client.lifespan import App, Message, Receive, Send, live
from watchword.client.principal import Principal

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class GuardMiddleware:
    """Puts the Principal into `scope["watchword"]`, or answers 401, or 503 while nobody can know.

    `exempt` paths need no token: each is a path, or one that ends in `/*` and means all below
    it. The guard starts and stops with the app. A connection that was let in (a WebSocket, a
    long answer) is not looked at again.
    """

    def __init__(self, app: App, *, guard: Guard, exempt: Iterable[str] = ()) -> None:
        self._app = app
        self._guard = guard
        self._paths = frozenset(exempt)
        self._folders = tuple(path[:-1] for path in self._paths if path.endswith("/*"))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(self._app, self._guard, scope, receive, send)
            return
        # Nobody but a guard says who somebody is, not even a server that passes its scope on.
        scope.pop("watchword", None)
        if scope["type"] not in {"http", "websocket"} or self._is_exempt(scope):
            await self._app(scope, receive, send)
            return
        found = await self._admit(scope)
        if isinstance(found, Denial):
            await _deny(found, scope, receive, send)
            return
        scope["watchword"] = found
        await self._app(scope, receive, send)

    async def _admit(self, scope: Message) -> Principal | Denial:
        fields = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"
        ]
        token = read_bearer(fields)
        if isinstance(token, Denial):
            return token
        try:
            return await self._guard.check(token)
        except (InvalidToken, Unavailable) as error:
            return denial_of(error)

    def _is_exempt(self, scope: Message) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in self._paths:
            return True
        # What climbs out of a folder is not below it, whoever may resolve the path later.
        climbs = ".." in path.replace("\\", "/").split("/")
        return path.startswith(self._folders) and not climbs


async def _deny(denial: Denial, scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await _answer("http.response", denial, send)
        return
    await receive()  # the request to connect
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await _answer("websocket.http.response", denial, send)
        return
    # The server makes a 403 of this: ASGI has no other word before a connection is accepted.
    is_later = any(name == "Retry-After" for name, _ in denial.headers)
    code = TRY_AGAIN_LATER if is_later else POLICY_VIOLATION
    await send({"type": "websocket.close", "code": code, "reason": denial.error})


async def _answer(kind: str, denial: Denial, send: Send) -> None:
    body = json.dumps({"error": denial.error}).encode()
    fields = [
        *denial.headers,
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    headers = [(name.lower().encode(), value.encode()) for name, value in fields]
    await send({"type": f"{kind}.start", "status": int(denial.status), "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
