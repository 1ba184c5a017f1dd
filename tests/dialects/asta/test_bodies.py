"""What is wrong with a body is said as FastAPI says it, and no secret comes back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dialects.asking import said
from dialects.asta.talk import NOBODYS_ID, USERS, Asta, Person, refused

# A body is judged before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("postgres", ["sqlite"], indirect=True)

LOGIN = "/api/auth/login"
CHANGE = "/api/auth/change-password"
UNREADABLE = refused(400, "There was an error parsing the body")
NO_OBJECT = "Input should be a valid dictionary or object to extract fields from"
NOT_JSON = "JSON decode error"


def invalid(*problems: dict[str, Any]) -> tuple[int, Any]:
    return 422, {"detail": list(problems)}


def missing(*names: str) -> dict[str, Any]:
    return {
        "type": "missing",
        "loc": ["body", *names],
        "msg": "Field required",
        "input": None,
    }


def no_string(name: str, given: float | None = None) -> dict[str, Any]:
    return {
        "type": "string_type",
        "loc": ["body", name],
        "msg": "Input should be a valid string",
        "input": given,
    }


def broken(error: str, place: int) -> dict[str, Any]:
    return {
        "type": "json_invalid",
        "loc": ["body", place],
        "msg": NOT_JSON,
        "input": {},
        "ctx": {"error": error},
    }


def holds_nul(*names: str) -> dict[str, Any]:
    return {
        "type": "value_error",
        "loc": ["body", *names],
        "msg": "Value error, a text may hold no NUL character",
        "input": None,
    }


NO_DICT = {"type": "model_attributes_type", "loc": ["body"], "msg": NO_OBJECT, "input": None}
NO_NAME = "Expecting property name enclosed in double quotes"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", [missing()]),
        (b"null", [NO_DICT]),
        (b"[]", [NO_DICT]),
        (b'"x"', [NO_DICT]),
        (b"1", [NO_DICT]),
        (b"{}", [missing("username"), missing("password")]),
        (b'{"username": "ada"}', [missing("password")]),
        (b'{"password": "secret"}', [missing("username")]),
        (b'{"Username": "a", "password": "b"}', [missing("username")]),
        (b'{"username": 1, "password": "x"}', [no_string("username", 1)]),
        (b'{"username": 1.5, "password": "x"}', [no_string("username", 1.5)]),
        (b'{"username": true, "password": "x"}', [no_string("username", given=True)]),
        (b'{"username": [1], "password": "x"}', [no_string("username")]),
        (b'{"username": 1' + b"0" * 400 + b', "password": "x"}', [no_string("username")]),
        (b'{"username": "a", "password": 1234}', [no_string("password")]),
        (b'{"username": null, "password": {}}', [no_string("username"), no_string("password")]),
        (b'{"username": {"password": "secret"}}', [no_string("username"), missing("password")]),
        (b"{", [broken(NO_NAME, 1)]),
        (b"{'username': 1}", [broken(NO_NAME, 1)]),
        (b'{"username": "a",}', [broken(NO_NAME, 17)]),
        (b'{"username": "a", "password": "b"} x', [broken("Extra data", 35)]),
        (b"  ", [broken("Expecting value", 2)]),
        (b'{"username": "a', [broken("Unterminated string starting at", 13)]),
        (b'{"username": "\x00", "password": "b"}', [broken("Invalid control character at", 14)]),
        (b'{"username": "a\\u0000", "password": "b"}', [holds_nul("username")]),
        (b'{"username": "a", "password": "b\\u0000"}', [holds_nul("password")]),
    ],
)
async def test_a_body_of_the_wrong_shape(
    asta: Asta, content: bytes, problems: list[dict[str, Any]]
) -> None:
    """The status is 422, and the detail lists every problem in FastAPI's words."""
    answer = await asta.post(LOGIN, content=content)

    assert said(answer) == invalid(*problems)


@pytest.mark.parametrize(
    "content",
    [
        b'{"username": "\xff", "password": "b"}',
        b"\xff\xfe",
        '{"username": "a", "password": "b"}'.encode("utf-16"),
        b"[" * 60_000,
        b"1e999",
        b'{"username": 1e999, "password": "b"}',
        b'{"username": ' + b"1" * 5000 + b', "password": "b"}',
        b'{"username":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    ],
)
async def test_a_body_that_cannot_be_read(asta: Asta, content: bytes) -> None:
    """Bad UTF-8, very deep nesting and endless numbers get the 400 of FastAPI."""
    answer = await asta.post(LOGIN, content=content)

    assert said(answer) == UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b'{"username": "\\ud800", "password": "b"}',
        b'{"username": NaN, "password": "b"}',
        b'{"username": Infinity, "password": "b"}',
        b'{"username": ' + b"[" * 900 + b"]" * 900 + b', "password": "b"}',
        b'{"a": ' + b"[" * 900 + b"]" * 900 + b', "username": 1}',
        b'\xef\xbb\xbf{"username": "a", "password": "b"}',
    ],
)
async def test_odd_bodies_are_refused_in_one_of_the_two_shapes(asta: Asta, content: bytes) -> None:
    """Lone surrogates, numbers that are none, and much nesting are the caller's mistake."""
    answer = await asta.post(LOGIN, content=content)

    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"detail"}


