"""TLS connections that are not yet one: they have their limit, too."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from parts.peer import Answer, ClosedError, Peer, get, is_listening
from parts.serving import Running, running
from parts.waiting import until
from watchword.core.kernel.clock import SystemClock
from watchword.http.gate import TransportLimits
from watchword.http.tls import TlsFiles, self_signed

pytestmark = pytest.mark.slow

PLACES = 3
PATIENCE_S = 2.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """A certificate that is valid now."""
    return self_signed(tmp_path_factory.mktemp("handshakes"), SystemClock())


@pytest.fixture(scope="module")
def trusting(files: TlsFiles) -> ssl.SSLContext:
    """A client that trusts our certificate."""
    return ssl.create_default_context(cafile=files.certificate)


@pytest.fixture
def server(files: TlsFiles) -> Iterator[Running]:
    """A server with few places."""
    limits = TransportLimits(connections_max=PLACES, head_seconds=PATIENCE_S)
    with running(tls=files, limits=limits) as running_server:
        yield running_server


def asks(server: Running, trusting: ssl.SSLContext) -> Answer | None:
    """Return the answer to a request, None if there is not even a handshake."""
    try:
        with Peer(server.port, context=trusting) as peer:
            return peer.ask(get())
    except (ClosedError, OSError):
        return None


def test_silent_handshakes_are_counted(server: Running, trusting: ssl.SSLContext) -> None:
    """Past the limit the next is closed at once; when their time is up there is room again."""
    with ExitStack() as stack:
        silent = [stack.enter_context(Peer(server.port)) for _ in range(PLACES)]
        until(lambda: asks(server, trusting) is None)
        ends = [peer.last_words() for peer in silent]
        answer = until(lambda: asks(server, trusting))

    assert ends == [b""] * PLACES
    assert answer.status == 200


def test_a_handshake_that_fails_gives_its_place_back(
    server: Running, trusting: ssl.SSLContext
) -> None:
    """What is no TLS is ended, and the next comes in at once."""
    for _ in range(3 * PLACES):
        with Peer(server.port) as peer:
            peer.send(get())
            assert peer.last_words()[:4] != b"HTTP"

    answer = until(lambda: asks(server, trusting), within=PATIENCE_S / 2)
    assert answer.status == 200


def test_who_is_in_does_not_count_as_a_handshake(server: Running, trusting: ssl.SSLContext) -> None:
    """When all places are taken the next still gets a handshake, to be told so over it."""
    with ExitStack() as stack:
        inside = [stack.enter_context(Peer(server.port, context=trusting)) for _ in range(PLACES)]
        statuses = [peer.ask(get()).status for peer in inside]
        answer = asks(server, trusting)

    assert statuses == [200] * PLACES
    assert answer is not None
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_a_silent_handshake_does_not_delay_the_end(files: TlsFiles) -> None:
    """It gets a moment, not all the time that it would have otherwise."""
    limits = TransportLimits(head_seconds=60, drain_idle_seconds=0.2)
    with running(tls=files, limits=limits) as server, Peer(server.port) as peer:
        server.server.should_exit = True
        said = peer.last_words()

    assert said == b""


def test_a_handshake_under_way_may_end(files: TlsFiles, trusting: ssl.SSLContext) -> None:
    """Who connected before the signal is served after it."""
    patient = TransportLimits(drain_idle_seconds=10)
    with running(tls=files, limits=patient) as server, Peer(server.port) as peer:
        server.server.should_exit = True
        until(lambda: not is_listening(server.port))
        peer.socket = trusting.wrap_socket(peer.socket, server_hostname="localhost")
        answer = peer.ask(get())

    assert (answer.status, answer.headers["connection"]) == (200, "close")
