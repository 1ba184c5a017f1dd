"""Metrics on a port of their own, so that a proxy can show the rest to the world."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from watchword.http.gate import Served, TransportLimits
from watchword.http.server import GracefulServer, ServerConfig
from watchword.http.shared import metrics_app
from watchword.observability.metrics import Metrics

CONNECTIONS_MAX = 20


@contextmanager
def serving(metrics: Metrics, listeners: list[socket.socket]) -> Iterator[None]:
    """Answer `/metrics` on these sockets until the block ends.

    In a thread with a loop of its own: writing the page takes milliseconds, and no log-in
    should wait for them.
    """
    config = ServerConfig(limits=TransportLimits(connections_max=CONNECTIONS_MAX), grace_seconds=1)
    server = GracefulServer(Served(app=metrics_app(metrics)), config, on_started=lambda: None)
    thread = Thread(target=server.serve_on, args=(listeners,), name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
