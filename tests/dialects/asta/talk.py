"""A client of the asta API, as an app would write it."""

from dataclasses import dataclass

import httpx

from dialects.asking import Asking, Json

ADMIN, ADMIN_PASSWORD = "admin", "Admin123"
USERS = "/api/auth/users"
NOBODYS_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    id: str
    name: str
    password: str
    token: str


@dataclass
class Asta(Asking):
    """Knows the way in."""

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


def refused(status: int, text: str) -> tuple[int, Json]:
    return status, {"detail": text}
