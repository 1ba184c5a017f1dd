"""What else the paths say: letter case, dead ends, wrong methods, a server that is full or down."""

import json

import pytest

from dialects.asking import said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    ASK_CHANGE,
    CHANGE_PASSWORD,
    CHECK,
    CONFIRM,
    FORGOT,
    INVITE,
    JOBS,
    LOGIN,
    LOGOUT,
    POSTS,
    RESET,
    Astera,
    refused,
)
from dialects.household import Choices, Household
from fakes import PlainHasher
from fakes_storage import MemoryStorage
from watchword.core.kernel.errors import UnavailableError

SPELLINGS = [str.lower, str.upper, lambda path: path.replace("/api/account", "/API/Account")]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("path", POSTS)
async def test_paths_are_known_in_any_letter_case(
    astera: Astera, path: str, spell: type[str]
) -> None:
    """The answer is the same, whatever the path looks like."""
    plain = await astera.post(path, {})

    answer = await astera.post(spell(path), {})

    assert said(answer) == said(plain)
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("path", ["/api/account/login", "/API/ACCOUNT/LOGIN", "/Api/Account/Login"])
async def test_one_logs_in_by_each(astera: Astera, path: str) -> None:
    """The vendor's own pages spell it in two ways."""
    body = {"user": ADMIN, "password": ADMIN_PASSWORD}
    token = (await astera.post(path, body)).json()["token"]

    answer = await astera.get(path.replace("ogin", "x").replace("OGIN", "x"), token=token)
    access = await astera.get("/api/ACCOUNT/checkACCESS", token=token)

    assert answer.status_code == 404
    assert access.json()["user"] == ADMIN


@pytest.mark.parametrize(
    "path",
    [
        *("/api/account", "/Api/Account/nothing", "/api/account/login/x", "/api/account/"),
        *("/api/account/registerADs", "/api/account/loginAD/x", "/api/accounts"),
        *(
            "/api/Job/1/Nothing",
            "/API/JOB/1/status/x",
            "/api/Job//Status",
            "/api/JobX",
            "/api/Jobs",
        ),
    ],
)
async def test_a_dead_end(astera: Astera, path: str) -> None:
    """Also what later versions will know: no path is there before it works."""
    answer = await astera.get(path)

    assert said(answer) == (404, {"title": "Not Found", "status": 404})
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_slash_too_many(astera: Astera) -> None:
    """It is sent to the path without, with its method and body."""
    body = {"user": ADMIN, "password": ADMIN_PASSWORD}

    answer = await astera.http.post("/API/account/Login/", json=body)
    followed = await astera.http.post("/API/account/Login/", json=body, follow_redirects=True)

    assert (answer.status_code, answer.headers["location"]) == (307, "/API/account/Login")
    assert followed.status_code == 200


@pytest.mark.parametrize("path", [path for path in POSTS if path != CONFIRM])
async def test_a_wrong_method(astera: Astera, path: str) -> None:
    """The right one is named."""
    answers = [await astera.ask(method, path) for method in ("GET", "PUT", "DELETE", "OPTIONS")]

    assert {answer.status_code for answer in answers} == {405}
    assert {answer.headers["allow"] for answer in answers} == {"POST"}
    assert answers[0].json() == {"title": "Method Not Allowed", "status": 405}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", CHECK, "GET"),
        ("HEAD", CHECK, "GET"),
        ("PUT", CONFIRM, "GET, HEAD, POST"),
        ("BREW", CONFIRM.upper(), "GET, HEAD, POST"),
    ],
)
async def test_what_is_not_only_posted(
    astera: Astera, method: str, path: str, allowed: str
) -> None:
    """The same, where a page or a look has other methods."""
    answer = await astera.ask(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "Bad Request"),
        (408, "Request Timeout"),
        (413, "Content Too Large"),
        (431, "Request Header Fields Too Large"),
        (503, "Service Unavailable"),
    ],
)
@pytest.mark.parametrize("path", [LOGIN, "/API/ACCOUNT/x"])
async def test_what_is_refused_beneath_is_worded_here(
    household: Household, status: int, title: str, path: str
) -> None:
    """Who sends what cannot be read, too slowly or too much of it, gets the shape of this API."""
    body, said = household.site.render(status, path)

    assert json.loads(body) == {"title": title, "status": status}
    assert said["content-type"] == "application/problem+json"


async def test_a_server_that_is_full_says_when_to_come_again(opened: Open) -> None:
    """No place is left at the hash: 503 with the time to wait."""
    hasher = PlainHasher()
    _, astera = await opened(Choices(), hasher=hasher)
    token = await astera.log_in()
    hasher.places = 0
    change = {"oldPassword": ADMIN_PASSWORD, "newPassword": "other"}

    answers = [
        await astera.try_log_in(ADMIN, ADMIN_PASSWORD),
        await astera.register("ada"),
        await astera.post(CHANGE_PASSWORD, change, token=token),
        await astera.post(CHANGE_PASSWORD, {**change, "user": ADMIN}),
        await astera.post(ASK_CHANGE, {"newEmail": "a@b.c", "password": "x"}, token=token),
    ]

    busy = refused(503, "The server is busy. Try again in 3 seconds.", "unavailable")
    assert [said(answer) for answer in answers] == [busy] * 5
    assert {answer.headers["retry-after"] for answer in answers} == {"3"}


async def test_a_database_that_is_down(opened: Open) -> None:
    """503 again, everywhere; nobody is told that a credential or a token is bad."""
    storage = MemoryStorage()
    _, astera = await opened(Choices(), on=storage)
    token = await astera.log_in()
    storage.broken = UnavailableError(retry_after=4)

    answers = [
        await astera.try_log_in(ADMIN, ADMIN_PASSWORD),
        await astera.register("ada"),
        await astera.post(INVITE, {"email": "ada@example.com"}, token=token),
        await astera.post(FORGOT, {"user": "ada"}),
        await astera.post(RESET, {"user": "ada", "token": "x", "password": "x"}),
        await astera.post(CONFIRM, {"email": "ada@example.com", "code": "x"}),
        await astera.post(LOGOUT, token=token),
    ]

    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"4"}
    assert {answer.json()["code"] for answer in answers} == {"unavailable"}


async def test_every_path_is_described_with_an_example(astera: Astera) -> None:
    """What is posted has a body, an example of it, and a shape for each answer."""
    paths = (await astera.http.get("/openapi.json")).json()["paths"]
    ours = {path: methods for path, methods in paths.items() if path.startswith("/api/")}
    below = [
        f"{JOBS}/{{jobID}}{verb}" for verb in ("", "/Status", "/Result", "/Cancel", "/Restart")
    ]

    assert set(ours) == {*POSTS, CHECK, JOBS, *below}
    for path, methods in ours.items():
        for method, operation in methods.items():
            assert "any letter case" in operation["description"], path
            assert all("content" in one for one in operation["responses"].values()), path
            if method == "post" and path != LOGOUT and "{" not in path:
                [content] = operation["requestBody"]["content"].values()
                assert content["example"], path
