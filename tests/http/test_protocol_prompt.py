"""Requests that the transport answers by itself, among others on the same connection."""

import json

import pytest

from parts.peer import Peer, chunked, get, post
from parts.serving import running
from watchword.http.gate import TransportLimits


def test_the_app_hears_nothing_of_it() -> None:
    """The connection stays, with a date in each answer."""
    with running() as server, Peer(server.port) as peer:
        answers = [peer.ask(get("/once")) for _ in range(3)]

    assert [(one.status, one.body) for one in answers] == [(200, b"once")] * 3
    assert "date" in answers[-1].headers
    assert server.app.asked == []


def test_answers_keep_their_order() -> None:
    """What waits behind an answer of the app is left to the app; what does not, is not."""
    with running() as server, Peer(server.port) as peer:
        peer.send(get("/once") + get("/held") + get("/once"))
        first = peer.answer()
        server.app.release()
        others = [json.loads(peer.answer().body)["path"] for _ in range(2)]
        last = peer.ask(get("/once"))

    assert (first.body, last.body) == (b"once", b"once")
    assert others == ["/held", "/once"]


@pytest.mark.parametrize(
    "request_",
    [
        post("/once", b"x"),
        post("/once", b""),
        chunked("/once", b"x"),
        get("/once", "Content-Length: 1") + b"x",
        get("/once", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        get("/once", "Connection: close"),
        get("/once", version="1.0"),
        get("http://localhost/once"),
        get("/once?x"),
    ],
    ids=["post", "empty", "chunks", "body", "no-chunk", "close", "old", "whole", "query"],
)
def test_what_is_not_plain_goes_to_the_app(request_: bytes) -> None:
    """Bodies, other methods, old HTTP, and whoever wants the connection to end."""
    with running() as server, Peer(server.port) as peer:
        answer = peer.ask(request_)

    assert json.loads(answer.body)["path"] == "/once"
    assert server.app.asked == ["/once"]


def test_who_waits_for_leave_to_send_gets_it() -> None:
    """`Expect: 100-continue` is the app's to answer, also where no body follows."""
    with running() as server, Peer(server.port) as peer:
        interim = peer.ask(get("/once", "Expect: 100-continue"))

    assert interim.status == 100
    assert server.app.asked == ["/once"]


@pytest.mark.parametrize("field", ["Upgrade: h2c", "Connection: Upgrade\r\nUpgrade: h2c"])
def test_another_protocol_may_be_wished_for(field: str) -> None:
    """We go on as we are."""
    with running() as server, Peer(server.port) as peer:
        answers = [peer.ask(get("/once", field)) for _ in range(2)]

    assert [one.body for one in answers] == [b"once"] * 2


def test_it_may_come_in_any_pieces() -> None:
    """Byte by byte, and with the next request in the same piece."""
    with running() as server, Peer(server.port) as peer:
        peer.send(*(bytes([byte]) for byte in get("/once")), get("/once") + get("/next"))
        told = [peer.answer().body for _ in range(3)]

    assert told[:2] == [b"once"] * 2
    assert json.loads(told[2])["path"] == "/next"


@pytest.mark.parametrize("fields", [(), ("Connection: Upgrade", "Upgrade: h2c")])
def test_one_connection_cannot_keep_the_loop(fields: tuple[str, ...]) -> None:
    """Of what comes in one piece some is answered at once; the app has the rest, and its limit."""
    most = TransportLimits().pipelined_max
    with running() as server, Peer(server.port) as peer:
        peer.send(get("/once", *fields) * 600)
        first = [peer.answer() for _ in range(most)]
        rest = peer.last_words()

    assert [one.body for one in first] == [b"once"] * most
    assert 1 <= len(server.app.asked) <= most + 1
    assert rest.count(b"HTTP/1.1 200 OK") == len(server.app.asked)
    assert b"HTTP/1.1 503" in rest


@pytest.mark.parametrize(
    "bad", [b"GET /once HTTP/1.1\r\n\r\n", get("/once", "Host: b"), b"?\r\n\r\n"]
)
def test_a_bad_head_is_refused_after_it(bad: bytes) -> None:
    """What was answered before takes nothing away from the limits."""
    with running() as server, Peer(server.port) as peer:
        peer.ask(get("/once"))
        answer = peer.ask(bad)

    assert answer.status == 400
    assert server.app.asked == []


@pytest.mark.slow
def test_a_connection_that_idles_after_it_ends_silently() -> None:
    """As after any other answer."""
    with running(limits=TransportLimits(idle_seconds=0.4)) as server, Peer(server.port) as peer:
        peer.ask(get("/once"))
        said = peer.last_words()

    assert said == b""
    assert server.refused == []


@pytest.mark.slow
def test_a_head_that_does_not_end_after_it_is_refused() -> None:
    """Its time begins with its first octet."""
    limits = TransportLimits(head_seconds=0.4, linger_seconds=0.3)
    with running(limits=limits) as server, Peer(server.port) as peer:
        peer.ask(get("/once"))
        peer.send(b"GET /on")
        answer = peer.answer()

    assert answer.status == 408
