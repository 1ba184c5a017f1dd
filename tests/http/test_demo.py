"""A demo answers to its own machine only."""

import pytest

from toy import Toybox, talking_to, toybox
from toy_services import GOOD_TOKEN
from watchword.http.surroundings import Surroundings


@pytest.fixture
def box() -> Toybox:
    return toybox(Surroundings(version="0", is_demo=True, allowed_origins=("https://a.example",)))


async def ask(
    box: Toybox, *headers: tuple[str, str], peer: str = "127.0.0.1", path: str = "/toy/me"
) -> int:
    sent = [("Authorization", f"Bearer {GOOD_TOKEN}"), *headers]
    async with talking_to(box.app, peer=peer) as client:
        return (await client.get(path, headers=sent)).status_code


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:9261",
        "localhost.",
        "127.0.0.1",
        "127.1.2.3:80",
        "[::1]:9261",
        "[::1]",
        "[::ffff:127.0.0.1]:1",
    ],
)
async def test_this_machine_is_answered(box: Toybox, host: str) -> None:
    """By any name or address of loopback, with any port."""
    assert await ask(box, ("Host", host)) == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "localhost.example.com",
        "localhost@example.com",
        "127.0.0.1.example.com",
        "192.0.2.1",
        "0.0.0.0",  # noqa: S104 - asked for, not bound
        "[::]",
        "[fe80::1]",
        "127.1",
        "2130706433",
        "",
        "::1",
        "[::1].example.com",
        "[::1]example.com:80",
        "[::1",
    ],
)
async def test_another_host_is_refused(box: Toybox, host: str) -> None:
    """A page elsewhere can make its own name lead to loopback."""
    assert await ask(box, ("Host", host)) == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Forwarded-Proto", ""),
        ("X-Forwarded-Anything", "x"),
        ("Sec-Fetch-Site", "cross-site"),
    ],
)
async def test_what_came_through_something_is_refused(box: Toybox, name: str, value: str) -> None:
    """A proxy in front would make the documented password public."""
    assert await ask(box, (name, value)) == 403


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
async def test_pages_of_this_machine_are_answered(box: Toybox, site: str) -> None:
    """Another port of this machine is the same site."""
    assert await ask(box, ("Sec-Fetch-Site", site)) == 200


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "10.0.0.1", "2001:db8::1"])
async def test_another_machine_is_refused(box: Toybox, peer: str) -> None:
    """The socket's peer is judged, whatever the request says."""
    assert await ask(box, peer=peer) == 403


async def test_two_hosts_are_refused(box: Toybox) -> None:
    """What could be read two ways is not read."""
    assert await ask(box, ("Host", "localhost"), ("Host", "example.com")) == 403


async def test_the_refusal_says_why_in_the_dialects_voice(box: Toybox) -> None:
    """Every path is guarded, and a page of an allowed origin can read the refusal."""
    headers = {"Host": "example.com", "Origin": "https://a.example"}
    async with talking_to(box.app) as client:
        toy = await client.get("/toy/none", headers=headers)
        ours = await client.get("/livez", headers=headers)

    assert (toy.status_code, ours.status_code) == (403, 403)
    assert "This is a demo" in toy.json()["moo"]
    assert "This is a demo" in ours.json()["detail"]
    assert toy.headers["access-control-allow-origin"] == "https://a.example"
    assert box.tokens.asked == []


async def test_without_a_demo_nobody_is_refused_for_that() -> None:
    """The guard stands before demos only."""
    assert await ask(toybox(), ("Host", "example.com"), ("Via", "x"), peer="192.0.2.1") == 200
