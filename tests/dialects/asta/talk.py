"""A client of the asta API, as an app would write it."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

ADMIN, ADMIN_PASSWORD = "admin", "Admin123"
USERS = "/api/auth/users"
NOBODYS_ID = "11111111-2222-4333-8444-555555555555"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

Json = Any  # a test may send and get whatever JSON can say


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    id: str
    name: str
    password: str
    token: str


@dataclass
class Asta:
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

    async def try_log_in(self, name: str, password: str) -> httpx.Response:
        return await self.post("/api/auth/login", {"username": name, "password": password})

    async def log_in(self, name: str = ADMIN, password: str = ADMIN_PASSWORD) -> Person:
        answer = await self.try_log_in(name, password)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        return Person(said["user"]["id"], said["user"]["username"], password, said["access_token"])

    async def make(self, name: str, *, role: str = "user", password: str = "pass-word") -> Person:
        """Let the first admin make an account, and log in to it."""
        admin = await self.log_in()
        body = {"username": name, "password": password, "role": role}
        made = await self.post(USERS, body, token=admin.token)
        assert made.status_code == 200, made.text
        return await self.log_in(name, password)

    async def status_of(self, token: str) -> int:
        """Return what the server says to a token."""
        return (await self.get("/api/auth/me", token=token)).status_code

    async def _compare(self, method: str, path: str, answer: httpx.Response) -> None:
        if not self._paths:
            self._paths = (await self.http.get("/openapi.json")).json()["paths"]
        bare = httpx.URL(path).path
        for template, methods in self._paths.items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, bare) and method.lower() in methods:
                described = methods[method.lower()]["responses"]
                assert str(answer.status_code) in described, f"{method} {template}: {answer}"


def said(answer: httpx.Response) -> tuple[int, Json]:
    """Return status and body, to compare both at once."""
    return answer.status_code, answer.json()


def refused(status: int, text: str) -> tuple[int, Json]:
    return status, {"detail": text}
