"""What is wrong with a body is said member by member, and nothing of it is repeated."""

from collections.abc import AsyncIterator

import pytest

from dialects.asking import said
from dialects.astera.talk import (
    ASK_CHANGE,
    CHANGE,
    CHANGE_PASSWORD,
    CONFIRM,
    FORGOT,
    INVITE,
    JOBS,
    LOGIN,
    REGISTER,
    RESEND,
    RESET,
    UNDO,
    VERIFY_CHANGE,
    VERIFY_RESET,
    Astera,
    misread,
    refused,
)

# A body is judged before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("postgres", ["sqlite"], indirect=True)

READING = {
    REGISTER: ("user", "password"),
    INVITE: ("email",),
    LOGIN: ("user", "password"),
    CONFIRM: ("email", "code"),
    RESEND: (),
    FORGOT: (),
    VERIFY_RESET: ("token",),
    RESET: ("token", "password"),
    CHANGE_PASSWORD: ("oldPassword", "newPassword"),
    ASK_CHANGE: ("newEmail",),
    VERIFY_CHANGE: ("newEmail", "token"),
    CHANGE: ("newEmail", "token"),
    UNDO: ("token",),
    JOBS: ("flow",),
}
"""Every path that reads a body, with what it cannot do without."""

NO_JSON = misread("The body is not valid JSON.")
NO_OBJECT = misread("The body must be an object.")
NO_BODY = misread("The body is required.")
NO_TYPE = refused(415, "The body must be application/json.")
NUL = "{} may hold no NUL character."


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", NO_BODY),
        (b"null", NO_BODY),
        (b"[]", NO_OBJECT),
        (b'"x"', NO_OBJECT),
        (b"1", NO_OBJECT),
        (b"true", NO_OBJECT),
        (b'{"USER": 1, "password": "x"}', misread("user must be a text.", "#/user")),
        (b'{"user": 1.5, "password": "x"}', misread("user must be a text.", "#/user")),
        (b'{"user": ["ada"], "password": "x"}', misread("user must be a text.", "#/user")),
        (b'{"user": {"a": "b"}, "password": "x"}', misread("user must be a text.", "#/user")),
        (b'{"user": "a", "password": 1234}', misread("password must be a text.", "#/password")),
        (b'{"user": "a\\u0000", "password": "b"}', misread(NUL.format("user"), "#/user")),
        (b'{"user": "a", "password": "\\u0000"}', misread(NUL.format("password"), "#/password")),
        (b'{"user": "\\ud800", "password": "b"}', NO_JSON),
        (b'{"user": "a\\udc00", "password": "b"}', NO_JSON),
        (b'{"user": "\xff", "password": "b"}', NO_JSON),
        (b'{"user": "\x00", "password": "b"}', NO_JSON),
        (b'{"user": NaN, "password": "b"}', NO_JSON),
        (b'{"user": "a", "password": "b"', NO_JSON),
        (b'{"user": "a",}', NO_JSON),
        (b"{'user': 'a'}", NO_JSON),
        (b'{"user": "a", "password": "b"} x', NO_JSON),
        (b"  ", NO_JSON),
        (b"\xff\xfe", NO_JSON),
        (b'\xef\xbb\xbf{"user": "a", "password": "b"}', NO_JSON),
        ('{"user": "a", "password": "b"}'.encode("utf-16"), NO_JSON),
        (b"user=admin&password=Admin123", NO_JSON),
        (b"[" * 60_000, NO_JSON),
        (b'{"user":' + b"[" * 30_000 + b"]" * 30_000 + b"}", NO_JSON),
    ],
)
async def test_a_body_of_the_wrong_shape(
    astera: Astera, content: bytes, refusal: tuple[int, object]
) -> None:
    """The status is 400, and the member is named as the page spells it."""
    answer = await astera.post(LOGIN, content=content)

    assert said(answer) == refusal
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", READING)
async def test_everything_that_is_missing_is_named(astera: Astera, token: str, path: str) -> None:
    """In one answer, in the order of the page."""
    needed = READING[path]

    answer = await astera.post(path, {"colour": "red"}, token=token)

    body = answer.json()
    expected = [{"detail": f"{name} is required.", "pointer": f"#/{name}"} for name in needed]
    if not needed:
        expected = [{"detail": "email or user is required.", "pointer": "#"}]
    assert answer.status_code == body["status"] == 400
    assert body["errors"] == expected
    assert body["detail"] == expected[0]["detail"]
    assert body["code"] == "invalid_body"


