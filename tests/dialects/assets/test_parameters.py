"""Parameters in the query, in a form and in parts, mixed, twice, and as they should not be."""

from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlencode

import pytest

from dialects.asking import said
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    FORM,
    LOGIN,
    WRONG,
    Assets,
    no_log_in,
)
from dialects.household import Household

# Parameters are read before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("postgres", ["sqlite"], indirect=True)

BOUNDARY = "----assets"
PARTS = f"multipart/form-data; boundary={BOUNDARY}"
NAME, WORD = ("username", ADMIN), ("password", ADMIN_PASSWORD)

Pairs = Iterable[tuple[str, str]]


def form(*pairs: tuple[str, str]) -> tuple[str, bytes]:
    """Return the type and the bytes of a form."""
    return FORM, urlencode(pairs).encode()


def parts(*pairs: tuple[str, str]) -> tuple[str, bytes]:
    """Return the same in parts."""
    heads = ((f'Content-Disposition: form-data; name="{name}"', text) for name, text in pairs)
    written = "".join(f"--{BOUNDARY}\r\n{head}\r\n\r\n{text}\r\n" for head, text in heads)
    return PARTS, f"{written}--{BOUNDARY}--\r\n".encode()


async def log_in(
    assets: Assets, path: str, query: Pairs, body: tuple[str, bytes] | None
) -> tuple[int, dict[str, object]]:
    """Log in with parameters in the query and in the body."""
    kind, content = body or ("", None)
    headers = {"Content-Type": kind} if kind else {}
    return said(
        await assets.post(f"{path}?{urlencode(list(query))}", content=content, headers=headers)
    )


WAYS = {
    "query": ([NAME, WORD], None),
    "form": ([], form(NAME, WORD)),
    "parts": ([], parts(NAME, WORD)),
    "query and form": ([NAME], form(WORD)),
    "form and query": ([WORD], form(NAME)),
    "query and parts": ([NAME], parts(WORD)),
    "query and an empty form": ([NAME, WORD], (FORM, b"")),
    "query and no parts in no body": ([NAME, WORD], (PARTS, b"")),
    "query and no parts in an end": ([NAME, WORD], parts()),
    "query and no type": ([NAME, WORD], ("", b"")),
    "query and JSON": ([NAME, WORD], ("application/json", b"{}")),
    "with a charset": ([], (f"{FORM}; charset=UTF-8", form(NAME, WORD)[1])),
}


@pytest.mark.parametrize("path", [APILOGIN, LOGIN])
@pytest.mark.parametrize("way", WAYS)
async def test_parameters_come_as_the_client_likes(assets: Assets, path: str, way: str) -> None:
    """In each of the three encodings, and mixed."""
    _, body = await log_in(assets, path, *WAYS[way])

    assert body["loginSuccess"] is True


BAD = ("password", "wrong")


@pytest.mark.parametrize(
    ("query", "body", "is_in"),
    [
        ([NAME, BAD], form(WORD), True),
        ([NAME, WORD], form(BAD), False),
        ([NAME, BAD], parts(WORD), True),
        ([NAME, WORD], parts(BAD), False),
        ([NAME, WORD, BAD], None, True),
        ([NAME, BAD, WORD], None, False),
        ([], form(NAME, WORD, BAD), True),
        ([], form(NAME, BAD, WORD), False),
        ([], parts(NAME, WORD, BAD), True),
        ([], parts(NAME, BAD, WORD), False),
        ([NAME, WORD], form(("password", "")), False),
    ],
)
async def test_which_counts_of_two(
    assets: Assets,
    query: Pairs,
    body: tuple[str, bytes] | None,
    is_in: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    """The body goes before the query, an empty text too; of several in one place the first."""
    status, answer = await log_in(assets, APILOGIN, query, body)

    assert answer["loginSuccess"] is is_in
    assert is_in or (status, answer) == WRONG


PASSWORD = "gr\u00fc\u00dfe aus k\u00f6ln"


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        (FORM, "utf-8"),
        (FORM, "latin-1"),
        (f"{FORM}; charset=utf-8", "utf-8"),
        (f"{FORM}; charset=ISO-8859-1", "latin-1"),
        (f"{FORM}; charset=windows-1252", "cp1252"),
    ],
)
async def test_forms_are_utf_8_or_else_latin_1(
    household: Household, assets: Assets, kind: str, charset: str
) -> None:
    """What is no UTF-8 was written by an old client; who names a charset is believed."""
    await household.make("J\u00fcrgen", password=PASSWORD)
    content = urlencode({"username": "J\u00fcrgen", "password": PASSWORD}, encoding=charset)

    answer = await assets.post(APILOGIN, content=content.encode(), headers={"Content-Type": kind})
    in_query = await assets.post(f"{APILOGIN}?{content}") if kind == FORM else answer

    assert answer.json()["loginSuccess"] is True
    assert in_query.json()["loginSuccess"] is True


