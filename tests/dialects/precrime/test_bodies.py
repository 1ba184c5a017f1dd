"""What is wrong with a body is said in one sentence that names the member and repeats nothing."""

from collections.abc import AsyncIterator

import pytest

from dialects.asking import said
from dialects.precrime.talk import ADD, CHANGE, DELETE, LOGIN, Precrime, refused

# A body is judged before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("postgres", ["sqlite"], indirect=True)

NO_JSON = "The body is not valid JSON"
NO_OBJECT = "The body must be an object"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "The body is required"),
        (b"null", "The body is required"),
        (b"[]", NO_OBJECT),
        (b'"x"', NO_OBJECT),
        (b"1", NO_OBJECT),
        (b"true", NO_OBJECT),
        (b"{}", "username is required"),
        (b'{"username": "ada"}', "password is required"),
        (b'{"password": "secret"}', "username is required"),
        (b'{"Username": 1, "Password": "x"}', "username must be a text"),
        (b'{"username": 1.5, "password": "x"}', "username must be a text"),
        (b'{"username": true, "password": "x"}', "username must be a text"),
        (b'{"username": null, "password": "x"}', "username must be a text"),
        (b'{"username": ["ada"], "password": "x"}', "username must be a text"),
        (b'{"username": {"a": "b"}, "password": "x"}', "username must be a text"),
        (b'{"username": "a", "password": 1234}', "password must be a text"),
        (b'{"username": "a", "PASSWORD": {}}', "password must be a text"),
        (b'{"username": "a\\u0000", "password": "b"}', "username may hold no NUL character"),
        (b'{"username": "a", "password": "b\\u0000"}', "password may hold no NUL character"),
        (b'{"username": "\\ud800", "password": "b"}', NO_JSON),
        (b'{"username": "a\\udc00", "password": "b"}', NO_JSON),
        (b'{"username": "\xff", "password": "b"}', NO_JSON),
        (b'{"username": "\x00", "password": "b"}', NO_JSON),
        (b'{"username": NaN, "password": "b"}', NO_JSON),
        (b'{"username": Infinity, "password": "b"}', NO_JSON),
        (b'{"username": "a", "password": "b"', NO_JSON),
        (b'{"username": "a",}', NO_JSON),
        (b"{'username': 'a'}", NO_JSON),
        (b'{"username": "a", "password": "b"} x', NO_JSON),
        (b"{", NO_JSON),
        (b"  ", NO_JSON),
        (b"\xff\xfe", NO_JSON),
        (b'\xef\xbb\xbf{"username": "a", "password": "b"}', NO_JSON),
        ('{"username": "a", "password": "b"}'.encode("utf-16"), NO_JSON),
        (b"username=admin&password=Admin123", NO_JSON),
        (b"[" * 60_000, NO_JSON),
        (b'{"username":' + b"[" * 30_000 + b"]" * 30_000 + b"}", NO_JSON),
    ],
)
async def test_a_body_of_the_wrong_shape(precrime: Precrime, content: bytes, text: str) -> None:
    """The status is 400; the first thing that is wrong is named as the page spells it."""
    answer = await precrime.post(LOGIN, content=content)

    assert said(answer) == refused(400, text)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "content",
    [
        b"1e999",
        b'{"username": 1e999, "password": "b"}',
        b'{"username": 1' + b"0" * 400 + b', "password": "b"}',
        b'{"username": ' + b"1" * 5000 + b', "password": "b"}',
        b'{"username": "a", "password": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"x": ' + b'{"x": ' * 900 + b"1" + b"}" * 901,
    ],
)
async def test_odd_bodies_are_the_callers_mistake(precrime: Precrime, content: bytes) -> None:
    """Endless numbers and much nesting are 400, in the one shape of this dialect."""
    answer = await precrime.post(LOGIN, content=content)

    assert answer.status_code == 400
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize(
    ("path", "content", "text"),
    [
        (CHANGE, b"{}", "username is required"),
        (CHANGE, b'{"username": "a", "new": "x", "confirm": "y"}', "old is required"),
        (CHANGE, b'{"username": "a", "old": "x", "confirm": "y"}', "new is required"),
        (CHANGE, b'{"username": "a", "old": "x", "new": "y"}', "confirm is required"),
        (
            CHANGE,
            b'{"username": "a", "old": "x", "new": 1, "confirm": 1}',
            "new must be a text",
        ),
        (ADD, b"{}", "name is required"),
        (ADD, b'{"name": 7}', "name must be a text"),
        (ADD, b'{"name": "a\\u0000b"}', "name may hold no NUL character"),
        (ADD, b"[", NO_JSON),
        (DELETE, b"{}", "text is required"),
        (DELETE, b'{"text": null}', "text must be a text"),
        (DELETE, b'{"token": "x"}', "text is required"),
        (DELETE, b'{"text": "a\\u0000"}', "text may hold no NUL character"),
    ],
)
async def test_every_body_is_read_the_same_way(
    precrime: Precrime, token: str, path: str, content: bytes, text: str
) -> None:
    """Whoever needs a token is told about it first, and then about the body."""
    answer = await precrime.post(path, content=content, token=token)
    of_nobody = await precrime.post(path, content=content)

    assert said(answer) == refused(400, text)
    assert of_nobody.status_code == (400 if path == CHANGE else 401)


