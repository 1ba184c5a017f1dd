"""A client of the assets API, as a program or a page would write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import httpx

from dialects.asking import Asking, Json

ADMIN, ADMIN_PASSWORD = "admin", "Admin123"
VERSION = "6.107.0.0"
ASSET = "2ZyIVNZxqi0BxUoWX-_e1m"

APILOGIN = "/services/apilogin"
LOGIN = "/services/login"
LOGOUT = "/services/logout"
PROFILE = "/services/profile"
PING = "/services/ping"
CHECKOUT, UNDO, CHECKIN = (
    f"/services/{verb}/{ASSET}" for verb in ("checkout", "undocheckout", "checkin")
)
CHECKOUTS = "/services/checkouts"

NEW_YEAR_MS = 1_893_456_000_000
"""When the clock of a household begins, in milliseconds since 1970."""

TYPE = "application/json;charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Browser:
    """What a page has after a log-in: a cookie, and the token to send beside it."""

    cookie: str
    csrf: str

    @property
    def reading(self) -> dict[str, str]:
        """Return what a browser sends by itself."""
        return {"Cookie": f"authToken={self.cookie}"}

    @property
    def changing(self) -> dict[str, str]:
        """Return what a page of ours sends."""
        return self.reading | {"X-CSRF-TOKEN": self.csrf}


@dataclass
class Assets(Asking):
    """Knows the ways in."""

    async def ask(self, method: str, path: str, body: Json = None, **how: Json) -> httpx.Response:
        answer = await super().ask(method, path, body, **how)
        assert answer.headers["content-type"] == TYPE
        return answer

    async def send(
        self, path: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Post a form."""
        content = urlencode(form).encode()
        return await self.post(
            path, content=content, headers={"Content-Type": FORM, **headers_of(headers)}
        )

    async def try_api_log_in(
        self, name: str, password: str, client: str = "", **more: str
    ) -> httpx.Response:
        form = {"username": name, "password": password, **more}
        return await self.send(APILOGIN, form | ({"clientId": client} if client else {}))

    async def log_in(
        self, name: str = ADMIN, password: str = ADMIN_PASSWORD, client: str = ""
    ) -> str:
        """Return the token of a program."""
        answer = await self.try_api_log_in(name, password, client)
        assert answer.json()["loginSuccess"] is True, answer.text
        return str(answer.json()["authToken"])

    async def try_log_in(self, name: str, password: str, **more: str) -> httpx.Response:
        return await self.send(LOGIN, {"username": name, "password": password, **more})

    async def browse(
        self, name: str = ADMIN, password: str = ADMIN_PASSWORD, **more: str
    ) -> Browser:
        """Return what a page has after a log-in."""
        answer = await self.try_log_in(name, password, **more)
        assert answer.json()["loginSuccess"] is True, answer.text
        return Browser(cookie_of(answer), answer.json()["csrfToken"])

    async def check_out(self, token: str, asset: str = ASSET) -> Json:
        answer = await self.post(f"/services/checkout/{asset}", token=token)
        return answer.json()

    async def held(self, token: str) -> list[str]:
        """Return the assets that the caller has."""
        listed = (await self.get(CHECKOUTS, token=token)).json()["checkouts"]
        return [one["assetId"] for one in listed]

    async def who(self, *tokens: str) -> list[str | None]:
        """Return whom the server knows by each of these tokens, None for nobody."""
        answers = [(await self.get(PROFILE, token=token)).json() for token in tokens]
        return [answer.get("username") for answer in answers]


def headers_of(headers: Mapping[str, str] | None) -> dict[str, str]:
    return dict(headers or {})


def cookie_of(answer: httpx.Response) -> str:
    """Return the token in the cookie that an answer sets."""
    return attributes_of(answer)["authToken"]


def attributes_of(answer: httpx.Response) -> dict[str, str]:
    """Return the cookie that an answer sets, with its attributes in lower case."""
    ((name, morsel),) = SimpleCookie(answer.headers["set-cookie"]).items()
    said = {key: str(value) for key, value in morsel.items() if value}
    return {name: morsel.value, **said}


def fault(code: int, text: str) -> tuple[int, Json]:
    """Return an error as it stands inside a 200."""
    return 200, {"errorcode": code, "message": text}


def no_log_in(text: str) -> tuple[int, Json]:
    return 200, {"loginSuccess": False, "loginFaultMessage": text, "serverVersion": VERSION}


WRONG = no_log_in("Invalid username or password")
NOT_LOGGED_IN = fault(401, "Not logged in")
NO_CSRF = fault(403, "The header X-CSRF-TOKEN is missing or wrong")
