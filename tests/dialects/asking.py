"""A client that asks, and holds each answer against the description that the server gives."""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from dialects.described import DESCRIPTION, paths_of

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

Json = Any  # a test may send and get whatever JSON can say


@dataclass
class Asking:
    """Asks, and holds each answer against the description that the server gives of itself."""

    http: httpx.AsyncClient
    _paths: dict[str, Json] = field(default_factory=dict)

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        answer = await self.http.request(method, path, json=body, headers=sent, content=content)
        await self._compare(method, path, answer)
        return answer

    async def get(self, path: str, **how: Json) -> httpx.Response:
        return await self.ask("GET", path, **how)

    async def post(self, path: str, body: Json = None, **how: Json) -> httpx.Response:
        return await self.ask("POST", path, body, **how)

    async def put(self, path: str, body: Json = None, **how: Json) -> httpx.Response:
        return await self.ask("PUT", path, body, **how)

    async def delete(self, path: str, **how: Json) -> httpx.Response:
        return await self.ask("DELETE", path, **how)

    async def _compare(self, method: str, path: str, answer: httpx.Response) -> None:
        if not self._paths:
            self._paths = paths_of((await self.http.get(DESCRIPTION)).content)
        bare = httpx.URL(path).path
        for template, methods in self._paths.items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, bare) and method.lower() in methods:
                described = methods[method.lower()]["responses"]
                assert str(answer.status_code) in described, f"{method} {template}: {answer}"


def said(answer: httpx.Response) -> tuple[int, Json]:
    """Return status and body, to compare both at once."""
    return answer.status_code, answer.json()


def whole(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return all that somebody gets to see but the number of the request."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, headers


def claims_of(token: str) -> dict[str, Json]:
    """Return what stands in a token, as whoever holds it can read it."""
    part = token.split(".")[1]
    claims: dict[str, Json] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
