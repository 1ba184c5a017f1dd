"""Programs follow every link of every letter before a person does, and some more than once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Browser, expect

from journeys.astera import guards_of
from journeys.errands import errand
from journeys.mailing import Link, Mailing, links_of, mailing
from parts import browser
from parts.browser import PATIENCE_MS
from parts.line import ANSWER_S
from parts.peer import Answer, Peer
from parts.server import FOR_ALL, Store
from watchword.console.languages import WORDS
from watchword.core.tickets.model import Purpose

pytestmark = [pytest.mark.slow, browser.NEEDED]

AT_ONCE = 12
AGENTS = (
    (),
    ("User-Agent:",),
    ("User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Accept: text/html"),
    ("User-Agent: " + "scanner " * 500,),
    ("User-Agent: Mozilla/5.0 (compatible; SafeLinks/1.0)", "Referer: https://mail.example/"),
    ("User-Agent: \xe9\xff", "Accept: image/*", "Accept-Encoding: br, zstd"),
    ("Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "Sec-Fetch-Site: cross-site"),
    ("Range: bytes=0-10", "If-None-Match: *"),
    ("Cookie: authToken=nothing", "Authorization: Bearer nothing", "X-Forwarded-For: 8.8.8.8"),
)


@dataclass(frozen=True)
class Look:
    """One way to follow a link."""

    method: str
    version: str
    headers: tuple[str, ...]


LOOKS = [
    Look(method, version, headers)
    for headers in AGENTS
    for version in ("1.0", "1.1")
    for method in ("GET", "HEAD") * 2
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    """One server for all of them."""
    store = Store(tmp_path_factory.mktemp("scanners") / "data")
    with mailing(store, "--workers", "2", settings=FOR_ALL) as opened:
        yield opened
        assert opened.trouble() == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


def follow(port: int, link: Link, look: Look) -> Answer:
    """Follow a link as a program does, and hear it out."""
    lines = [f"{look.method} {link.target} HTTP/{look.version}", "Host: localhost", *look.headers]
    with Peer(port) as peer:
        peer.socket.settimeout(ANSWER_S)
        peer.send("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        answer = peer.answer(with_body=look.method == "GET")
        assert peer.last_words() == b""
    return answer


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_that_was_followed_works_once(
    house: Mailing, chromium: Browser, purpose: Purpose
) -> None:
    """By its button, whoever fetched it before; whoever presses it second is told so."""
    sent = errand(house, purpose)
    links = links_of(sent.letter)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [
            answer
            for link in links
            for answer in pool.map(partial(follow, house.server.port, link), LOOKS)
        ]
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(sent.link.url)
        for name, text in sent.typed.items():
            tab.locator(f"#{name.replace('_', '-')}").fill(text)
    for tab, title in zip(
        tabs, (WORDS["en"].deeds[purpose].done, WORDS["en"].link_bad), strict=True
    ):
        tab.get_by_role("button").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text(title)
    expect(tabs[1].get_by_role("main")).to_contain_text("It was used")
    context.close()

    assert links == {sent.link}
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 2  # the page, and nothing for a HEAD
    assert len({answer.headers["content-length"] for answer in answers}) == 1


@pytest.mark.parametrize("purpose", Purpose)
def test_no_page_of_a_link_is_kept_told_or_framed(house: Mailing, purpose: Purpose) -> None:
    """Before its button is pressed, when something is wrong, when it is done, and afterwards."""
    sent = errand(house, purpose)
    get, head = (
        follow(house.server.port, sent.link, Look(method, "1.1", ())) for method in ("GET", "HEAD")
    )
    wrong = [
        house.press(sent.link.path),
        house.send(
            b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
            % sent.link.path.encode()
        ),
        house.send(b"PUT %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % sent.link.path.encode()),
        house.ask("GET", sent.link.path),
        house.ask("GET", f"{sent.link.path}/nothing"),
    ]
    wrong += [sent.press(password="x", password_again="y")] if sent.typed else []
    done, again = sent.press(), sent.press()
    answers = [get, head, *wrong, done, again]

    assert [get.status, head.status, done.status, again.status] == [200, 200, 200, 410]
    assert {answer.status for answer in wrong} <= {404, 405, 410, 415, 422}
    assert [guards_of(answer) for answer in answers] == [guards_of(get)] * len(answers)
    assert guards_of(get) == {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": {
            "default-src": "'none'",
            "style-src": "'sha256-'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        },
    }
