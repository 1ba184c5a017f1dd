"""What takes too long, and what waits for its turn."""

import time
from collections.abc import Iterator

import pytest

from parts.peer import Peer, chunked, get, post
from parts.serving import Running, running
from parts.waiting import until
from watchword.http.gate import TransportLimits

pytestmark = pytest.mark.slow

BODY_MAX = 64 * 1024

QUICK = TransportLimits(
    head_seconds=0.4, body_seconds=0.4, idle_seconds=0.4, linger_seconds=0.3, pipelined_max=4
)


@pytest.fixture
def quick() -> Iterator[Running]:
    """A server with short times."""
    with running(limits=QUICK) as server:
        yield server


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_head_that_drips_is_ended(earlier: int) -> None:
    """A byte now and then does not lengthen the time: 408, and the app hears nothing."""
    with running(limits=TransportLimits(head_seconds=0.4)) as server, Peer(server.port) as peer:
        for _ in range(earlier):
            peer.ask(get("/earlier"))
        _drip(peer, get("/drip", "X: " + "x" * 10_000))
        answer = peer.answer()

    assert answer.status == 408
    assert server.app.asked == ["/earlier"] * earlier


def test_a_connection_that_says_nothing_is_ended(quick: Running) -> None:
    """The time for the first head begins with the connection."""
    with Peer(quick.port) as peer:
        answer = peer.answer()

    assert answer.status == 408


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_body_that_drips_is_ended(earlier: int) -> None:
    """408 in place of the app's answer, and the app sees the client leave."""
    with running(limits=TransportLimits(body_seconds=0.4)) as server, Peer(server.port) as peer:
        for _ in range(earlier):
            peer.ask(get())
        peer.send(post("/drip", b"x" * 10_000)[:-10_000])
        _drip(peer, b"x" * 10_000)
        answer = peer.answer()
        until(lambda: server.app.left == ["/drip"], within=1)

    assert answer.status == 408


def test_an_idle_connection_is_ended_silently(quick: Running) -> None:
    """Between two requests there is nobody to tell."""
    with Peer(quick.port) as peer:
        peer.ask(get())
        said = peer.last_words()

    assert said == b""
    assert quick.refused == []


def test_a_slow_answer_is_nobodys_fault(quick: Running) -> None:
    """How long the app takes is not limited here."""
    with Peer(quick.port) as peer, Peer(quick.port) as idle:
        peer.send(get("/held"))
        idle.last_words()  # all the times of this server are over when this one is thrown out
        quick.app.release()
        answer = peer.answer()

    assert answer.status == 200


def test_what_we_do_not_read_is_not_late(quick: Running) -> None:
    """While requests wait for an answer nothing more is read, and the time of the next stops."""
    with Peer(quick.port) as peer, Peer(quick.port) as idle:
        peer.send(get("/held") + get("/2") + get("/3")[:-2])
        idle.last_words()  # all the times of this server are over when this one is thrown out
        quick.app.release()
        peer.send(b"\r\n")
        statuses = [peer.answer().status for _ in range(3)]

    assert statuses == [200, 200, 200]


def test_an_answer_nobody_reads_is_given_up(quick: Running) -> None:
    """Who asks for much and reads nothing does not keep it in the server's memory."""
    with Peer(quick.port) as peer:
        peer.send(get("/much"))
        until(lambda: quick.app.asked == ["/much"])
        until(lambda: quick.connections == 0)

    assert quick.refused == []


def test_a_body_after_the_answer_gets_no_second_one(quick: Running) -> None:
    """When the app answered without the body and the body never ends, the connection does."""
    with Peer(quick.port) as peer:
        first = peer.ask(post("/early", b"x" * 100)[:-1])
        said = peer.last_words()

    assert (first.status, said) == (200, b"")


def test_pipelined_requests_are_counted(quick: Running) -> None:
    """A connection cannot fill the memory with requests that wait for each other."""
    with Peer(quick.port) as peer:
        peer.send(get("/held") + get("/next") * 10)
        until(lambda: quick.refused == [503])
        quick.app.release()
        statuses = [peer.answer().status for _ in range(6)]
        rest = peer.last_words()

    assert (statuses, rest) == ([200] * 5 + [503], b"")


def test_a_refusal_waits_for_earlier_answers(quick: Running) -> None:
    """The first answer belongs to the first request, whatever comes behind it."""
    with Peer(quick.port) as peer:
        peer.send(get("/held") + b"rubbish\r\n\r\n")
        until(lambda: quick.refused == [400])
        quick.app.release()
        statuses = [peer.answer().status, peer.answer().status]
        rest = peer.last_words()

    assert (statuses, rest) == ([200, 400], b"")


def test_a_waiting_request_with_a_bad_body_never_starts(quick: Running) -> None:
    """What is refused while it waits for its turn does not reach the app."""
    with Peer(quick.port) as peer:
        peer.send(get("/held") + chunked("/bad", b"x" * (BODY_MAX + 1)))
        until(lambda: quick.refused == [413])
        quick.app.release()
        statuses = [peer.answer().status, peer.answer().status]

    assert statuses == [200, 413]
    assert quick.app.asked == ["/held"]


def _drip(peer: Peer, data: bytes) -> None:
    """Send a byte now and then until the server has had enough, which is soon."""
    deadline = time.monotonic() + 5
    for byte in data:
        assert time.monotonic() < deadline, "nobody stopped us"
        try:
            peer.send(bytes([byte]))
        except ConnectionError:
            return
        peer.socket.settimeout(0.02)
        try:
            peer.peek()
        except TimeoutError:
            continue
        finally:
            peer.socket.settimeout(5)
        return
