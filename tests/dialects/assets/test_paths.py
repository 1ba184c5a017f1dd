"""What else the paths say: ping, dead ends, wrong methods, and a server that is full or down."""

import json

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    CHECKIN,
    CHECKOUT,
    CHECKOUTS,
    LOGIN,
    LOGOUT,
    PING,
    PROFILE,
    TYPE,
    UNDO,
    VERSION,
    Assets,
    fault,
)
from dialects.household import Choices, Household
from fakes import PlainHasher
from fakes_storage import MemoryStorage
from watchword.core.kernel.errors import UnavailableError


async def test_ping(assets: Assets) -> None:
    """Anybody may ask, with whatever credential."""
    answers = [
        await assets.get(PING),
        await assets.get(PING, headers={"Authorization": "Bearer rubbish"}),
    ]

    alive = {"state": "running", "version": VERSION, "available": True, "server": "Assets"}
    assert [said(answer) for answer in answers] == [(200, alive)] * 2


@pytest.mark.parametrize(
    "path",
    ["/services", "/services/", "/services/search", "/services/login/", "/services/update/x"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_dead_end(assets: Assets, method: str, path: str) -> None:
    """What the original serves and we do not is told in its own shape."""
    answer = await assets.ask(method, path)

    assert said(answer) == fault(404, "Not Found")


@pytest.mark.parametrize("path", ["/Services/ping", "/services2", "/"])
async def test_other_paths_are_not_ours(assets: Assets, path: str) -> None:
    """There the server speaks for itself."""
    answer = await assets.http.get(path)

    assert answer.status_code == 404
    assert set(answer.json()) == {"title", "status"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", APILOGIN, "POST"),
        ("GET", LOGIN, "POST"),
        ("PUT", LOGIN, "POST"),
        ("GET", LOGOUT, "POST"),
        ("DELETE", PROFILE, "GET, POST"),
        ("HEAD", PROFILE, "GET, POST"),
        ("OPTIONS", PROFILE, "GET, POST"),
        ("GET", CHECKOUT, "POST"),
        ("GET", UNDO, "POST"),
        ("PATCH", CHECKIN, "POST"),
        ("POST", CHECKOUTS, "GET"),
        ("POST", PING, "GET"),
        ("BREW", PING, "GET"),
    ],
)
async def test_a_wrong_method(assets: Assets, method: str, path: str, allowed: str) -> None:
    """The right ones are named, in a 200 too."""
    answer = await assets.ask(method, path)

    assert answer.status_code == 200
    assert answer.headers["allow"] == allowed
    assert method == "HEAD" or said(answer) == fault(405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Bad Request"),
        (408, "Request Timeout"),
        (413, "Content Too Large"),
        (431, "Request Header Fields Too Large"),
        (503, "Service Unavailable"),
    ],
)
async def test_what_is_refused_beneath_is_worded_here(
    household: Household, status: int, text: str
) -> None:
    """Who sends what cannot be read, too slowly or too much of it, gets the shape of this API."""
    body, said = household.site.render(status, "/services/login;jsessionid=1")

    assert json.loads(body) == {"errorcode": status, "message": text}
    assert said["content-type"] == TYPE


async def test_a_server_that_is_full_says_when_to_come_again(opened: Open) -> None:
    """No place is left at the hash: a real 503, which who balances the load can see."""
    hasher = PlainHasher()
    _, assets = await opened(Choices(), hasher=hasher)
    hasher.places = 0

    answers = [
        await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD),
        await assets.try_log_in(ADMIN, ADMIN_PASSWORD),
    ]

    busy = {"errorcode": 503, "message": "The server is busy. Try again in 3 seconds."}
    assert [said(answer) for answer in answers] == [(503, busy)] * 2
    assert {answer.headers["retry-after"] for answer in answers} == {"3"}


async def test_a_database_that_is_down(opened: Open) -> None:
    """503 again, for every call that needs it; nobody is told that a token is bad."""
    storage = MemoryStorage()
    _, assets = await opened(Choices(), on=storage)
    token, browser = await assets.log_in(), await assets.browse()
    storage.broken = UnavailableError(retry_after=4)

    answers = [
        await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD),
        await assets.try_log_in(ADMIN, ADMIN_PASSWORD),
        await assets.get(PROFILE, token=token),
        await assets.post(PROFILE, headers=browser.changing),
        await assets.post(CHECKOUT, token=token),
        await assets.post(UNDO, token=token),
        await assets.post(CHECKIN, token=token),
        await assets.get(CHECKOUTS, token=token),
        await assets.post(LOGOUT, token=token),
    ]
    ping = await assets.get(PING)

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"4"}
    assert {answer.json()["errorcode"] for answer in answers} == {503}
    assert ping.status_code == 200


async def test_answers_are_kept_by_nobody(assets: Assets, token: str) -> None:
    """Each has an account in it, or what somebody holds."""
    answers = [
        await assets.get(PROFILE, token=token),
        await assets.post(CHECKOUT, token=token),
        await assets.get(CHECKOUTS, token=token),
        await assets.get(PROFILE),
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
