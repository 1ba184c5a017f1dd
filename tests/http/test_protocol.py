"""What the transport lets through, and what is too long for it."""

import json
from collections.abc import Iterator

import pytest

from parts.peer import Peer, chunked, get, post
from parts.serving import Running, running
from parts.waiting import until

HEAD_MAX = 32 * 1024
BODY_MAX = 64 * 1024
UPLOAD_MAX = 200_000


def upload_allowed(path: str) -> int:
    return UPLOAD_MAX if path == "/upload" else BODY_MAX


@pytest.fixture(scope="module")
def _usual() -> Iterator[Running]:
    with running(body_bytes_max=upload_allowed) as server:
        yield server


@pytest.fixture
def usual(_usual: Running) -> Running:
    """A server with the limits of the contract that has seen nothing yet."""
    for seen in (_usual.app.asked, _usual.app.left, _usual.refused):
        seen.clear()
    return _usual


def test_a_connection_serves_many_requests(usual: Running) -> None:
    """Keep-alive: one connection, one answer after the other."""
    with Peer(usual.port) as peer:
        answers = [peer.ask(get(f"/{number}")) for number in range(5)]

    assert [json.loads(answer.body)["path"] for answer in answers] == ["/0", "/1", "/2", "/3", "/4"]
    assert "connection" not in answers[-1].headers
    assert "date" in answers[-1].headers
    assert "server" not in answers[-1].headers


def test_pipelined_requests_are_answered_in_order(usual: Running) -> None:
    """Requests sent without waiting get their answers one after the other."""
    with Peer(usual.port) as peer:
        peer.send(get("/1") + post("/2", b"hello") + chunked("/3", b"ab", b"cde") + get("/4"))
        told = [json.loads(peer.answer().body) for _ in range(4)]

    assert [(one["path"], one["size"]) for one in told] == [
        ("/1", 0),
        ("/2", 5),
        ("/3", 5),
        ("/4", 0),
    ]


def test_requests_may_come_in_any_pieces(usual: Running) -> None:
    """A request is the same whether it comes at once or byte by byte."""
    request = chunked("/bytes", b"abc", b"defg") + get("/next")
    with Peer(usual.port) as peer:
        peer.send(*(bytes([byte]) for byte in request))
        told = [json.loads(peer.answer().body) for _ in range(2)]

    assert [(one["path"], one["size"]) for one in told] == [("/bytes", 7), ("/next", 0)]


def test_a_client_may_wait_before_it_sends_the_body(usual: Running) -> None:
    """`Expect: 100-continue` is answered as soon as the app wants the body."""
    head, body = post("/patient", b"hello", "Expect: 100-continue").split(b"hello")[0], b"hello"
    with Peer(usual.port) as peer:
        interim = peer.ask(head)
        final = peer.ask(body)

    assert (interim.status, final.status) == (100, 200)
    assert json.loads(final.body)["size"] == 5


def test_http_1_0_is_understood(usual: Running) -> None:
    """An old client needs no Host, and its connection ends with the answer."""
    with Peer(usual.port) as peer:
        answer = peer.ask(b"GET /old HTTP/1.0\r\n\r\n")
        rest = peer.last_words()

    assert (answer.status, rest) == (200, b"")


def test_an_absolute_target_names_the_host_it_is_sent_to(usual: Running) -> None:
    """`GET http://localhost/path` with the same Host is as good as `GET /path`."""
    with Peer(usual.port) as peer:
        answer = peer.ask(get("http://localhost/absolute"))

    assert json.loads(answer.body)["path"] == "/absolute"


def test_a_hundred_fields_are_enough(usual: Running) -> None:
    """A head has 100 fields at most; the one past it is 431."""
    fields = [f"X-{number}: {number}" for number in range(100)]
    with Peer(usual.port) as peer:
        enough = peer.ask(get("/enough", *fields[1:]))
        too_many = peer.ask(get("/toomany", *fields))
        rest = peer.last_words()

    assert (enough.status, too_many.status, rest) == (200, 431, b"")
    assert usual.app.asked == ["/enough"]
    assert usual.refused == [431]


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_head_has_32_kib_at_most(usual: Running, pieces: int) -> None:
    """The request line and the headers together; one byte more is 431."""
    short = len(get("/head", "X: "))
    longest = get("/head", "X: " + "x" * (HEAD_MAX - short))
    longer = get("/head", "X: " + "x" * (HEAD_MAX - short + 1))
    with Peer(usual.port) as peer:
        peer.send(*_in_pieces(longest, pieces))
        fits = peer.answer()
        peer.send(*_in_pieces(longer, pieces))
        refused = peer.answer()

    assert len(longest) == HEAD_MAX
    assert (fits.status, refused.status) == (200, 431)


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"GET /" + b"a" * HEAD_MAX, id="target"),
        pytest.param(get()[:-2] + b"X: " + b"x" * HEAD_MAX, id="value"),
        pytest.param(get()[:-2] + b"x" * HEAD_MAX, id="name"),
    ],
)
@pytest.mark.parametrize("earlier", [0, 1])
def test_a_head_that_does_not_end_is_refused_at_once(
    usual: Running, endless: bytes, earlier: int
) -> None:
    """431 comes as soon as the limit is passed, not when the time is up."""
    with Peer(usual.port) as peer:
        for _ in range(earlier):
            peer.ask(get())
        answer = peer.ask(endless)

    assert answer.status == 431


