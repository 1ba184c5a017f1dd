"""What else the paths say: health, dead ends, wrong methods, a slash too many, long lists."""

from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.asta.talk import USERS, Asta, Person, refused
from dialects.household import Household
from watchword import __version__
from watchword.core.accounts.model import Account
from watchword.core.kernel.ids import AccountId

LOGIN = "/api/auth/login"


@pytest.mark.parametrize("path", ["/api/health", "/health"])
async def test_the_server_says_that_it_answers(asta: Asta, path: str) -> None:
    """Anybody may ask, with whatever token."""
    answer = await asta.get(path, token="rubbish")

    expected = {"status": "ok", "app": "Watchword", "version": __version__}
    assert said(answer) == (200, expected)


@pytest.mark.parametrize("path", ["/api/auth", "/api/auth/nothing", f"{USERS}/a/b", "/health/x"])
async def test_a_dead_end(asta: Asta, path: str) -> None:
    """A path of ours that leads nowhere says so in our shape."""
    answer = await asta.get(path)

    assert said(answer) == refused(404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", LOGIN, "POST"),
        ("PATCH", LOGIN, "POST"),
        ("OPTIONS", LOGIN, "POST"),
        ("POST", "/api/auth/me", "GET"),
        ("GET", "/api/auth/change-password", "POST, PUT"),
        ("DELETE", USERS, "GET, POST"),
        ("GET", f"{USERS}/x", "DELETE, PUT"),
        ("POST", f"{USERS}/x/reset-password", "PUT"),
        ("BREW", "/api/health", "GET"),
    ],
)
async def test_a_wrong_method(asta: Asta, method: str, path: str, allowed: str) -> None:
    """The right ones are named."""
    answer = await asta.ask(method, path)

    assert said(answer) == refused(405, "Method Not Allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("POST", f"{LOGIN}/", LOGIN),
        ("GET", f"{USERS}/", USERS),
        ("GET", f"{USERS}/?after=x&token=y", f"{USERS}?after=x&token=y"),
        ("DELETE", f"{USERS}/x/", f"{USERS}/x"),
        ("GET", "/health/", "/health"),
    ],
)
async def test_a_slash_too_many(asta: Asta, method: str, path: str, location: str) -> None:
    """The way without it is told, relative to this server; method and body stay."""
    answer = await asta.ask(method, path)

    assert answer.status_code == 307
    assert answer.headers["location"] == location


async def test_an_app_that_follows_the_way_gets_in(asta: Asta) -> None:
    """A log-in with a slash too many works for who follows."""
    body = {"username": "admin", "password": "Admin123"}

    answer = await asta.http.post(f"{LOGIN}/", json=body, follow_redirects=True)

    assert answer.status_code == 200


async def test_a_long_list_comes_in_pages(household: Household, asta: Asta, admin: Person) -> None:
    """Up to a thousand at once, then a way to the rest that names no token."""
    await _fill(household, count=1001)

    first = await asta.get(f"{USERS}?token={admin.token}")
    link = first.headers["link"]
    path = link.removeprefix("<").partition(">")[0]
    second = await asta.get(path, token=admin.token)

    names = [user["username"] for answer in (first, second) for user in answer.json()["users"]]
    assert len(first.json()["users"]) == 1000
    assert link.endswith('>; rel="next"')
    assert path.startswith(f"{USERS}?after=")
    assert admin.token not in link
    assert names == ["admin", *(f"user{number}" for number in range(1, 1002))]
    assert "link" not in second.headers


async def test_the_rest_of_a_search_is_linked(
    household: Household, asta: Asta, admin: Person
) -> None:
    """The link asks for the same prefix again."""
    await _fill(household, count=1001)

    first = await asta.get(f"{USERS}?prefix=USER&token={admin.token}")
    path = first.headers["link"].removeprefix("<").partition(">")[0]
    second = await asta.get(path, token=admin.token)

    assert path.startswith(f"{USERS}?prefix=USER&after=")
    assert [user["username"] for user in second.json()["users"]] == ["user999"]


@pytest.mark.parametrize("cursor", ["rubbish", "%00", "%ff", "ä", "x" * 2000, "YWNjb3VudHM6MQ"])
async def test_a_cursor_that_is_not_ours(asta: Asta, admin: Person, cursor: str) -> None:
    """It is refused, and nobody looks anything up by it."""
    answer = await asta.get(f"{USERS}?after={cursor}", token=admin.token)

    assert said(answer) == refused(400, "That value is not allowed")


async def _fill(household: Household, *, count: int) -> None:
    async with household.storage.open_work() as work:
        for number in range(1, count + 1):
            at = household.clock.now() + timedelta(seconds=number)
            account_id = AccountId(f"00000000-0000-4000-8000-{number:012d}")
            name = f"user{number}"
            work.accounts.add(Account(id=account_id, name=name, created_at=at, updated_at=at))
        await work.commit()
