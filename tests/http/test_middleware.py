"""What happens around every request."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from starlette.responses import Response

from parts.loglines import LogLines
from toy import BROKEN_TOY, TOY, Toybox, ToyOptions, talking_to, toybox, voice
from toy_services import GOOD_TOKEN
from watchword.core.kernel.caller import Network
from watchword.http.dialect import Voice
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics

PROXY = "10.0.0.1"
PROXIES: tuple[Network, ...] = (ip_network("10.0.0.0/8"),)
SECRET = "sesame-open-sesame"


@pytest.fixture
def box() -> Toybox:
    return toybox(Surroundings(version="0", trusted_proxies=PROXIES))


@pytest.mark.parametrize(
    "path", ["/toy/me", "/toy/none", "/none", "/livez", "/docs", "/openapi.json", "/toy/me/"]
)
async def test_every_answer_is_safe_to_get(box: Toybox, path: str) -> None:
    """No guessing of types, no referrer, nothing kept by a cache."""
    async with talking_to(box.app) as client:
        answer = await client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers


async def test_over_tls_the_client_learns_to_stay_there(box: Toybox) -> None:
    """Our own TLS counts, and that of a trusted proxy."""
    ask = {"X-Forwarded-Proto": "https"}
    async with talking_to(box.app, base_url="https://localhost") as client:
        own = await client.get("/livez")
    async with talking_to(box.app, peer=PROXY) as client:
        by_proxy = await client.get("/livez", headers=ask)
    async with talking_to(box.app, peer="192.0.2.1") as client:
        by_stranger = await client.get("/livez", headers=ask)

    assert own.headers["strict-transport-security"].startswith("max-age=")
    assert by_proxy.headers["strict-transport-security"].startswith("max-age=")
    assert "strict-transport-security" not in by_stranger.headers


async def test_each_request_has_a_name(box: Toybox) -> None:
    """The answer says it, and no two are the same."""
    async with talking_to(box.app) as client:
        names = {(await client.get("/livez")).headers["x-request-id"] for _ in range(5)}

    assert len(names) == 5


@pytest.mark.parametrize(
    ("peer", "given", "is_taken"),
    [
        (PROXY, "abc-123_x.Y", True),
        (PROXY, "x" * 64, True),
        (PROXY, "x" * 65, False),
        (PROXY, "", False),
        (PROXY, "a b", False),
        (PROXY, 'a","level":"error', False),
        ("192.0.2.1", "abc-123", False),
        ("127.0.0.1", "abc-123", False),
    ],
)
async def test_a_trusted_proxy_may_name_the_request(
    box: Toybox, peer: str, given: str, *, is_taken: bool
) -> None:
    """A stranger may not, and nobody with anything that is no plain word."""
    async with talking_to(box.app, peer=peer) as client:
        answer = await client.get("/livez", headers={"X-Request-Id": given})

    assert (answer.headers["x-request-id"] == given) is is_taken


async def test_the_log_has_one_line_a_request(box: Toybox, log_lines: LogLines) -> None:
    """Method, pattern of the path, status, time and dialect."""
    async with talking_to(box.app) as client:
        await client.get("/toy/things/17", headers={"Authorization": f"Bearer {GOOD_TOKEN}"})
        await client.post("/toy/none")
        await client.get("/none")

    lines = log_lines.of("request")
    told = [(line["method"], line["route"], line["status"], line["dialect"]) for line in lines]
    assert told == [
        ("GET", "/toy/things/{id}", 200, "toy"),
        ("POST", "-", 404, "toy"),
        ("GET", "-", 404, "shared"),
    ]
    assert all(line["level"] == "info" and line["ms"] >= 0 for line in lines)
    assert len({line["request_id"] for line in lines}) == 3


async def test_no_secret_is_logged(box: Toybox, log_lines: LogLines) -> None:
    """Neither query nor path, header, cookie nor body comes into a line of ours."""
    async with talking_to(box.app) as client:
        await client.get(f"/toy/me?token={SECRET}", headers={"Cookie": f"authToken={SECRET}"})
        await client.get(f"/toy/things/{SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
        await client.get(f"/{SECRET}", headers={"X-Request-Id": SECRET, "Host": SECRET})
        await client.get(f"/toy/things/{SECRET}/?token={SECRET}")
        await client.request(SECRET, "/toy/wish", headers={"Origin": SECRET})
        await client.post("/toy/wish", json={"name": 7, "password": SECRET})

    ours = [line for line in log_lines.all() if line["logger"].startswith("watchword")]
    assert len(ours) == 6
    assert SECRET not in repr(ours)


async def test_there_is_an_answer_even_when_saying_no_fails(log_lines: LogLines) -> None:
    """A bug in a dialect's own words is a plain 500, with safe headers and nothing inside."""

    def mute(options: ToyOptions) -> Voice:
        def say(status: int, text: str) -> Response:
            raise RuntimeError(f"{status} {text} {SECRET}")

        return replace(voice(options), render_status=say)

    box = toybox(dialects=[replace(TOY, voice=mute)])
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/none")

    assert answer.status_code == 500
    assert answer.json() == {"title": "Internal Server Error", "status": 500}
    assert answer.headers["cache-control"] == "no-store"
    assert len(log_lines.of("bug")) == 1
    assert [line["status"] for line in log_lines.of("request")] == [500]
    assert SECRET not in log_lines.text()


async def test_requests_are_counted_by_pattern(log_lines: LogLines) -> None:
    """What a caller chooses makes no new series: paths, queries, methods."""
    metrics = Metrics(version="0")
    box = toybox(Surroundings(version="0", metrics=metrics))
    async with talking_to(box.app) as client:
        for number in range(3):
            await client.get(f"/toy/things/{SECRET}{number}?{SECRET}")
            await client.request(f"{SECRET}{number}", "/toy/me")
            await client.get(f"/{SECRET}{number}")
    page = metrics.render()[0].decode()

    assert 'requests_total{dialect="toy",operation="GET /toy/things/{id}",status="200"} 3.0' in page
    assert 'requests_total{dialect="toy",operation="- /toy/me",status="405"} 3.0' in page
    assert 'requests_total{dialect="shared",operation="GET -",status="404"} 3.0' in page
    assert SECRET not in page
    assert log_lines.of("request")


async def test_failures_are_counted_too() -> None:
    """A bug and a part that is down have their status."""
    metrics = Metrics(version="0")
    box = toybox(Surroundings(version="0", metrics=metrics), dialects=[BROKEN_TOY])
    async with talking_to(box.app) as client:
        await client.get("/toy/fail")
        await client.get("/toy/lack")
    page = metrics.render()[0].decode()

    assert 'operation="GET /toy/fail",status="500"} 1.0' in page
    assert 'operation="GET /toy/lack",status="503"} 1.0' in page
