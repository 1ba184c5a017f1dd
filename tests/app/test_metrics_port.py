"""Metrics on a port of their own."""

import http.client

from watchword.app.metrics_port import serving
from watchword.http.listening import listen
from watchword.observability.metrics import Metrics


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_it_shows_numbers_and_nothing_else() -> None:
    """And it ends when the block ends, though a connection was used."""
    metrics = Metrics(version="1.2.3")
    metrics.sign_in("asta", "signed_in")
    listeners = listen("127.0.0.1", 0)
    port = listeners[0].getsockname()[1]

    with serving(metrics, listeners):
        status, page = get(port, "/metrics")
        elsewhere, _ = get(port, "/api/auth/me")

    assert status == 200
    assert 'watchword_sign_ins_total{dialect="asta",outcome="signed_in"} 1.0' in page
    assert elsewhere == 404
