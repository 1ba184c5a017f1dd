"""When a cookie is not enough, since another site's page may have sent it."""

import pytest

from toy import Toybox, talking_to, toybox
from toy_services import GOOD_TOKEN
from watchword.http.surroundings import Surroundings

COOKIE = {"Cookie": f"authToken={GOOD_TOKEN}"}
SURROUNDINGS = Surroundings(
    version="0",
    public_url="https://Login.Example.com/base",
    allowed_origins=("https://app.example.org",),
)


@pytest.fixture
def box() -> Toybox:
    return toybox(SURROUNDINGS)


async def ask(box: Toybox, method: str, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with talking_to(box.app) as client:
        return (await client.request(method, path, headers={**COOKIE, **named})).status_code


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("cross-site", 403),
        ("same-site", 403),
        ("something new", 403),
        ("same-origin", 200),
        ("none", 200),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/toy/me"), ("GET", "/toy/leave")])
async def test_another_sites_page_changes_nothing(
    box: Toybox, method: str, path: str, site: str, status: int
) -> None:
    """What changes something is refused whatever its method."""
    answered = await ask(box, method, path, sec_fetch_site=site)

    assert answered == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"origin": "http://localhost:9261"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "http://localhost:9261"}, 200),
        ({"sec_fetch_site": "none", "origin": "https://evil.test"}, 403),
        ({"sec_fetch_site": "none"}, 200),
    ],
)
async def test_a_get_that_changes_says_where_it_comes_from(
    box: Toybox, headers: dict[str, str], status: int
) -> None:
    """A link on any page is a GET, and old browsers send the cookie and nothing else with it."""
    answered = await ask(box, "GET", "/toy/leave", **headers)
    bearer = await ask(box, "GET", "/toy/leave", authorization=f"Bearer {GOOD_TOKEN}", **headers)

    assert (answered, bearer) == (status, 200)


async def test_two_places_are_not_ours(box: Toybox) -> None:
    """A GET that says both counts as the worse."""
    async with talking_to(box.app) as client:
        fields = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]
        answer = await client.get("/toy/leave", headers=[*COOKIE.items(), *fields])

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:9261", 200),
        ("https://login.example.com", 200),
        ("https://app.example.org", 200),
        ("https://localhost:9261", 403),
        ("http://localhost", 403),
        ("http://login.example.com", 403),
        ("https://login.example.com.evil.test", 403),
        ("https://evil.test", 403),
        ("null", 403),
        ("https://app.example.org https://evil.test", 403),
        ("", 200),
    ],
)
async def test_only_our_origins_and_the_allowed_change_something(
    box: Toybox, origin: str, status: int
) -> None:
    """Ours is the host that was asked, or the public URL."""
    answered = await ask(box, "POST", "/toy/me", origin=origin)

    assert answered == status


async def test_a_page_may_look_at_what_changes_nothing(box: Toybox) -> None:
    """The rule is for changes; reading is guarded by CORS."""
    answered = await ask(box, "GET", "/toy/me", sec_fetch_site="cross-site")

    assert answered == 200


async def test_another_credential_than_a_cookie_is_sent_on_purpose(box: Toybox) -> None:
    """No browser adds an Authorization header by itself."""
    answered = await ask(
        box,
        "POST",
        "/toy/me",
        authorization=f"Bearer {GOOD_TOKEN}",
        sec_fetch_site="cross-site",
        origin="https://evil.test",
    )

    assert answered == 200


async def test_a_refused_cookie_is_not_looked_at(box: Toybox) -> None:
    """The refusal tells nothing about the cookie."""
    await ask(box, "POST", "/toy/me", sec_fetch_site="cross-site")

    assert box.tokens.asked == []


async def test_any_origin_is_no_origin_to_trust_with_a_cookie() -> None:
    """Where every page may read answers, none may use a cookie."""
    box = toybox(Surroundings(version="0", allowed_origins=("*",)))
    answered = await ask(box, "POST", "/toy/me", origin="https://evil.test")

    assert answered == 403


async def test_two_origins_or_two_hosts_are_not_ours(box: Toybox) -> None:
    """What could be read two ways is refused."""
    async with talking_to(box.app) as client:
        origins = await client.post(
            "/toy/me",
            headers=[
                *COOKIE.items(),
                ("Origin", "http://localhost:9261"),
                ("Origin", "https://evil.test"),
            ],
        )
        hosts = await client.post(
            "/toy/me",
            headers=[
                *COOKIE.items(),
                ("Host", "localhost:9261"),
                ("Host", "evil.test"),
                ("Origin", "http://evil.test"),
            ],
        )

    assert (origins.status_code, hosts.status_code) == (403, 403)
