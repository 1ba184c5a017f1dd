"""API keys among the credentials: where one may stand, and what it opens."""

import pytest

from toy import Toybox, talking_to, toybox
from toy_services import BUSY_KEY, GOOD_KEY, GOOD_TOKEN, READING_KEY
from watchword.core.apikeys.model import write_key
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics

UNKNOWN_KEY = write_key(99)


@pytest.fixture
def box() -> Toybox:
    return toybox()


async def who(box: Toybox, *headers: tuple[str, str], path: str = "/toy/me") -> tuple[int, str]:
    """Return the status, and who the caller was taken for or what was wrong."""
    async with talking_to(box.app) as client:
        answer = await client.get(path, headers=list(headers))
    body = answer.json()
    return answer.status_code, body.get("who") or body.get("moo", "").removeprefix("moo: ")


@pytest.mark.parametrize(
    "header",
    [
        ("X-Authorization", GOOD_KEY),
        ("X-Authorization", f"  {GOOD_KEY} "),
        ("Authorization", f"Bearer {GOOD_KEY}"),
        ("Authorization", f"bearer{GOOD_KEY}"),
        ("Authorization", GOOD_KEY),
    ],
)
async def test_a_key_is_taken_as_clients_send_it(box: Toybox, header: tuple[str, str]) -> None:
    """Raw in its own header, and in the place of a token."""
    found = await who(box, header)

    assert found == (200, "ada")
    assert box.api_keys.asked == [GOOD_KEY]
    assert box.tokens.asked == []


@pytest.mark.parametrize(
    "header",
    [
        ("X-Authorization", UNKNOWN_KEY),
        ("X-Authorization", f"Bearer {GOOD_KEY}"),
        ("X-Authorization", GOOD_KEY.upper()),
        ("X-Authorization", "x" * 4097),
        ("Authorization", f"Bearer {UNKNOWN_KEY}"),
        ("Authorization", "ww_"),
    ],
)
async def test_a_key_that_is_not_good_is_bad(box: Toybox, header: tuple[str, str]) -> None:
    """Nobody tries whether it is a token instead."""
    found = await who(box, header)

    assert found == (401, "bad")
    assert box.tokens.asked == []


async def test_a_token_is_no_key(box: Toybox) -> None:
    """In the header of keys a good token is bad, and does not fall back."""
    found = await who(box, ("X-Authorization", GOOD_TOKEN))

    assert found == (401, "bad")
    assert box.tokens.asked == []


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ([("Cookie", f"authToken={GOOD_KEY}")], "/toy/me"),
        ([], f"/toy/me?token={GOOD_KEY}"),
    ],
)
async def test_a_key_is_bad_where_it_could_slip_out(
    box: Toybox, headers: list[tuple[str, str]], path: str
) -> None:
    """Neither in a cookie nor in the query is one even looked at."""
    found = await who(box, *headers, path=path)

    assert found == (401, "bad")
    assert box.api_keys.asked == box.tokens.asked == []


async def test_authorization_counts_before_the_header_of_keys(box: Toybox) -> None:
    """The more explicit one counts, good or bad."""
    token = ("Authorization", f"Bearer {GOOD_TOKEN}")
    bad = ("Authorization", "Bearer bad")
    key = ("X-Authorization", READING_KEY)

    assert await who(box, token, key, path="/toy/maybe") == (200, "ada")
    assert await who(box, bad, key, path="/toy/maybe") == (401, "bad")
    assert await who(box, key, path="/toy/maybe") == (200, "bob")


@pytest.mark.parametrize(
    ("key", "method", "path", "found"),
    [
        (GOOD_KEY, "GET", "/toy/me", 200),
        (READING_KEY, "GET", "/toy/me", 403),
        (GOOD_KEY, "POST", "/toy/me", 403),
        (READING_KEY, "GET", "/toy/maybe", 200),
        (GOOD_KEY, "GET", "/toy/maybe", 403),
        (GOOD_KEY, "GET", "/toy/leave", 403),
        (UNKNOWN_KEY, "GET", "/toy/leave", 401),
        (GOOD_KEY, "POST", "/toy/login", 200),
    ],
)
async def test_a_key_opens_what_its_scopes_cover(
    box: Toybox, key: str, method: str, path: str, found: int
) -> None:
    """The rest is 403, also where a credential is optional, and where no key may go."""
    async with talking_to(box.app) as client:
        answer = await client.request(method, path, headers={"X-Authorization": key})

    assert answer.status_code == found
    if found == 403:
        assert answer.json() == {"moo": "moo: key_scope", "code": 403}


@pytest.mark.parametrize("path", ["/toy/me", "/toy/maybe", "/toy/leave"])
async def test_a_key_past_its_rate_is_told_when_to_come_again(box: Toybox, path: str) -> None:
    """Before anything else is judged, in the dialect's words."""
    async with talking_to(box.app) as client:
        answer = await client.get(path, headers={"X-Authorization": BUSY_KEY})

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    assert answer.json() == {"moo": "moo: key_throttled", "code": 429}


async def test_numbers_tell_nothing_of_keys() -> None:
    """However a key comes, no label of a metric has it."""
    metrics = Metrics(version="0")
    box = toybox(Surroundings(version="0", metrics=metrics))
    for key in (GOOD_KEY, BUSY_KEY, UNKNOWN_KEY):
        await who(box, ("X-Authorization", key))
        await who(box, ("Cookie", f"authToken={key}"), path=f"/toy/things/{key}?token={key}")
        async with talking_to(box.app) as client:
            await client.request(key.upper(), f"/{key}")
    page = metrics.render()[0].decode()

    assert "/toy/me" in page
    assert not any(key.lower() in page.lower() for key in (GOOD_KEY, BUSY_KEY, UNKNOWN_KEY))
