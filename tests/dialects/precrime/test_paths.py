"""What else the paths say: dead ends, wrong methods, and a server that is full or down."""

import json

import pytest

from dialects.asking import said
from dialects.household import Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import ADD, ADMIN, ADMIN_PASSWORD, LIST, LOGIN, Precrime, refused
from fakes import PlainHasher
from fakes_storage import MemoryStorage
from watchword.core.kernel.errors import UnavailableError


@pytest.mark.parametrize(
    "path",
    ["/user", "/user/nothing", "/user/login/", "/authheader", "/test", "/test/secure/x", "/USER"],
)
async def test_a_dead_end(precrime: Precrime, path: str) -> None:
    """A path of ours that leads nowhere says so in our shape; others are not ours."""
    answer = await precrime.get(path)

    shape = {"title", "status"} if path == "/USER" else {"message"}
    assert answer.status_code == 404
    assert set(answer.json()) == shape


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", LOGIN, "POST"),
        ("PATCH", LOGIN, "POST"),
        ("OPTIONS", LOGIN, "POST"),
        ("POST", "/user/renew", "GET"),
        ("POST", "/user/token", "GET"),
        ("DELETE", "/user/logout", "GET, POST"),
        ("HEAD", "/user/logout", "GET, POST"),
        ("GET", "/user/password", "POST"),
        ("GET", ADD, "POST"),
        ("POST", LIST, "GET"),
        ("DELETE", "/authheader/delete", "POST"),
        ("POST", "/test/secure", "GET"),
        ("BREW", "/test/unsecure", "GET"),
    ],
)
async def test_a_wrong_method(precrime: Precrime, method: str, path: str, allowed: str) -> None:
    """The right ones are named."""
    answer = await precrime.ask(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert method == "HEAD" or said(answer) == refused(405, "Method Not Allowed")


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
    body, said = household.site.render(status, "/user/login")

    assert json.loads(body) == {"message": text}
    assert said["content-type"] == "application/json"


async def test_a_server_that_is_full_says_when_to_come_again(opened: Open) -> None:
    """No place is left at the hash: 503 with the time to wait."""
    hasher = PlainHasher()
    _, precrime = await opened(Choices(), hasher=hasher)
    hasher.places = 0

    log_in = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)
    change = await precrime.change(ADMIN, ADMIN_PASSWORD, "other")

    busy = refused(503, "The server is busy. Try again in 3 seconds.")
    assert said(log_in) == said(change) == busy
    assert log_in.headers["retry-after"] == change.headers["retry-after"] == "3"


async def test_a_database_that_is_down(opened: Open) -> None:
    """503 again, for tokens, keys and log-ins alike; nobody is told that a credential is bad."""
    storage = MemoryStorage()
    _, precrime = await opened(Choices(), on=storage)
    token = await precrime.log_in()
    key = (await precrime.add_key(token))["token"]
    storage.broken = UnavailableError(retry_after=4)

    answers = [
        await precrime.try_log_in(ADMIN, ADMIN_PASSWORD),
        await precrime.post(ADD, {"name": "another"}, token=token),
        await precrime.get(LIST, token=token),
        await precrime.get("/user/renew", token=token),
        await precrime.get("/user/token", token=token),
        await precrime.get("/user/logout", token=token),
        await precrime.get("/test/secure", headers={"X-Authorization": key}),
    ]

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"4"}
    assert {tuple(answer.json()) for answer in answers} == {("message",)}
