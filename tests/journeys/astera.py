"""Somebody who speaks astera to a server, and reads its pages without a browser."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

from journeys.people import PASSWORD
from parts.line import ANSWER_S, Json, request
from parts.peer import Answer, Peer, post
from parts.server import Server, Store

ACCOUNT = "/api/account"
CHECK, LOG_IN, LOG_OUT, REGISTER, INVITE = (
    f"{ACCOUNT}/{name}" for name in ("checkAccess", "login", "logout", "register", "invite")
)
FORGOT, RESET, RESEND, CONFIRM = (
    f"{ACCOUNT}/{name}"
    for name in ("forgotPassword", "resetPassword", "resendConfirmation", "confirmEmail")
)
ASK_CHANGE, CHANGE, UNDO = (
    f"{ACCOUNT}/{name}" for name in ("emailChangeToken", "changeEmail", "undoEmailChange")
)

MINE = {
    "astera": CHECK,
    "asta": "/api/auth/me",
    "assets": "/services/profile",
    "precrime": "/test/secure",
}
"""By dialect, what answers to a good token alone."""

FORM = "Content-Type: application/x-www-form-urlencoded"

_HEADING = re.compile(r"<h1>(.*?)</h1>")
_DIGEST = re.compile(r"'sha256-[A-Za-z0-9+/]+={0,2}'")


@dataclass(kw_only=True)
class Client:
    """A program of somebody who reads this language."""

    store: Store
    server: Server
    reads: str = ""

    def ask(
        self, method: str, path: str, body: Json = None, *headers: str, token: str | None = None
    ) -> Answer:
        """Ask as a program does, in the language that its user reads."""
        languages = [f"Accept-Language: {self.reads}"] if self.reads else []
        return self.send(request(method, path, body, token=token, headers=[*languages, *headers]))

    def send(self, raw: bytes, *, with_body: bool = True) -> Answer:
        with Peer(self.server.port) as peer:
            peer.socket.settimeout(ANSWER_S)
            peer.send(raw)
            return peer.answer(with_body=with_body)

    def press(self, path: str, *headers: str, **typed: str) -> Answer:
        """Send a form, as a button does. A name has a hyphen where Python wants another sign."""
        form = {name.replace("_", "-"): value for name, value in typed.items()}
        return self.send(post(path, urlencode(form).encode(), FORM, *headers))

    def log_in(self, name: str, password: str = PASSWORD) -> str:
        answer = self.try_log_in(name, password)
        assert answer.status == 200, answer
        token: str = answer.document["token"]
        return token

    def try_log_in(self, name: str, password: str = PASSWORD) -> Answer:
        return self.ask("POST", LOG_IN, {"user": name, "password": password})

    def knows(self, token: str) -> list[str]:
        """Return the dialects in which a token is good."""
        answers = {name: self.ask("GET", path, token=token) for name, path in MINE.items()}
        return [
            name
            for name, answer in answers.items()
            if answer.status == 200 and "errorcode" not in answer.document
        ]

    def trouble(self) -> list[str]:
        """Return the lines of the log that say of a failure of ours."""
        return [
            line
            for line in self.server.told().splitlines()
            if '"level":"error"' in line or '"status":5' in line
        ]


def heading(answer: Answer) -> str:
    """Return what a page says first."""
    found = _HEADING.search(answer.body.decode())
    assert found, answer
    return unescape(found[1])


def guards_of(answer: Answer) -> dict[str, object]:
    """Return the headers of a page that say what may be done with it."""
    names = ("cache-control", "referrer-policy", "x-content-type-options", "x-robots-tag")
    policy = _DIGEST.sub("'sha256-'", answer.headers["content-security-policy"])
    assert "set-cookie" not in answer.headers
    return {
        **{name: answer.headers[name] for name in (*names, "content-type")},
        "content-security-policy": dict(part.split(" ", 1) for part in policy.split("; ")),
    }
