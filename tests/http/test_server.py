"""Starting, stopping and restarting: real processes, real signals."""

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from parts import program
from parts.peer import ClosedError, Peer, get, is_listening, post
from parts.program import Plan
from parts.serving import Witness, running
from parts.waiting import until
from watchword.http.gate import Served, TransportLimits
from watchword.http.listening import ServeError, allow_open_files, listen, urls
from watchword.http.server import GracefulServer, ServerConfig

pytestmark = pytest.mark.slow

STOPS = [signal.SIGTERM, signal.SIGINT]
COUNTS = [1, 2]


@pytest.mark.parametrize("workers", COUNTS)
def test_it_says_when_it_is_ready(workers: int) -> None:
    """Whoever waits for the line can ask at once, and gets an answer from a worker."""
    with program.ready(Plan(workers=workers)) as server:
        told = server.ask()
        below = server.workers()

    assert told["index"] in range(workers)
    assert told["pid"] in (below or [server.process.pid])
    assert len(below) == (0 if workers == 1 else workers)


def test_it_is_ready_when_all_workers_are(tmp_path: Path) -> None:
    """The line waits for the last of them."""
    late = tmp_path / "late"
    with program.ready(Plan(workers=2, late=str(late))):
        was_there = late.exists()

    assert was_there


@pytest.mark.parametrize("workers", COUNTS)
@pytest.mark.parametrize("stop", STOPS)
def test_a_signal_ends_it(workers: int, stop: signal.Signals) -> None:
    """SIGTERM and Ctrl+C end it in order: exit code 0, nothing on the screen."""
    with program.ready(Plan(workers=workers)) as server:
        server.process.send_signal(stop)
        _, said = server.process.communicate(timeout=5)

    assert (server.process.returncode, said) == (0, "")


@pytest.mark.parametrize("stop", STOPS)
def test_a_signal_to_all_processes_ends_it_too(stop: signal.Signals) -> None:
    """A terminal and systemd signal every process; for a worker that is one signal, not two."""
    with program.ready(Plan(workers=2)) as server, Peer(server.port) as peer:
        peer.ask(get())
        peer.send(get("/slow"))
        for pid in (*server.workers(), server.process.pid):
            os.kill(pid, stop)
        answer = peer.answer()
        code = server.process.wait(5)

    assert (answer.status, code) == (200, 0)


@pytest.mark.parametrize("workers", COUNTS)
@pytest.mark.parametrize("path", ["/", "/slow"])
def test_no_request_is_cut_off(workers: int, path: str) -> None:
    """Under load, with and without keep-alive, each request that was sent is answered."""
    with program.ready(Plan(workers=workers)) as server:
        clients = [_Client(server.port, path, keeps=number % 2 == 0) for number in range(12)]
        for client in clients:
            client.start()
        until(lambda: all(client.answered >= 3 for client in clients))
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(10)
        for client in clients:
            client.join(5)

    assert [client.cut for client in clients] == [0] * len(clients)
    assert code == 0


@pytest.mark.parametrize("workers", COUNTS)
def test_an_idle_connection_does_not_delay_the_end(workers: int) -> None:
    """A kept connection without a request is closed silently, long before the grace is over."""
    with program.ready(Plan(workers=workers)) as server, Peer(server.port) as peer:
        peer.ask(get())
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        said = peer.last_words()
        server.process.wait(5)

    assert said == b""
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("workers", COUNTS)
def test_a_request_on_its_way_is_the_last(workers: int) -> None:
    """A request that comes when the end has begun is answered, and told that it was the last."""
    with program.ready(Plan(workers=workers)) as server, Peer(server.port) as peer:
        first = peer.ask(get())
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not is_listening(server.port))
        last = peer.ask(get())
        code = server.process.wait(5)

    assert "connection" not in first.headers
    assert (last.status, last.headers["connection"], code) == (200, "close", 0)


@pytest.mark.parametrize("workers", COUNTS)
def test_what_does_not_end_is_ended(workers: int) -> None:
    """After the grace the rest is cancelled."""
    with program.ready(Plan(workers=workers, grace_seconds=1)) as server, Peer(server.port) as peer:
        peer.send(get("/forever"))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(5)

    assert 0.9 < time.monotonic() - began < 3


@pytest.mark.parametrize(("workers", "code"), [(1, -signal.SIGTERM), (2, 128 + signal.SIGTERM)])
def test_a_second_signal_ends_it_at_once(workers: int, code: int) -> None:
    """Who asks twice does not want to wait for anybody."""
    with program.ready(Plan(workers=workers)) as server, Peer(server.port) as peer:
        peer.send(get("/forever"))
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not is_listening(server.port))
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        ended = server.process.wait(5)

    assert ended == code
    assert time.monotonic() - began < 1


def test_a_worker_that_was_killed_comes_back() -> None:
    """kill -9 of one worker after the other: there are always two again, and they answer."""
    with program.ready(Plan(workers=2)) as server:
        before = server.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            until(lambda: pid not in (_two(server) or [pid]))  # noqa: B023 (asked at once)
        told = server.ask()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(5)

    assert told["pid"] not in before
    assert code == 0


def test_a_worker_that_cannot_start_again_is_tried_again(tmp_path: Path) -> None:
    """While the database is down the others serve on; when it is back, so is the worker."""
    broken = tmp_path / "broken"
    with program.ready(Plan(workers=2, broken=str(broken))) as server:
        errors = server.process.stderr
        assert errors is not None
        other = server.workers()[1]
        lines = []
        for count in range(4):
            killed = next(pid for pid in until(lambda: _two(server)) if pid != other)
            if count == 3:
                broken.touch()
            os.kill(killed, signal.SIGKILL)
            lines.append(errors.readline())
        lines.append(errors.readline())
        told = server.ask()
        broken.unlink()
        until(lambda: _two(server), within=10)

    assert lines == [
        *["Worker 0 ended (exit code -9) and is started again\n"] * 4,
        "Worker 0 ended (RuntimeError: the database is down) and is started again\n",
    ]
    assert told["pid"] == other


