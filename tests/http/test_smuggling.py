"""Requests that two parsers could read in two ways are refused, and none hides in another."""

import json
from collections.abc import Iterator

import pytest

from parts.peer import Peer, chunked, get, post
from parts.serving import Running, running
from parts.waiting import until

HEAD = "POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
HIDDEN = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"

BAD_HEADS = {
    "length and chunks": HEAD + "Content-Length: 5\r\n" + CHUNKED + "\r\n0\r\n\r\n",
    "chunks and length": HEAD + CHUNKED + "Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "the same length twice": HEAD + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    "a list of lengths": HEAD + "Content-Length: 2, 2\r\n\r\nab",
    "a length with a sign": HEAD + "Content-Length: +2\r\n\r\nab",
    "a negative length": HEAD + "Content-Length: -2\r\n\r\nab",
    "a hexadecimal length": HEAD + "Content-Length: 0x2\r\n\r\nab",
    "an empty length": HEAD + "Content-Length:\r\n\r\n",
    "a length past 64 bits": HEAD + "Content-Length: 18446744073709551618\r\n\r\nab",
    "chunks twice": HEAD + CHUNKED + CHUNKED + "\r\n0\r\n\r\n",
    "chunks in chunks": HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks, but not last": HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + "Transfer-Encoding: gzip\r\n\r\n",
    "another coding in chunks": HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "almost chunked": HEAD + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "quoted chunked": HEAD + 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked after a vertical tab": HEAD + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "no coding": HEAD + "Transfer-Encoding:\r\n\r\n",
    "chunks in HTTP/1.0": "POST / HTTP/1.0\r\n" + CHUNKED + "\r\n0\r\n\r\n",
    "a space before the colon": HEAD + "Content-Length : 2\r\n\r\nab",
    "a space in a name": HEAD + "X Y: z\r\n\r\n",
    "a space before the first name": "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "a folded value": HEAD + "X: y\r\n z\r\n\r\n",
    "a folded coding": HEAD + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a name of nothing": HEAD + ": y\r\n\r\n",
    "no colon": HEAD + "X\r\n\r\n",
    "NUL in a value": HEAD + "X: a\0b\r\n\r\n",
    "NUL in a name": HEAD + "X\0Y: z\r\n\r\n",
    "NUL in the target": "GET /a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a control character": HEAD + "X: a\x01b\r\n\r\n",
    "a bare CR in a value": HEAD + "X: a\rY: b\r\n\r\n",
    "a bare LF after a value": HEAD + "X: a\nY: b\r\n\r\n",
    "a bare LF after the request line": "GET / HTTP/1.1\nHost: localhost\r\n\r\n",
    "a bare LF at the end": HEAD + "X: y\r\n\n",
    "bytes past ASCII in the target": "GET /\u00e4 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bytes past ASCII in a name": HEAD + "\u00e4: y\r\n\r\n",
    "a space in the target": "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "two Hosts": HEAD + "Host: localhost\r\n\r\n",
    "an empty Host": "GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a path": "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    "a Host with a space": "GET / HTTP/1.1\r\nHost: localhost evil\r\n\r\n",
    "a target on another host": "GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a target with a user": "GET http://a@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a target of another scheme": "GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no path in the target": "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP/0.9": "GET /\r\n\r\n",
    "HTTP/1.2": "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n",
    "HTTP/2": "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "HTTP/2 at once": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
    "an unknown method": "STEAL / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a small method": "get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS on the wrong port": "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
}