def test_a_hundred_megabytes_of_headers_need_no_memory(usual: Running) -> None:
    """The head is refused early, what follows is thrown away, and soon nothing is read any more."""
    before = _resident_kib()
    with Peer(usual.port) as peer:
        sent = _send_until_stopped(
            peer, get()[:-2], b"X-Filler: 0123456789\r\n" * 50_000, times=100
        )
        said = peer.last_words()

    assert sent < 50
    assert said.startswith(b"HTTP/1.1 431 ")
    assert _resident_kib() - before < 20_000


@pytest.mark.parametrize("size", [0, 1000])
def test_a_body_before_a_head_does_not_count_as_head(usual: Running, size: int) -> None:
    """A long body, or the end of one, and the next request's beginning may come in one piece."""
    data = post("/1", b"x" * BODY_MAX) + get("/2")[:-2]
    with Peer(usual.port) as peer:
        peer.send(data[:size])
        until(lambda: len(usual.app.asked) == bool(size))
        peer.send(data[size:])
        first = peer.answer()
        second = peer.ask(b"\r\n")

    assert (first.status, second.status) == (200, 200)


@pytest.mark.parametrize(("size", "status"), [(BODY_MAX, 200), (BODY_MAX + 1, 413)])
def test_a_body_has_64_kib_at_most(usual: Running, size: int, status: int) -> None:
    """A body with a length is let in or refused by its length, before the app hears of it."""
    with Peer(usual.port) as peer:
        answer = peer.ask(post("/body", b"x" * size))

    assert answer.status == status
    assert usual.app.asked == ["/body"] * (status == 200)


def test_a_body_too_long_is_refused_before_it_is_sent(usual: Running) -> None:
    """The length alone is enough for 413, also for a client that asks first."""
    head = post("/body", b"", "Expect: 100-continue").replace(b": 0", b": 65537")
    with Peer(usual.port) as peer:
        answer = peer.ask(head)

    assert answer.status == 413


@pytest.mark.parametrize(("size", "status"), [(BODY_MAX, 200), (BODY_MAX + 1, 413)])
def test_chunks_are_counted(usual: Running, size: int, status: int) -> None:
    """A body without a length is refused when it gets too long; the app sees the client leave."""
    body = b"x" * size
    with Peer(usual.port) as peer:
        answer = peer.ask(
            chunked("/chunks", *(body[at : at + 5000] for at in range(0, size, 5000)))
        )

        # Not only when the connection ends.
        until(lambda: usual.app.left == ["/chunks"] * (status == 413), within=1)

    assert answer.status == status


def test_what_chunks_are_wrapped_in_is_counted_too(usual: Running) -> None:
    """Chunk extensions without end are no way around the limit of the body."""
    head = chunked("/extended").removesuffix(b"0\r\n\r\n")
    with Peer(usual.port) as peer:
        _send_until_stopped(peer, head + b"1;", b"x" * 65536, times=100)
        said = peer.last_words()

    assert said.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", [True, False])
def test_the_app_may_take_more_on_some_paths(usual: Running, *, length: bool) -> None:
    """The side of the app says for which path another limit counts."""
    bodies = [b"x" * UPLOAD_MAX, b"x" * (UPLOAD_MAX + 1)]
    with Peer(usual.port) as peer:
        answers = [
            peer.ask(post("/upload", body) if length else chunked("/upload", body))
            for body in bodies
        ]

    assert [answer.status for answer in answers] == [200, 413]


def test_trailers_are_no_headers(usual: Running) -> None:
    """What comes after the body cannot add a header to a request that was let in without it."""
    request = chunked("/trailer", b"abc").removesuffix(b"\r\n") + b"Authorization: late\r\n\r\n"
    with Peer(usual.port) as peer:
        answer = peer.ask(request)

    assert json.loads(answer.body)["headers"] == ["host", "transfer-encoding"]


def test_trailers_are_counted(usual: Running) -> None:
    """A body does not end in more fields than a head may have."""
    request = chunked("/trailer", b"abc").removesuffix(b"\r\n")
    with Peer(usual.port) as peer:
        answer = peer.ask(request + b"X: y\r\n" * 101 + b"\r\n")

    assert answer.status == 431


def test_a_refusal_of_head_has_no_body(usual: Running) -> None:
    """HEAD is answered like GET, without the body."""
    request = get("/", *["X: y"] * 101).replace(b"GET", b"HEAD", 1)
    with Peer(usual.port) as peer:
        peer.send(request)
        answer = peer.answer(with_body=False)
        rest = peer.last_words()

    assert (answer.status, rest) == (431, b"")
    assert int(answer.headers["content-length"]) > 0


def _in_pieces(data: bytes, count: int) -> list[bytes]:
    size = -(-len(data) // count)
    return [data[at : at + size] for at in range(0, len(data), size)]


def _send_until_stopped(peer: Peer, first: bytes, again: bytes, *, times: int) -> int:
    """Return how often the part that repeats could be sent."""
    peer.send(first)
    for count in range(times):
        try:
            peer.send(again)
        except ConnectionError:
            return count
    return times


def _resident_kib() -> int:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 (no path of ours)
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
