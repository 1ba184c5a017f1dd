"""A server with a real mail server behind it, and somebody who reads the letters it sends."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from journeys.people import PASSWORD, WITH_ADMIN
from parts.line import ANSWER_S, Json, request
from parts.peer import Answer, Peer, free_port, post
from parts.server import Server, Store, serving
from parts.smtp import Received, SmtpServer, smtp_server
from parts.waiting import until

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

SENDER = "no-reply@watchword.example"
MAIL_LOGIN = ("watchword", "a harbour without any boats")
LETTER_S = 30.0

FORM = "Content-Type: application/x-www-form-urlencoded"

_HEADING = re.compile(r"<h1>(.*?)</h1>")
_DIGEST = re.compile(r"'sha256-[A-Za-z0-9+/]+={0,2}'")
_LINK = re.compile(r"https?://[^\s\"<>]+")


@dataclass(frozen=True)
class Link:
    """What a letter leads to."""

    url: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def target(self) -> str:
        """What is asked of the server when somebody follows it."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}"

    @property
    def secret(self) -> str:
        [secret] = parse_qs(urlsplit(self.url).query)["ticket"]
        return secret


@dataclass
class Mailing:
    """A server, its mail server, and how far somebody has read each mailbox."""

    store: Store
    server: Server
    smtp: SmtpServer
    base: str
    reads: str = ""
    _read: dict[str, int] = field(default_factory=dict)

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

    def letter(self, to: str) -> Received:
        """Wait for the next letter to an address that nobody has read yet."""
        number = self._read.get(to, 0)

        def look() -> Received | None:
            found = [one for one in self.smtp.letters if one.recipients == (to,)]
            return found[number] if len(found) > number else None

        found = until(look, within=LETTER_S)
        self._read[to] = number + 1
        return found

    def link(self, to: str) -> Link:
        """Wait for the next letter to an address, and return the link in it."""
        [link] = links_of(self.letter(to))
        return link

    def trouble(self) -> list[str]:
        """Return the lines of the log that say of a failure of ours."""
        return [
            line
            for line in self.server.told().splitlines()
            if '"level":"error"' in line or '"status":5' in line
        ]


@contextmanager
def mailing(
    store: Store, *words: str, settings: Mapping[str, str] | None = None
) -> Iterator[Mailing]:
    """Serve with a mail server that wants encryption and a password."""
    port = free_port()
    base = f"http://localhost:{port}"
    with smtp_server("starttls", login=MAIL_LOGIN) as smtp:
        chosen = {
            **WITH_ADMIN,
            **letters_by(smtp),
            "WATCHWORD_PUBLIC_URL": base,
            **(settings or {}),
        }
        with serving(store, "--port", str(port), *words, settings=chosen) as server:
            yield Mailing(store, server, smtp, base)


def letters_by(smtp: SmtpServer) -> dict[str, str]:
    """Return the settings that let a mail server carry the letters."""
    user, password = MAIL_LOGIN
    return {
        "WATCHWORD_MAIL__SMTP_HOST": smtp.host,
        "WATCHWORD_MAIL__SMTP_PORT": str(smtp.port),
        "WATCHWORD_MAIL__CA_FILE": str(smtp.certificate),
        "WATCHWORD_MAIL__USERNAME": user,
        "WATCHWORD_MAIL__PASSWORD": password,
        "WATCHWORD_MAIL__SENDER": SENDER,
    }


def links_of(letter: Received) -> set[Link]:
    """Return every link in a letter, in its text and in its HTML."""
    texts = (letter.text, unescape(letter.html))
    return {Link(url) for text in texts for url in _LINK.findall(text)}


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
