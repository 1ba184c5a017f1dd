"""Who is let in, and how a refusal is worded."""

from parts.peer import Peer, get, post
from parts.serving import running
from parts.waiting import until
from watchword.http.gate import TransportLimits, Worded

BODY_MAX = 64 * 1024


def test_connections_are_counted() -> None:
    """Past the limit a request is answered 503, and a place that gets free is given away."""
    with running(limits=TransportLimits(connections_max=2)) as server:
        with Peer(server.port) as first, Peer(server.port) as second:
            inside = [first.ask(get()).status, second.ask(get()).status]
            with Peer(server.port) as third:
                refused = third.ask(get("/third"))
                rest = third.last_words()
        until(lambda: server.connections == 0)
        with Peer(server.port) as fourth:
            inside.append(fourth.ask(get()).status)

    assert inside == [200, 200, 200]
    assert (refused.status, refused.headers["retry-after"], rest) == (503, "5", b"")
    assert server.app.asked == ["/", "/", "/"]


def test_those_who_are_turned_away_are_counted_too() -> None:
    """A flood past the limit is not answered at all."""
    limits = TransportLimits(connections_max=1, turned_away_max=1)
    with (
        running(limits=limits) as server,
        Peer(server.port) as first,
        Peer(server.port) as second,
        Peer(server.port) as third,
    ):
        inside = first.ask(get())
        said = third.last_words()
        refused = [second.ask(get()).status]
        second.last_words()
        second.socket.close()
        until(lambda: server.connections == 1)
        with Peer(server.port) as fourth:
            refused.append(fourth.ask(get()).status)

    assert (inside.status, refused, said) == (200, [503, 503], b"")


def test_refusals_are_worded_by_the_side_of_the_app() -> None:
    """The one who knows the path chooses the body; the rest of the answer is ours."""

    def render(status: int, path: str) -> Worded:
        return f"{status} at {path}".encode(), {"content-type": "text/x-test"}

    with running(render=render) as server, Peer(server.port) as peer:
        answer = peer.ask(post("/some%20where?token=secret", b"x" * (BODY_MAX + 1)))

    assert answer.body == b"413 at /some where"
    del answer.headers["date"]
    assert answer.headers == {
        "content-type": "text/x-test",
        "content-length": "18",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "connection": "close",
    }
