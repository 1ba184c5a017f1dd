"""What a mail server is handed and what is typed on pages; what goes astray of it is looked for.

What the API is told is in tests/journeys/test_secrets_of_letters.py.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from journeys.astera import CONFIRM, FORM, RESEND, RESET
from journeys.errands import Errand, errand
from journeys.mailing import LETTER_S, MAIL_LOGIN, Link, Mailing, mailing
from journeys.people import ADMIN, PASSWORD
from journeys.visit import MASTER_KEY, files_of, found_in
from parts.database import dump
from parts.peer import post
from parts.server import FOR_ALL, Store, command
from parts.smtp import Received
from parts.smtp_letters import CODE, LINK
from parts.waiting import until
from watchword.core.tickets.model import Purpose

pytestmark = pytest.mark.slow

MARK = "whisper"
"""In every secret that somebody types here, and in every name and address that nobody has."""

SETTINGS = {**FOR_ALL, "WATCHWORD_LOG__LEVEL": "debug"}
NOBODY = f"{MARK}@example.org"
NEW, SHORT = f"{MARK}-nine-geese-in-a-pond", MARK[:5]


@dataclass
class Reader:
    """Somebody who reads letters, and remembers the secrets in each."""

    house: Mailing
    secrets: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)

    def errand(self, purpose: Purpose) -> Errand:
        sent = errand(self.house, purpose)
        self.keep(sent.letter)
        return sent

    def keep(self, letter: Received) -> Received:
        self.keep_words(letter.text)
        self.addresses |= set(letter.recipients)
        return letter

    def keep_words(self, text: str) -> None:
        for code in CODE.findall(LINK.sub("", text)):
            self.secrets |= {code, code.replace("-", "")}
        self.secrets |= {Link(url).secret for url in LINK.findall(text)}


def use_all_of_them(reader: Reader) -> None:
    """Do what each letter is for, after some mistakes."""
    house = reader.house
    for purpose in Purpose:
        sent = reader.errand(purpose)
        sent.look()
        if sent.typed:
            sent.press(password=SHORT, password_again=SHORT)
            sent.press(password=NEW, password_again=f"{NEW}!")
            sent.press(username=f"{MARK}\u200b", password_again=NEW)
        fits = {"password": NEW, "password_again": NEW} if sent.typed else {}
        done, again = sent.press(**fits), sent.press(**fits)
        assert (done.status, again.status) == (200, 410)
        if purpose is Purpose.UNDO:
            reader.keep(house.letter(sent.to))
    reader.secrets.add(house.log_in(ADMIN))


def lose_them(reader: Reader) -> None:
    """Put a link's secret where it does not belong, and where nothing can be read."""
    house = reader.house
    sent = reader.errand(Purpose.CONFIRM)
    secret, target = sent.link.secret, sent.link.target
    for path in (f"/{secret}", f"/account/{secret}", f"{CONFIRM}/{secret}", f"{target}&x={MARK}"):
        for method in ("GET", "HEAD", "PUT", "OPTIONS"):
            house.ask(method, path) if method != "HEAD" else None
    house.ask("GET", f"{CONFIRM}?email={quote(NOBODY)}&code={secret}")
    for name in ("Referer", "User-Agent", "Cookie", "Origin", "X-Request-Id", "Accept-Language"):
        house.ask("GET", sent.link.path, None, f"{name}: {target}")
    form = f"ticket={secret}&password={NEW}".encode()
    for body, *types in (
        (form, "Content-Type: text/plain"),
        (form, f"{FORM}; charset={MARK}"),
        (b"{" + form, "Content-Type: application/json"),
        (form + b"x" * 70_000, FORM),
        (form + b"&x=%ff%00", FORM),
        (form.replace(b"ticket", secret.encode()), FORM),
    ):
        for path in (sent.link.path, CONFIRM, RESET):
            house.send(post(path, body, *types))
    for line in (f"GET {target} HTTP/9.9", f"{secret} / HTTP/1.1", f"GET  {target}"):
        house.send(f"{line}\r\nHost: localhost\r\n\r\n".encode())
    assert sent.press().status == 200


