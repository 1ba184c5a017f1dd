"""Clients that leave before they are answered."""

import logging

import pytest

from parts.peer import Peer, get
from parts.serving import running
from parts.waiting import until


def test_who_leaves_among_pipelined_requests_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The answer that was being made is thrown away, and what waited behind it is not begun."""
    caplog.set_level(logging.WARNING)
    with running() as server:
        with Peer(server.port) as peer:
            peer.send(get("/first") + get("/held") + get("/last"))
            until(lambda: server.app.asked[1:])
        until(lambda: server.connections == 0)
        server.app.release()
        until(lambda: not server.server.server_state.tasks)

    assert server.app.asked == ["/first", "/held"]
    assert caplog.messages == []