async def test_nothing_of_a_body_comes_back(precrime: Precrime) -> None:
    """What was sent may be a password, typed into the wrong place."""
    contents = [
        b'{"username": ["Secret-1"], "password": {"Secret-2": 1}}',
        b'{"Secret-3": 1}',
        b'{"username": "Secret-4',
        b"Secret-5",
    ]

    answers = [await precrime.post(LOGIN, content=content) for content in contents]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert not any("secret" in answer.text.lower() for answer in answers)


@pytest.mark.parametrize(
    "content",
    [
        b'{"username": "admin", "password": "Admin123", "colour": {"deep": [1, "\\u00e9"]}}',
        b'{"username": "nobody", "username": "admin", "password": "Admin123"}',
        b'{"username": "nobody", "USERNAME": "admin", "password": "Admin123"}',
        b' \n\t{"password":"Admin123","username":"admin"}\r\n',
        b'{"\\u0075sername": "\\u0061dmin", "password": "Admin\\u0031\\u0032\\u0033"}',
    ],
)
async def test_a_body_with_more_in_it_is_read(precrime: Precrime, content: bytes) -> None:
    """Unknown members are ignored; of a member that comes twice the last counts."""
    answer = await precrime.post(LOGIN, content=content)

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
async def test_only_json_is_taken_for_json(
    precrime: Precrime, content_type: str, status: int
) -> None:
    """A form is told that it is none; a page of another site can send no more than one."""
    content = b'{"username": "admin", "password": "Admin123"}'

    answer = await precrime.post(LOGIN, content=content, headers={"Content-Type": content_type})

    assert answer.status_code == status
    assert status == 200 or said(answer) == refused(415, "The body must be application/json")


async def test_a_body_without_a_type_is_json(precrime: Precrime) -> None:
    """Small clients leave the type out."""
    content = b'{"username": "admin", "password": "Admin123"}'

    request = precrime.http.build_request("POST", LOGIN, content=content)
    answer = await precrime.http.send(request)

    assert "content-type" not in request.headers
    assert answer.status_code == 200


async def test_a_body_that_is_too_large(precrime: Precrime) -> None:
    """64 KiB is the limit, whether the length was announced or not."""
    whole = b'{"username": "admin", "password": "' + b"x" * 65_536 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield whole[:40_000]
        yield whole[40_000:]

    announced = await precrime.post(LOGIN, content=whole)
    chunked = await precrime.http.post(LOGIN, content=pieces())

    assert said(announced) == said(chunked) == refused(413, "Content Too Large")