async def test_a_lone_surrogate_is_no_json(asta: Asta) -> None:
    """It is said with a place, and with words of ours."""
    answer = await asta.post(LOGIN, content=b'{"username": "a\\udc00", "password": "b"}')

    detail = answer.json()["detail"][0]
    assert answer.status_code == 422
    assert (detail["type"], detail["ctx"]) == ("json_invalid", {"error": "Invalid value"})


async def test_a_body_that_is_too_large(asta: Asta) -> None:
    """64 KiB is the limit, whether the length was announced or not."""
    whole = b'{"username": "admin", "password": "' + b"x" * 65_536 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield whole[:40_000]
        yield whole[40_000:]

    announced = await asta.post(LOGIN, content=whole)
    chunked = await asta.http.post(LOGIN, content=pieces())

    assert said(announced) == said(chunked) == refused(413, "Content Too Large")


@pytest.mark.parametrize(
    "content",
    [
        b'{"username": "admin", "password": "Admin123", "colour": {"deep": [1, "\\u00e9"]}}',
        b'{"username": "nobody", "username": "admin", "password": "Admin123"}',
        b' \n\t{"password":"Admin123","username":"admin"}\r\n',
        b'{"username": "\\u0061dmin", "password": "Admin\\u0031\\u0032\\u0033"}',
    ],
)
async def test_a_body_with_more_in_it_is_read(asta: Asta, content: bytes) -> None:
    """Unknown members are ignored; of a member that comes twice the last counts."""
    answer = await asta.post(LOGIN, content=content)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/vnd.api+json", 200),
        ("text/plain", 422),
        ("application/x-www-form-urlencoded", 422),
        ("multipart/form-data; boundary=x", 422),
        ("rubbish", 422),
    ],
)
async def test_only_json_is_taken_for_json(asta: Asta, content_type: str, status: int) -> None:
    """Another type is said to be no object, as FastAPI does."""
    content = b'{"username": "admin", "password": "Admin123"}'

    answer = await asta.post(LOGIN, content=content, headers={"Content-Type": content_type})

    assert answer.status_code == status
    assert status == 200 or said(answer) == invalid(NO_DICT)


async def test_a_body_without_a_type_is_json(asta: Asta) -> None:
    """Older FastAPI servers took it so, and so do we."""
    content = b'{"username": "admin", "password": "Admin123"}'

    request = asta.http.build_request("POST", LOGIN, content=content)
    answer = await asta.http.send(request)

    assert "content-type" not in request.headers
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "content", "problems"),
    [
        ("POST", "/api/auth/register", b"{}", [missing("username"), missing("password")]),
        ("POST", CHANGE, b"{}", [missing("current_password"), missing("new_password")]),
        (
            "PUT",
            CHANGE,
            b'{"current_password": 1, "new_password": "secret"}',
            [no_string("current_password")],
        ),
        ("POST", USERS, b'{"username": "a"}', [missing("password")]),
        ("POST", USERS, b'{"username":"a","password":"b","role":null}', [no_string("role")]),
        ("POST", USERS, b'{"username":"a","password":"b","role":1}', [no_string("role", 1)]),
        ("PUT", f"{USERS}/{NOBODYS_ID}/reset-password", b"{}", [missing("new_password")]),
        ("PUT", f"{USERS}/{NOBODYS_ID}", b'{"role": 1}', [no_string("role", 1)]),
    ],
)
async def test_the_shape_is_judged_before_the_role_of_the_caller(
    asta: Asta, method: str, path: str, content: bytes, problems: list[dict[str, Any]]
) -> None:
    """Who is no admin learns first that the body is wrong; who is nobody does not."""
    ada = await asta.make("ada")

    of_user = await asta.ask(method, path, content=content, token=ada.token)
    of_nobody = await asta.ask(method, path, content=content)

    assert said(of_user) == invalid(*problems)
    assert of_nobody.status_code == (422 if path == "/api/auth/register" else 401)


@pytest.mark.parametrize("given", ['"true"', "1", "0", '""', "[]", "{}"])
async def test_whether_an_account_is_active_is_said_with_a_boolean(
    asta: Asta, admin: Person, given: str
) -> None:
    """What only looks like one is refused, so that nobody is disabled by mistake."""
    content = f'{{"active": {given}}}'.encode()

    answer = await asta.put(f"{USERS}/{admin.id}", content=content, token=admin.token)

    problem = answer.json()["detail"][0]
    assert answer.status_code == 422
    assert problem["type"] == "bool_type"
    assert problem["loc"] == ["body", "active"]
    assert problem["msg"] == "Input should be a valid boolean"
