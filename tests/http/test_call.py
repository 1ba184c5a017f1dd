"""What an endpoint learns of a request, and how much of a body it takes."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from parts.loglines import LogLines
from toy import BODY_BYTES_MAX, Toybox, talking_to, toybox
from toy_services import GOOD_TOKEN
from watchword.http.surroundings import Surroundings

Message = dict[str, Any]


@pytest.fixture
def box() -> Toybox:
    return toybox()


async def post(
    box: Toybox, messages: list[Message], *headers: tuple[bytes, bytes]
) -> list[Message]:
    """Post to /toy/wish with these messages of ASGI, and return what was sent back."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/toy/wish",
        "query_string": b"",
        "scheme": "http",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    await box.app(scope, receive, send)
    return sent


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_pieces_is_one(box: Toybox) -> None:
    """However it was cut on the way, in the middle of a character too."""
    pieces = [part(b'{"na'), part(b""), part(b'me": "\xc3'), part(b'\xa4"}', more=False)]
    start, body = await post(box, pieces)

    assert start["status"] == 200
    assert body["body"] == '{"name":"ä","count":1,"tags":[]}'.encode()


@pytest.mark.parametrize(
    ("size", "status"), [(BODY_BYTES_MAX, 200), (BODY_BYTES_MAX + 1, 413), (10**6, 413)]
)
async def test_a_body_has_its_limit(box: Toybox, size: int, status: int) -> None:
    """What is too large is refused in the dialect's voice, announced or not."""
    body = b'{"name": "%b"}' % (b"a" * (size - 12))
    async with talking_to(box.app) as client:
        announced = await client.post("/toy/wish", content=body)
    start, *_ = await post(box, [part(body, more=False)])

    assert (announced.status_code, start["status"]) == (status, status)
    if status == 413:
        assert announced.json() == {"moo": "moo: Content Too Large", "code": 413}


async def test_what_is_announced_too_large_is_not_read(box: Toybox) -> None:
    """The refusal does not wait for the body."""
    messages = [part(b"x")]
    start, *_ = await post(box, messages, (b"content-length", b"100000"))

    assert start["status"] == 413
    assert len(messages) == 1


async def test_what_turns_out_too_large_is_not_read_to_its_end(box: Toybox) -> None:
    """Memory holds the limit and one piece more, whatever is sent."""
    messages = [part(b"x" * (BODY_BYTES_MAX // 2)) for _ in range(100)]
    start, *_ = await post(box, messages)

    assert start["status"] == 413
    assert len(messages) == 97


@pytest.mark.parametrize("length", ["9" * 5000, "99999999999999999999", "\u0663", "x", "-5"])
async def test_a_strange_length_does_no_harm(box: Toybox, length: str) -> None:
    """It is too large, or it counts for nothing."""
    header = (b"content-length", length.encode("latin-1", "ignore"))
    start, *_ = await post(box, [part(b'{"name": "a"}', more=False)], header)

    assert start["status"] in {200, 413}


async def test_the_limit_holds_where_no_body_is_read() -> None:
    """An operation without a body does not take a large one either."""
    box = toybox(Surroundings(version="0", body_bytes_max=100))
    headers = {"Authorization": f"Bearer {GOOD_TOKEN}"}
    async with talking_to(box.app) as client:
        small = await client.post("/toy/me", headers=headers, content=b"x" * 100)
        large = await client.post("/toy/me", headers=headers, content=b"x" * 101)

    assert (small.status_code, large.status_code) == (200, 413)


async def test_a_client_that_leaves_gets_no_answer(box: Toybox, log_lines: LogLines) -> None:
    """Nothing is sent, nothing is a bug, and the log says so."""
    sent = await post(box, [part(b'{"na'), {"type": "http.disconnect"}])

    assert sent == []
    assert [line["status"] for line in log_lines.of("request")] == [499]
    assert log_lines.of("bug") == []


async def test_callers_do_not_mix(box: Toybox) -> None:
    """Many at once each see themselves."""
    async with talking_to(box.app) as client:

        async def ask(token: str) -> str | None:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.get("/toy/maybe", headers=headers)
            return str(answer.json().get("who"))

        found = await asyncio.gather(
            *(ask(("good-token", "other-token")[n % 2]) for n in range(20))
        )

    assert found == ["ada", "bob"] * 10
