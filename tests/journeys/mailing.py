"""A server with a real mail server behind it, and somebody who reads the letters it sends."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

from journeys.astera import Client
from journeys.people import WITH_ADMIN
from parts.peer import free_port
from parts.server import Store, command, serving
from parts.smtp import Received, SmtpServer, smtp_server
from parts.waiting import until

SENDER = "no-reply@watchword.example"
MAIL_LOGIN = ("watchword", "a harbour without any boats")
LETTER_S = 30.0

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


@dataclass(kw_only=True)
class Mailing(Client):
    """A client who has mailboxes too; `base` is what links in letters begin with."""

    smtp: SmtpServer
    base: str
    settings: Mapping[str, str]
    _read: dict[str, int] = field(default_factory=dict)

    def order(self, *words: str) -> str:
        """Run a command with the settings of the server; return what it prints."""
        ran = command(self.store, *words, settings=self.settings)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

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
            yield Mailing(store=store, server=server, smtp=smtp, base=base, settings=chosen)


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