@pytest.mark.parametrize("path", READING)
async def test_odd_bodies_are_the_callers_mistake(astera: Astera, token: str, path: str) -> None:
    """Endless numbers, much nesting, NUL and lone surrogates are 400 wherever a body is read."""
    name = (*READING[path], "user")[0].encode()
    contents = [
        b"1e999",
        b'{"%b": 1e999}' % name,
        b'{"%b": 1%b}' % (name, b"0" * 400),
        b'{"%b": %b}' % (name, b"1" * 5000),
        b'{"%b": %b%b}' % (name, b"[" * 900, b"]" * 900),
        b'{"%b": %b%b}' % (name, b"[" * 30_000, b"]" * 30_000),
        b'{"x": ' + b'{"x": ' * 900 + b"1" + b"}" * 901,
        b'{"%b": "\\u0000"}' % name,
        b'{"%b": "\\ud83d"}' % name,
        b'{"%b": "\xc3"}' % name,
    ]

    answers = [await astera.post(path, content=content, token=token) for content in contents]

    assert [answer.status_code for answer in answers] == [400] * len(contents)
    assert {answer.json()["code"] for answer in answers} == {"invalid_body"}


async def test_nothing_of_a_body_comes_back(astera: Astera) -> None:
    """What was sent may be a password, typed into the wrong place."""
    contents = [
        b'{"user": ["Secret-1"], "password": {"Secret-2": 1}, "rememberMe": "Secret-3"}',
        b'{"Secret-4": 1}',
        b'{"user": "Secret-5',
        b"Secret-6",
    ]

    answers = [await astera.post(LOGIN, content=content) for content in contents]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert not any("secret" in answer.text.lower() for answer in answers)


@pytest.mark.parametrize(
    "content",
    [
        b'{"user": "admin", "password": "Admin123", "colour": {"deep": [1, "\\u00e9"]}}',
        b'{"user": "nobody", "user": "admin", "password": "Admin123"}',
        b'{"user": "nobody", "USER": "admin", "password": "Admin123"}',
        b' \n\t{"password":"Admin123","user":"admin"}\r\n',
        b'{"\\u0075ser": "\\u0061dmin", "password": "Admin\\u0031\\u0032\\u0033"}',
    ],
)
async def test_a_body_with_more_in_it_is_read(astera: Astera, content: bytes) -> None:
    """Unknown members are ignored; of a member that comes twice the last counts."""
    answer = await astera.post(LOGIN, content=content)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/vnd.api+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("rubbish", 415),
    ],
)
async def test_only_json_is_taken_for_json(astera: Astera, content_type: str, status: int) -> None:
    """A form is told that it is none; a page of another site can send no more than one."""
    content = b'{"user": "admin", "password": "Admin123"}'

    answer = await astera.http.post(LOGIN, content=content, headers={"Content-Type": content_type})

    assert answer.status_code == status
    assert status == 200 or said(answer) == NO_TYPE


async def test_a_body_without_a_type_is_json(astera: Astera) -> None:
    """Small clients leave the type out."""
    content = b'{"user": "admin", "password": "Admin123"}'

    request = astera.http.build_request("POST", LOGIN, content=content)
    answer = await astera.http.send(request)

    assert "content-type" not in request.headers
    assert answer.status_code == 200


@pytest.mark.parametrize("path", READING)
async def test_a_body_that_is_too_large(astera: Astera, token: str, path: str) -> None:
    """64 KiB is the limit, whether the length was announced or not."""
    whole = b'{"user": "admin", "password": "' + b"x" * 65_536 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield whole[:40_000]
        yield whole[40_000:]

    announced = await astera.post(path, content=whole, token=token)
    chunked = await astera.http.post(
        path, content=pieces(), headers={"Authorization": f"Bearer {token}"}
    )

    assert said(announced) == said(chunked)
    assert announced.json() == {"title": "Content Too Large", "status": 413}


@pytest.mark.parametrize("path", [INVITE, ASK_CHANGE, JOBS])
async def test_strangers_bodies_are_not_read(astera: Astera, path: str) -> None:
    """Whoever needs a token is told about it first."""
    answer = await astera.post(path, content=b"{")

    assert answer.status_code == 401
