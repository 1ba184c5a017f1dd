"""Keys and metrics, as others fetch them."""

from collections.abc import MutableMapping

import pytest

from toy import Toybox, talking_to, toybox
from watchword.http.shared import metrics_app
from watchword.http.surroundings import Surroundings
from watchword.observability.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="0")


@pytest.fixture
def box(metrics: Metrics) -> Toybox:
    return toybox(Surroundings(version="0", metrics=metrics))


async def test_the_public_keys_are_a_set_that_may_be_kept(box: Toybox) -> None:
    """RFC 7517, newest first, for five minutes."""
    async with talking_to(box.app) as client:
        answer = await client.get("/.well-known/jwks.json")

    assert [key["kid"] for key in answer.json()["keys"]] == ["k2", "k1"]
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "application/json"


async def test_no_keys_are_told_while_the_store_is_down(box: Toybox) -> None:
    """An empty set would make others refuse every token."""
    box.keys.down = True
    async with talking_to(box.app) as client:
        answer = await client.get("/.well-known/jwks.json")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "4")
    assert answer.json()["status"] == 503
    assert answer.headers["cache-control"] == "no-store"


async def test_metrics_are_for_this_machine(box: Toybox) -> None:
    """A caller elsewhere, or through a proxy, does not even learn that they exist."""
    async with talking_to(box.app) as client:
        here = await client.get("/metrics")
        by_proxy = await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    async with talking_to(box.app, peer="192.0.2.1") as client:
        elsewhere = await client.get("/metrics")
        nothing = await client.get("/nothing")

    assert here.status_code == 200
    assert here.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "watchword_build_info" in here.text
    assert (by_proxy.status_code, elsewhere.status_code) == (404, 404)
    assert elsewhere.json() == nothing.json()


@pytest.mark.parametrize("shows", [True, False])
async def test_metrics_can_be_elsewhere(metrics: Metrics, *, shows: bool) -> None:
    """With a port of their own, or without any, they are not here."""
    surroundings = Surroundings(
        version="0", metrics=None if shows else metrics, shows_metrics=shows
    )
    async with talking_to(toybox(surroundings).app) as client:
        answer = await client.get("/metrics")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/metrics", 200),
        ("HEAD", "/metrics", 200),
        ("POST", "/metrics", 405),
        ("GET", "/metrics/", 404),
        ("GET", "/", 404),
        ("GET", "/toy/me", 404),
    ],
)
async def test_metrics_on_a_port_of_their_own(
    metrics: Metrics, method: str, path: str, status: int
) -> None:
    """Nothing else is there."""
    async with talking_to(metrics_app(metrics), peer="192.0.2.1") as client:
        answer = await client.request(method, path)

    assert answer.status_code == status


async def test_the_metrics_port_starts_and_ends(metrics: Metrics) -> None:
    """The server that serves it announces its start, and is answered."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message["type"])

    await metrics_app(metrics)({"type": "lifespan"}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
