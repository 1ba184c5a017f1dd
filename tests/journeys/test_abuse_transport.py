"""Connections that dawdle, crowd, flood or hide one request in another, at the program itself."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from select import select

import pytest

from parts.line import request
from parts.peer import Answer, ClosedError, Peer, get, post
from parts.target import LOGIN, ME, Target, says_no, target
from parts.waiting import until

pytestmark = pytest.mark.slow

TIMEOUT_S = 1
CONNECTIONS_MAX = 30
GROWTH_KIB_MAX = 16 * 1024
"""How much larger the server may be after an attack; what it holds for good is far less."""

FLOOD_BYTES = 100 * 2**20
PIECE_BYTES = 6 * 1024
HEAD = b"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = post(LOGIN, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server with little patience and few places, for all of this page."""
    with target(
        tmp_path_factory.mktemp("transport"),
        server__header_timeout_s=str(TIMEOUT_S),
        server__body_timeout_s=str(TIMEOUT_S),
        server__connections_max=str(CONNECTIONS_MAX),
    ) as found:
        yield found


def dribble(peer: Peer, data: bytes) -> Answer:
    """Send a byte at a time, each when nothing has come back for a while; return what comes."""
    for octet in data:
        peer.send(bytes([octet]))
        peer.socket.settimeout(0.05)
        with suppress(TimeoutError):
            peer.peek()
            break
    peer.socket.settimeout(5)
    return peer.answer()


def test_a_header_sent_a_byte_at_a_time_is_cut_off(attacked: Target) -> None:
    """The time counts for all of it, not from byte to byte; 408 in asta's words."""
    with Peer(attacked.port) as peer:
        answer = dribble(peer, HEAD + b"X: " + b"a" * 1000)

    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert says_no(answer)


def test_a_body_sent_a_byte_at_a_time_is_cut_off(attacked: Target) -> None:
    """The same for the body."""
    whole = request("POST", LOGIN, {"username": "admin", "password": "x" * 1000})
    head, _, body = whole.partition(b"\r\n\r\n")
    with Peer(attacked.port) as peer:
        peer.send(head + b"\r\n\r\n")
        answer = dribble(peer, body)

    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert says_no(answer)


def test_chunks_sent_a_byte_at_a_time_are_cut_off(attacked: Target) -> None:
    """Chunks that keep coming give no more time."""
    head = f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Peer(attacked.port) as peer:
        peer.send(head.encode())
        answer = dribble(peer, b"1\r\nx\r\n" * 500)

    assert answer.status == 408
    assert says_no(answer)


def test_silent_connections_do_not_keep_others_out_for_long(attacked: Target) -> None:
    """When all places are taken the next is told to come again, and soon there is room."""
    with ExitStack() as stack:
        idle = [stack.enter_context(Peer(attacked.port)) for _ in range(CONNECTIONS_MAX)]
        busy = until(lambda: crowded(attacked))
        ends = [peer.answer().status for peer in idle]
        back = until(lambda: not crowded(attacked))

    assert busy.headers["retry-after"].isdecimal()
    assert set(busy.document) == {"detail"}
    assert set(ends) == {408}
    assert back


def crowded(attacked: Target) -> Answer | None:
    """Return the server's 503, None while it still takes requests."""
    try:
        answer = attacked.call("GET", ME)
    except ClosedError:
        return None
    return answer if answer.status == 503 else None


ENDLESS: dict[str, tuple[int, bytes, bytes]] = {
    "one field": (431, HEAD + b"X: ", b"a" * PIECE_BYTES),
    "many fields": (431, HEAD, b"X: y\r\n" * (PIECE_BYTES // 6)),
    "a target": (431, b"GET /", b"a" * PIECE_BYTES),
    "a method": (400, b"", b"A" * PIECE_BYTES),
    "a body": (413, post(LOGIN, b"").replace(b": 0", b": %d" % FLOOD_BYTES), b"a" * PIECE_BYTES),
    "a chunk": (413, CHUNKED + b"%x\r\n" % FLOOD_BYTES, b"a" * PIECE_BYTES),
    "many chunks": (413, CHUNKED, b"1\r\na\r\n" * (PIECE_BYTES // 6)),
    "chunks that are all wrapping": (413, CHUNKED, b"1;" + b"x" * PIECE_BYTES + b"\r\na\r\n"),
    "trailers": (431, CHUNKED + b"0\r\n", b"X: y\r\n" * (PIECE_BYTES // 6)),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_hundred_megabytes_without_an_end_leave_nothing(attacked: Target, kind: str) -> None:
    """Each connection gets its no when the limit is reached, and no memory is kept of it."""
    status, beginning, piece = ENDLESS[kind]
    before, sent = attacked.memory_kib(), 0
    statuses = set()
    while sent < FLOOD_BYTES:
        with Peer(attacked.port) as peer:
            peer.send(beginning)
            sent += push(peer, piece)
            statuses.add(peer.answer().status)
            sent += push(peer, piece, heed=False)

    assert statuses == {status}
    assert attacked.memory_kib() - before < GROWTH_KIB_MAX


def push(peer: Peer, piece: bytes, *, heed: bool = True) -> int:
    """Send this again and again until the server answers or hangs up; return how much went out."""
    sent = 0
    with suppress(ConnectionError):
        while not (heed and select([peer.socket], [], [], 0)[0]):
            sent += peer.socket.send(piece)
    return sent


def test_a_hundred_megabytes_of_good_heads_leave_nothing(attacked: Target) -> None:
    """Heads just within the limit are read, answered and forgotten."""
    whole = get(ME, "X: " + "a" * 30_000)
    before = attacked.memory_kib()

    statuses = set()
    for _ in range(FLOOD_BYTES // len(whole) // 100):
        with Peer(attacked.port) as peer:
            statuses |= {peer.ask(whole).status for _ in range(100)}

    assert statuses == {401}
    assert attacked.memory_kib() - before < GROWTH_KIB_MAX


SMUGGLED = {
    "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: {length}\r\n\r\n",
    "a list of lengths": "Content-Length: 0, {length}\r\n\r\n",
    "a signed length": "Content-Length: +0\r\n\r\n",
    "a length in another line": "X: y\r\n Content-Length: {length}\r\n\r\n",
    "chunks that are not last": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "hidden chunks": "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed": "X: y\nContent-Length: {length}\r\n\r\n",
    "a bare carriage return": "X: y\rContent-Length: {length}\r\n\r\n",
    "a chunk with a tail": "Transfer-Encoding: chunked\r\n\r\n0;\n\r\n",
    "a chunk of negative size": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
}


@pytest.mark.parametrize("shape", SMUGGLED)
def test_no_request_hides_in_another(attacked: Target, shape: str) -> None:
    """What two parsers could read in two ways is refused, and nothing behind it is read."""
    hidden = get(ME, f"Authorization: Bearer {attacked.token}")
    fields = SMUGGLED[shape].format(length=len(hidden))
    with Peer(attacked.port) as peer:
        answer = peer.ask(f"POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\n{fields}".encode() + hidden)
        rest = peer.last_words()

    assert (answer.status, answer.headers["connection"], rest) == (400, "close", b"")
    assert says_no(answer)
