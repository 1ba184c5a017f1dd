"""A client of the astera API, as a script would write it."""

import re
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from dialects.asking import Asking, Json
from watchword.core.outbox.model import Letter

ADMIN, ADMIN_PASSWORD = "admin", "Admin123"

ACCOUNT = "/api/account"
REGISTER = f"{ACCOUNT}/register"
INVITE = f"{ACCOUNT}/invite"
LOGIN = f"{ACCOUNT}/login"
LOGIN_AD = f"{ACCOUNT}/loginAD"
REGISTER_AD = f"{ACCOUNT}/registerAD"
LOGOUT = f"{ACCOUNT}/logout"
CHECK = f"{ACCOUNT}/checkAccess"
CONFIRM = f"{ACCOUNT}/confirmEmail"
RESEND = f"{ACCOUNT}/resendConfirmation"
FORGOT = f"{ACCOUNT}/forgotPassword"
VERIFY_RESET = f"{ACCOUNT}/verifyResetToken"
RESET = f"{ACCOUNT}/resetPassword"
CHANGE_PASSWORD = f"{ACCOUNT}/changePassword"
ASK_CHANGE = f"{ACCOUNT}/emailChangeToken"
VERIFY_CHANGE = f"{ACCOUNT}/verifyEmailChangeToken"
CHANGE = f"{ACCOUNT}/changeEmail"
UNDO = f"{ACCOUNT}/undoEmailChange"

JOBS = "/api/Job"

POSTS = (
    REGISTER,
    REGISTER_AD,
    INVITE,
    LOGIN,
    LOGIN_AD,
    LOGOUT,
    CONFIRM,
    RESEND,
    FORGOT,
    VERIFY_RESET,
    RESET,
    CHANGE_PASSWORD,
    ASK_CHANGE,
    VERIFY_CHANGE,
    CHANGE,
    UNDO,
)
_SPELLED = {path.lower(): path for path in (*POSTS, CHECK, JOBS)}


@dataclass
class Astera(Asking):
    """Knows the way in."""

    async def try_log_in(self, name: str, password: str, **more: Json) -> httpx.Response:
        return await self.post(LOGIN, {"user": name, "password": password, **more})

    async def try_log_in_ad(self, name: str, password: str, **more: Json) -> httpx.Response:
        return await self.post(LOGIN_AD, {"user": name, "password": password, **more})

    async def log_in(self, name: str = ADMIN, password: str = ADMIN_PASSWORD) -> str:
        """Return a token."""
        answer = await self.try_log_in(name, password)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def register(self, name: str, password: str = "pass", **more: Json) -> httpx.Response:
        return await self.post(REGISTER, {"user": name, "password": password, **more})

    async def start(
        self, flow: str, token: str, *, headers: dict[str, str] | None = None, **members: Json
    ) -> httpx.Response:
        """Ask for a job."""
        return await self.post(JOBS, {"flow": flow, **members}, token=token, headers=headers)

    async def statuses_of(self, *tokens: str) -> list[int]:
        """Return what the server says to each of these tokens."""
        return [(await self.get(CHECK, token=token)).status_code for token in tokens]

    async def _compare(self, method: str, path: str, answer: httpx.Response) -> None:
        """Hold the type against the description too, in whatever letter case was asked."""
        path = _spelled(httpx.URL(path).path)
        await super()._compare(method, path, answer)
        template = re.sub(rf"(?<={JOBS}/)[^/]+", "{jobID}", path)
        found = self._paths.get(template, {}).get(method.lower())
        if found and answer.content and "html" not in answer.headers["content-type"]:
            described = found["responses"][str(answer.status_code)]["content"]
            kind = answer.headers["content-type"].partition(";")[0]
            assert {kind, "*/*"} & described.keys(), f"{method} {path}: {answer.text}"


def _spelled(path: str) -> str:
    """Return a path of ours as the description spells it."""
    if path.lower().startswith(f"{JOBS.lower()}/"):
        _, _, _, number, *verb = path.split("/")
        return "/".join([JOBS, number, *(one.capitalize() for one in verb)])
    return _SPELLED.get(path.lower(), path)


_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 calls them; Python 3.11 has older names."""


def refused(status: int, text: str, code: str = "") -> tuple[int, Json]:
    """Return the status and the body of a refusal."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    body = {"title": title, "status": status, "detail": text, "code": code}
    return status, {name: value for name, value in body.items() if value}


def misread(text: str, pointer: str = "#") -> tuple[int, Json]:
    """Return the status and the body of a refusal of a body with one thing wrong in it."""
    status, body = refused(400, text, "invalid_body")
    return status, {**body, "errors": [{"detail": text, "pointer": pointer}]}


def only(letters: list[Letter]) -> Letter:
    """Return the one letter that there is."""
    [letter] = letters
    return letter


def message(text: str) -> tuple[int, Json]:
    return 200, {"message": text}


WRONG = refused(401, "The user or the password is wrong.", "wrong_credentials")
LOG_IN_FIRST = refused(401, "Log in first.")
BAD_TOKEN = refused(401, "The token is wrong or out of date.")
NO_KEYS = refused(403, "An API key may not do this.", "key_scope")
NOT_GOOD = refused(400, "The token or code is wrong, used or out of date.", "ticket_bad")
BAD_ADDRESS = refused(400, "The email address is not valid.", "address_invalid")
TAKEN = refused(409, "The email address is taken.", "address_taken")
VALID = (200, {"valid": True})
CHALLENGE = 'Bearer realm="watchword"'
BAD_CHALLENGE = (
    f'{CHALLENGE}, error="invalid_token", error_description="The token is wrong or out of date."'
)
