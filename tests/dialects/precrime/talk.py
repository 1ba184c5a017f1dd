"""A client of the precrime API, as a script would write it."""

from dataclasses import dataclass

import httpx

from dialects.asking import Asking, Json

ADMIN, ADMIN_PASSWORD = "admin", "Admin123"

LOGIN = "/user/login"
RENEW = "/user/renew"
TOKEN = "/user/token"
LOGOUT = "/user/logout"
CHANGE = "/user/password"
ADD = "/authheader/add"
LIST = "/authheader/list"
DELETE = "/authheader/delete"
SECURE = "/test/secure"
UNSECURE = "/test/unsecure"


@dataclass
class Precrime(Asking):
    """Knows the way in."""

    async def try_log_in(self, name: str, password: str) -> httpx.Response:
        return await self.post(LOGIN, {"username": name, "password": password})

    async def log_in(self, name: str = ADMIN, password: str = ADMIN_PASSWORD) -> str:
        """Return a token."""
        answer = await self.try_log_in(name, password)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["Token"])

    async def change(
        self, name: str, old: str, new: str, *, confirm: str | None = None
    ) -> httpx.Response:
        """Ask for another password."""
        body = {
            "username": name,
            "old": old,
            "new": new,
            "confirm": new if confirm is None else confirm,
        }
        return await self.post(CHANGE, body)

    async def token_for(self, token: str, query: str = "") -> str:
        """Exchange a token."""
        answer = await self.get(f"{TOKEN}{query}", token=token)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["Token"])

    async def add_key(self, token: str, name: str = "a key") -> dict[str, str]:
        """Make an auth header."""
        answer = await self.post(ADD, {"name": name}, token=token)
        assert answer.status_code == 200, answer.text
        made: dict[str, str] = answer.json()
        return made

    async def keys(self, token: str) -> list[dict[str, str]]:
        """List the auth headers."""
        answer = await self.get(LIST, token=token)
        assert answer.status_code == 200, answer.text
        listed: list[dict[str, str]] = answer.json()
        return listed

    async def statuses_of(self, *tokens: str) -> list[int]:
        """Return what the server says to each of these tokens."""
        return [(await self.get(SECURE, token=token)).status_code for token in tokens]

    async def status_of_key(self, key: str) -> int:
        """Return what the server says to a key, where keys travel."""
        return (await self.get(SECURE, headers={"X-Authorization": key})).status_code


def refused(status: int, text: str) -> tuple[int, Json]:
    return status, {"message": text}


WRONG = refused(401, "Incorrect credentials")
LOG_IN_FIRST = refused(401, "Authorization required")
BAD = refused(401, "Invalid or expired token")