def test_workers_that_keep_dying_end_the_server() -> None:
    """No endless loop: after five deaths within ten seconds it gives up and says so."""
    with program.start(Plan(workers=2, start="dead")) as process:
        _, said = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "Workers ended 5 times within 10 seconds (the last one: exit code 7)" in said


@pytest.mark.parametrize("workers", COUNTS)
@pytest.mark.parametrize("start", ["badly", "reported"])
def test_an_app_that_cannot_start_ends_the_server(workers: int, start: str) -> None:
    """One sentence and an exit code, no traceback."""
    with program.start(Plan(workers=workers, start=start)) as process:
        _, said = process.communicate(timeout=10)

    assert process.returncode == 1
    assert said.strip().splitlines()[-1] == "RuntimeError: the database is down"
    assert "Traceback" not in said


def test_workers_do_not_outlive_their_parent() -> None:
    """When the parent is killed, its workers finish what they have and end."""
    with program.ready(Plan(workers=2)) as server, Peer(server.port) as peer:
        peer.send(get("/slow"))
        server.process.kill()
        answer = peer.answer()
        until(lambda: not is_listening(server.port))

    assert answer.status == 200


def test_a_start_that_nobody_hears_of_is_undone() -> None:
    """When the news of being ready cannot be told, the server ends in order."""

    def gone() -> None:
        raise BrokenPipeError

    server = GracefulServer(Served(app=Witness()), ServerConfig(), on_started=gone)
    listeners = listen("127.0.0.1", 0)
    port = listeners[0].getsockname()[1]

    with pytest.raises(BrokenPipeError):
        server.serve_on(listeners)

    assert not is_listening(port)


def test_a_port_in_use_is_named() -> None:
    """The port is bound before anything else starts; the sentence says what to do."""
    with listen("127.0.0.1", 0)[0] as other:
        port = other.getsockname()[1]
        with pytest.raises(ServeError) as refused:
            listen("127.0.0.1", port)

    assert f"Port {port} on 127.0.0.1 is taken" in str(refused.value)
    assert "--port" in str(refused.value)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("no such host", 0, "no such host. Choose an address of this machine"),
        ("192.0.2.1", 0, "This machine has no address 192.0.2.1"),
        ("127.0.0.1", 65536, "There is no port 65536"),
        ("127.0.0.1", -1, "There is no port -1"),
    ],
)
def test_a_place_that_is_none_is_named(host: str, port: int, words: str) -> None:
    """A host or port that cannot be is refused with a sentence."""
    with pytest.raises(ServeError, match=words):
        listen(host, port)


def test_all_addresses_of_a_name_share_a_port() -> None:
    """`localhost` is 127.0.0.1 and, where there is IPv6, ::1; a free port is free on both."""
    listeners = listen("localhost", 0)
    places = urls(listeners, "http")
    ports = {listener.getsockname()[1] for listener in listeners}
    for listener in listeners:
        listener.close()

    assert len(ports) == 1
    assert f"http://127.0.0.1:{ports.pop()}" in places


def test_too_many_connections_for_this_machine_are_refused() -> None:
    """A limit that the operating system cannot keep is a wrong setting."""
    with pytest.raises(ServeError, match="Allow fewer connections"):
        allow_open_files(TransportLimits(connections_max=10**9))


def test_a_body_on_its_way_is_waited_for() -> None:
    """A request whose body still comes when the end begins is answered, if it comes soon."""
    with running() as server, Peer(server.port) as peer:
        peer.send(post("/body", b"abc")[:-1])
        until(lambda: server.app.asked == ["/body"])
        server.server.should_exit = True
        until(lambda: not is_listening(server.port))
        answer = peer.ask(b"c")

    assert (answer.status, answer.headers["connection"]) == (200, "close")


def test_a_body_that_drips_does_not_delay_the_end() -> None:
    """The time for a body is shorter once the end has begun."""
    limits = TransportLimits(drain_request_seconds=0.3)
    with running(limits=limits) as server, Peer(server.port) as peer:
        peer.send(post("/body", b"abc")[:-1])
        until(lambda: server.app.asked == ["/body"])
        server.server.should_exit = True
        answer = peer.answer()

    assert answer.status == 408


def test_a_head_that_drips_does_not_delay_the_end() -> None:
    """Nor does one that begins after the signal."""
    limits = TransportLimits(drain_request_seconds=0.3)
    with running(limits=limits) as server, Peer(server.port) as peer:
        peer.ask(get())
        server.server.should_exit = True
        until(lambda: not is_listening(server.port))
        answer = peer.ask(get()[:-2])

    assert answer.status == 408


def _two(server: program.Program) -> list[int] | None:
    """Return the workers when there are two."""
    workers = server.workers()
    return workers if len(workers) == 2 else None


@dataclass
class _Client:
    """Asks until nobody listens any more, and counts the requests that got no answer."""

    port: int
    path: str
    keeps: bool
    answered: int = 0
    cut: int = 0
    _thread: threading.Thread = field(init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self, patience: float) -> None:
        self._thread.join(patience)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                peer = Peer(self.port)
            except ConnectionError:
                return
            with peer:
                self._ask(peer)

    def _ask(self, peer: Peer) -> None:
        stays = True
        while stays:
            try:
                answer = peer.ask(get(self.path))
            except (ClosedError, ConnectionError):
                self.cut += 1
                return
            self.answered += 1
            stays = self.keeps and "connection" not in answer.headers
