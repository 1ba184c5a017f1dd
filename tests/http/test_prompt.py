"""What is answered before the app: the same as the app would say, or nothing at all."""

import re
from ipaddress import ip_network
from typing import Any

import pytest

from parts.loglines import LogLines
from toy import Toybox, talking_to, toybox
from toy_services import COOKIE_TOKEN, GOOD_KEY, GOOD_TOKEN, READING_KEY
from watchword.http.gate import Heads
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics

WHO = b"/toy/name"
DATE: Heads = [(b"date", b"Tue, 01 Jan 2030 00:00:00 GMT")]
HOST = ("Host", "localhost:9261")
BEARER = ("Authorization", f"Bearer {GOOD_TOKEN}")


def scope(*headers: tuple[str, str], scheme: str = "http") -> dict[str, Any]:
    fields = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"headers": fields, "client": ("127.0.0.1", 50000), "scheme": scheme}


def at_once(box: Toybox, *headers: tuple[str, str], target: bytes = WHO) -> bytes | None:
    return box.site.at_once(target, scope(HOST, *headers), DATE)


async def by_app(box: Toybox, *headers: tuple[str, str], scheme: str = "http") -> bytes:
    """Write the app's answer down as the transport would."""
    async with talking_to(box.app, base_url=f"{scheme}://localhost:9261") as client:
        answer = await client.get(WHO.decode(), headers=list(headers))
    heads = [*DATE, *answer.headers.raw]
    lines = [b"HTTP/1.1 %d OK" % answer.status_code, *(b"%b: %b" % one for one in heads)]
    return b"\r\n".join([*lines, b"", answer.content])


def nameless(answer: bytes | None) -> bytes:
    """Leave out what differs from request to request."""
    assert answer is not None
    return re.sub(rb"x-request-id: [^\r]+", b"", answer)


@pytest.mark.parametrize(
    "headers",
    [
        (BEARER,),
        (("Authorization", GOOD_TOKEN),),
        (("Authorization", f"Bearer {GOOD_KEY}"),),
        (("X-Authorization", GOOD_KEY),),
        (("Cookie", f"authToken={COOKIE_TOKEN}"),),
        (BEARER, ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "192.0.2.7")),
        (BEARER, ("X-Forwarded-For", "192.0.2.7"), ("X-Request-Id", "of-the-proxy")),
        (BEARER, ("Accept-Language", "de"), ("User-Agent", "a"), ("X-Other", "b")),
    ],
)
async def test_it_is_what_the_app_says(headers: tuple[tuple[str, str], ...]) -> None:
    """Octet for octet, whatever carries the credential, and behind a proxy too."""
    box = toybox(Surroundings(version="0", trusted_proxies=(ip_network("127.0.0.0/8"),)))

    assert nameless(at_once(box, *headers)) == nameless(await by_app(box, *headers))


async def test_it_is_what_the_app_says_over_tls() -> None:
    """HSTS comes with it."""
    box = toybox()

    told = box.site.at_once(WHO, scope(HOST, BEARER, scheme="https"), DATE)

    assert b"strict-transport-security" in nameless(told)
    assert nameless(told) == nameless(await by_app(box, BEARER, scheme="https"))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Authorization", "Bearer unknown"),),
        (("Authorization", "Basic YTpi"),),
        (BEARER, ("Authorization", "Bearer other")),
        (("X-Authorization", READING_KEY),),
        (("X-Authorization", GOOD_TOKEN),),
        (BEARER, ("Origin", "https://example.com")),
    ],
)
def test_what_is_not_plain_is_left_to_the_app(headers: tuple[tuple[str, str], ...]) -> None:
    """None, a bad one, two that disagree, a key that reaches less far, a page elsewhere."""
    assert at_once(toybox(), *headers) is None


@pytest.mark.parametrize(
    "target",
    [b"/toy/me", b"/toy/name?", b"/toy/name?token=x", b"/toy/name/", b"/toy/%6eame", b"/TOY/name"],
)
def test_another_path_is_left_to_the_app(target: bytes) -> None:
    """Also what the app takes for the same path."""
    assert at_once(toybox(), BEARER, target=target) is None


def test_while_the_store_is_away_the_app_says_so() -> None:
    """It has the words, and the Retry-After."""
    box = toybox()
    box.tokens.down = True

    assert at_once(box, BEARER) is None


@pytest.mark.parametrize("host", ["localhost:9261", "[::1]:1"])
def test_a_demo_answers_this_machine(host: str) -> None:
    """As the app does."""
    box = toybox(Surroundings(version="0", is_demo=True))

    assert box.site.at_once(WHO, scope(("Host", host), BEARER), DATE) is not None


@pytest.mark.parametrize(
    "headers",
    [
        (("Host", "example.com"),),
        (HOST, ("X-Forwarded-For", "192.0.2.7")),
        (HOST, ("Sec-Fetch-Site", "cross-site")),
    ],
)
def test_a_demo_leaves_all_others_to_the_app(headers: tuple[tuple[str, str], ...]) -> None:
    """Who refuses them."""
    box = toybox(Surroundings(version="0", is_demo=True))

    assert box.site.at_once(WHO, scope(*headers, BEARER), DATE) is None


def test_it_is_counted_and_logged(log_lines: LogLines) -> None:
    """One line and one count, like any other request."""
    metrics = Metrics(version="0")
    box = toybox(Surroundings(version="0", metrics=metrics))

    told = at_once(box, BEARER)

    [line] = log_lines.of("request")
    text = metrics.render()[0].decode()
    assert told is not None
    assert (line["method"], line["route"], line["status"]) == ("GET", "/toy/name", 200)
    assert (line["dialect"], line["logger"]) == ("toy", "watchword.http")
    assert line["request_id"].encode() in told
    labels = 'dialect="toy",operation="GET /toy/name"'
    assert f'watchword_requests_total{{{labels},status="200"}} 1.0' in text
    assert f"watchword_request_seconds_count{{{labels}}} 1.0" in text