BAD_CHUNKS = {
    "no number": "xyz\r\nabc\r\n0\r\n\r\n",
    "a negative number": "-3\r\nabc\r\n0\r\n\r\n",
    "a prefix": "0x3\r\nabc\r\n0\r\n\r\n",
    "a number past 64 bits": "10000000000000003\r\nabc\r\n0\r\n\r\n",
    "a space after the number": "3 \r\nabc\r\n0\r\n\r\n",
    "nothing": "\r\nabc\r\n0\r\n\r\n",
    "a bare LF after the number": "3\nabc\r\n0\r\n\r\n",
    "a bare LF after the data": "3\r\nabc\n0\r\n\r\n",
    "more data than said": "3\r\nabcd\r\n0\r\n\r\n",
    "no line end": "3\r\nabc0\r\n\r\n",
    "a bare LF in an extension": "3;a\nb\r\nabc\r\n0\r\n\r\n",
    "a length behind it": "0\r\nContent-Length: 5\r\n\r\n",
    "a coding behind it": "0\r\n" + CHUNKED + "\r\n",
}


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture
def server(_server: Running) -> Running:
    """A server that has seen nothing yet."""
    for seen in (_server.app.asked, _server.app.left, _server.refused):
        seen.clear()
    return _server


@pytest.mark.parametrize("shape", BAD_HEADS)
def test_a_bad_head_is_refused(server: Running, shape: str) -> None:
    """400 and the end of the connection; what stands behind it is not read as a request."""
    with Peer(server.port) as peer:
        answer = peer.ask((BAD_HEADS[shape] + HIDDEN).encode("latin-1"))
        rest = peer.last_words()

    assert (answer.status, answer.headers["connection"], rest) == (400, "close", b"")
    assert server.app.asked == []


@pytest.mark.parametrize("shape", BAD_CHUNKS)
def test_a_bad_chunk_is_refused(server: Running, shape: str) -> None:
    """400 in place of the app's answer, and the app sees the client leave."""
    with Peer(server.port) as peer:
        answer = peer.ask((HEAD + CHUNKED + "\r\n" + BAD_CHUNKS[shape] + HIDDEN).encode())
        rest = peer.last_words()
    # The app may hear of it after the client did; the next test must not see that.
    until(lambda: server.app.left == ["/"])

    assert (answer.status, rest) == (400, b"")
    assert server.app.asked == ["/"]


@pytest.mark.parametrize("pieces", [1, 2])
def test_an_offer_to_upgrade_hides_no_request(server: Running, pieces: int) -> None:
    """A body stays a body for a client that would also speak another protocol."""
    lines = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    request = post("/upgrade", HIDDEN.encode(), *lines)
    cut = len(request) - len(HIDDEN)
    with Peer(server.port) as peer:
        peer.send(*([request] if pieces == 1 else [request[:cut], request[cut:]]))
        told = json.loads(peer.answer().body)
        next_one = peer.ask(get("/next"))

    assert (told["path"], told["size"]) == ("/upgrade", len(HIDDEN))
    assert next_one.status == 200
    assert server.app.asked == ["/upgrade", "/next"]


def test_an_offer_to_upgrade_may_stand_among_other_requests(server: Running) -> None:
    """Requests behind one that offers an upgrade are read as well."""
    offer = get("/offer", "Connection: Upgrade", "Upgrade: websocket")
    with Peer(server.port) as peer:
        peer.send(get("/1") + offer + chunked("/2", b"ab") + offer + get("/3"))
        paths = [json.loads(peer.answer().body)["path"] for _ in range(5)]

    assert paths == ["/1", "/offer", "/2", "/offer", "/3"]


def test_nothing_follows_a_last_request(server: Running) -> None:
    """After `Connection: close` nothing more is read from the connection."""
    with Peer(server.port) as peer:
        answer = peer.ask(get("/last", "Connection: close") + HIDDEN.encode())
        rest = peer.last_words()

    assert (answer.status, rest) == (200, b"")
    assert server.app.asked == ["/last"]


def test_a_refused_connection_reads_no_further_request(server: Running) -> None:
    """What comes after a refusal is thrown away, also when it comes by itself."""
    with Peer(server.port) as peer:
        answer = peer.ask(b"rubbish\r\n\r\n")
        peer.send(HIDDEN.encode())
        rest = peer.last_words()

    assert (answer.status, rest) == (400, b"")
    until(lambda: server.connections == 0)
    assert server.app.asked == []