def be_turned_down(reader: Reader) -> None:
    """Have a mail server that says no, and quotes what it was told."""
    house, smtp = reader.house, reader.house.smtp
    sent = reader.errand(Purpose.CONFIRM)
    smtp.on("RCPT", f"550 5.1.1 <{sent.to}> is not here", to=sent.to)
    house.ask("POST", RESEND, {"email": sent.to})
    until(lambda: newest(house, sent.to, "standing") == "refused", within=LETTER_S)
    smtp.heal()
    # It takes this one and says no, so that we know what it may quote.
    other = errand(house, Purpose.CONFIRM)
    smtp.on("TAKEN", "451 4.7.1 later", to=other.to)
    house.ask("POST", RESEND, {"email": other.to})
    letter = reader.keep(house.letter(other.to))
    smtp.heal()
    smtp.on("DOT", f"554 5.7.1 {letter.link} with {letter.code} is no good", to=other.to)
    until(lambda: "is no good" in newest(house, other.to, "reason"), within=LETTER_S)


def newest(house: Mailing, to: str, member: str) -> str:
    """Return a member of the newest letter to an address, as the operator lists it."""
    letters = json.loads(house.order("mail", "list", "--json"))["letters"]
    found: str = next(one[member] for one in letters if one["to"] == to)
    return found


def wait_in_the_outbox(reader: Reader) -> None:
    """Leave letters that were not sent, and learn from the operator what is in them."""
    house = reader.house
    house.smtp.on("DATA", "451 4.3.0 later")
    house.order("account", "invite", "guest@example.org")
    shown = house.order("mail", "show", "latest")
    assert LINK.search(shown), shown
    reader.keep_words(shown)


def give_commands(house: Mailing) -> Iterator[str]:
    """Run commands that show letters without their words; tell all that they print."""
    for words in (
        ("mail", "list", "--json"),
        ("mail", "list", "--limit", "200"),
        ("mail", "retry", "--refused"),
        ("audit", "list", "--limit", "1000", "--json"),
        ("doctor", "--json"),
        ("account", "invite", f"{MARK} @example.org"),
    ):
        ran = command(house.store, *words, settings=house.settings)
        yield ran.stdout + ran.stderr


async def test_no_secret_of_a_letter_stands_anywhere_in_clear(
    store: Store, request: pytest.FixtureRequest
) -> None:
    """Not in a log at level debug, in no metric, and not in the database or beside it."""
    folders = [store.folder]
    if store.database is not None:
        folders.append(request.getfixturevalue("postgres_server").folder)

    with mailing(store, "--workers", "2", settings=SETTINGS) as house:
        reader = Reader(house)
        for part in (
            use_all_of_them,
            lose_them,
            be_turned_down,
            wait_in_the_outbox,
        ):
            part(reader)
        metrics = house.ask("GET", "/metrics").body.decode()
        told = [*give_commands(house), str(await dump(store))]
        secrets = secrets_of(reader)
        running = list(found_in(files_of(folders), secrets))
        trouble = house.trouble()
        assert house.server.stop() == 0
    log = [house.server.told(), house.server.out.read_text(), metrics]
    addresses = {address.encode() for address in reader.addresses}

    assert trouble == []
    assert len(reader.secrets) > 20
    assert running == []
    assert list(found_in(files_of(folders), secrets)) == []
    assert list(found_in(named([*told, *log]), secrets)) == []
    assert list(found_in(named(log), addresses)) == []


def named(texts: list[str]) -> Iterator[tuple[str, bytes]]:
    return ((str(number), text.encode()) for number, text in enumerate(texts))


def secrets_of(reader: Reader) -> set[bytes]:
    """Return everything that must not be found."""
    master_key = (reader.house.store.folder / MASTER_KEY).read_text("ascii").strip()
    texts = {*reader.secrets, MARK, PASSWORD, MAIL_LOGIN[1], master_key}
    return {urlsafe_b64decode(f"{master_key}=="), *(text.encode() for text in texts)}