async def test_parts_are_utf_8_or_else_latin_1(household: Household, assets: Assets) -> None:
    """As forms are."""
    await household.make("J\u00fcrgen", password=PASSWORD)
    _, content = parts(("username", "J\u00fcrgen"), ("password", PASSWORD))

    answers = [
        await assets.post(APILOGIN, content=one, headers={"Content-Type": PARTS})
        for one in (content, content.decode().encode("latin-1"))
    ]

    assert [answer.json()["loginSuccess"] for answer in answers] == [True, True]


async def test_a_file_is_no_parameter(assets: Assets) -> None:
    """Upload clients add one whatever they ask for."""
    _, content = parts(NAME, WORD)
    file = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="password"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode() + b"\xff\xd8\x00\x00\r\n"

    answer = await assets.post(APILOGIN, content=file + content, headers={"Content-Type": PARTS})

    assert answer.json()["loginSuccess"] is True


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (FORM, b"username=admin%00&password=x"),
        (FORM, b"username=" + b"x" * 9000),
        (FORM, b"&".join([b"a=b"] * 101)),
        (f"{FORM}; charset=klingon", b"username=admin&password=x"),
        (f"{FORM}; charset=utf-8", b"username=%FF&password=x"),
        ("multipart/form-data", parts(NAME, WORD)[1]),
        (PARTS, b"rubbish"),
        (PARTS, parts(NAME, WORD)[1][:-8]),
        (PARTS, parts(NAME, ("password", "a\0b"))[1]),
        (PARTS, parts(*[NAME] * 101)[1]),
    ],
)
@pytest.mark.parametrize("path", [APILOGIN, LOGIN])
async def test_what_cannot_be_read_is_no_log_in(
    assets: Assets, path: str, kind: str, content: bytes
) -> None:
    """It is told what is wrong, in the shape that every client of a log-in reads."""
    answer = await assets.post(path, content=content, headers={"Content-Type": kind})

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["loginSuccess", "loginFaultMessage", "serverVersion"]
    assert body["loginSuccess"] is False
    assert body["loginFaultMessage"] not in {"", WRONG[1]["loginFaultMessage"]}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b'{"username": "admin", "password": "Admin123"}'),
        ("text/plain", b"username=admin&password=Admin123"),
        ("rubbish", b"\xff\xfe"),
        ("application/json", b"[" * 60_000),
    ],
)
async def test_another_kind_of_body_has_no_parameters(
    assets: Assets, kind: str, content: bytes
) -> None:
    """It is not even looked at."""
    answer = await assets.post(APILOGIN, content=content, headers={"Content-Type": kind})

    assert said(answer) == no_log_in("username is required")


async def test_nothing_of_what_was_sent_comes_back(assets: Assets) -> None:
    """It may be a password, typed into the wrong place."""
    answers = [
        await assets.send(APILOGIN, {"username": "Secret-1\0", "password": "x"}),
        await assets.send(APILOGIN, {"Secret-2": "Secret-3"}),
        await assets.send(LOGIN, {"cred": "Secret-4!"}),
        await assets.send(LOGIN, {"username": "Secret-5", "password": "Secret-6"}),
        await assets.send(LOGIN, {"username": "a", "password": "b", "returnProfile": "Secret-7"}),
        await assets.post("/services/Secret-8?Secret-9"),
        await assets.post("/services/checkout/Secret-10!"),
    ]

    assert not any("Secret" in answer.text for answer in answers)


async def test_a_body_that_is_too_large(assets: Assets) -> None:
    """64 KiB is the limit, announced or not; the status is real and the shape is ours."""
    kind, whole = parts(NAME, ("password", "x" * 65_536))

    async def pieces() -> AsyncIterator[bytes]:
        yield whole[:40_000]
        yield whole[40_000:]

    announced = await assets.post(APILOGIN, content=whole, headers={"Content-Type": kind})
    chunked = await assets.http.post(APILOGIN, content=pieces(), headers={"Content-Type": kind})

    told = {"errorcode": 413, "message": "Content Too Large"}
    assert said(announced) == said(chunked) == (413, told)
