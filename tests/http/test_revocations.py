"""The feed by which other services learn what was revoked."""

import asyncio
import socket
import struct
from contextlib import ExitStack
from datetime import timedelta

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from parts.peer import Peer, get
from parts.serving import live, serving
from parts.waiting import eventually, until
from toy import Toybox, talking_to, toybox
from toy_services import FEED_KEY, GOOD_KEY, GOOD_TOKEN, caller
from watchword.core.kernel.errors import UnavailableError
from watchword.core.revocations.model import sid_digest
from watchword.core.services.revocationfeed import WAITERS_MAX
from watchword.http.gate import Served
from watchword.http.server import ServerConfig

KEY = {"X-Authorization": FEED_KEY}
POLLS = 50


@pytest.fixture
def box() -> Toybox:
    return toybox()


async def ask(box: Toybox, query: str = "", **headers: str) -> httpx.Response:
    async with talking_to(box.app) as client:
        return await client.get(f"/revocations{query}", headers=headers or KEY)


def sid_of(name: str) -> str:
    session = caller(name).session
    assert session is not None
    return sid_digest(session.id)


async def test_what_was_revoked_is_told_in_order(box: Toybox) -> None:
    """By the digest of the session, with the number to ask for next."""
    for name in ("ada", "bob"):
        await box.feed.tell(name)

    answer = await ask(box)
    rest = await ask(box, "?since=1")

    assert answer.status_code == 200
    assert answer.json() == {
        "revocations": [
            {"number": 1, "kind": "session", "sid": sid_of("ada")},
            {"number": 2, "kind": "session", "sid": sid_of("bob")},
        ],
        "next": 2,
    }
    assert answer.headers["cache-control"] == "no-store"
    assert [one["number"] for one in rest.json()["revocations"]] == [2]


async def test_revoked_keys_have_no_session(box: Toybox) -> None:
    """Whoever keeps our public keys fetches them anew."""
    await box.feed.distrust_keys()

    assert (await ask(box)).json() == {"revocations": [{"number": 1, "kind": "keys"}], "next": 1}


async def test_without_news_the_answer_is_empty(box: Toybox) -> None:
    """After the seconds that the caller named."""
    answer = await ask(box, "?wait=0")

    assert (answer.status_code, answer.json()) == (200, {"revocations": [], "next": 0})


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", (0, 20)),
        ("?since=0&wait=30", (0, 30)),
        ("?since=00&wait=0", (0, 0)),
        ("?since=9007199254740992&wait=7", (2**53, 7)),
        ("?other=x", (0, 20)),
    ],
)
async def test_what_may_be_asked(box: Toybox, query: str, asked: tuple[int, int]) -> None:
    """Zero and twenty seconds are taken for what is not said."""
    box.feed.close()
    await ask(box, query)

    assert box.feed.asked == [(asked[0], timedelta(seconds=asked[1]))]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?since=", "since"),
        ("?since=-1", "since"),
        ("?since=%2B1", "since"),
        ("?since=1.0", "since"),
        ("?since=1e3", "since"),
        ("?since=x&wait=x", "since"),
        ("?since=%D9%A1", "since"),
        ("?since=%C2%B2", "since"),
        ("?since=1_0", "since"),
        ("?since=%00", "since"),
        ("?since=9007199254740993", "since"),
        (f"?since={'9' * 5000}", "since"),
        ("?since=1&since=1", "since"),
        ("?wait=31", "wait"),
        ("?wait=-1", "wait"),
        ("?wait=0.5", "wait"),
        ("?wait=", "wait"),
        ("?wait=1&wait=2", "wait"),
    ],
)
async def test_what_may_not_be_asked(box: Toybox, query: str, name: str) -> None:
    """A problem says what is wrong, and nobody waits."""
    answer = await ask(box, query)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(f"{name} has to be a whole number")
    assert box.feed.asked == []


async def test_a_number_that_we_never_gave_out_begins_again(box: Toybox) -> None:
    """The database was another one; to take its silence for peace would be wrong."""
    await box.feed.tell("ada")
    answer = await ask(box, "?since=8")

    assert answer.status_code == 410
    assert answer.json()["title"] == "Gone"
    assert "since=0" in answer.json()["detail"]
    assert "forget nothing" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({"Accept": "*/*"}, 401, "The credential is missing."),
        ({"X-Authorization": "ww_nonsense"}, 401, "The credential is bad."),
        ({"X-Authorization": GOOD_KEY}, 403, "The API key may not be used for this."),
        ({"Authorization": f"Bearer {GOOD_TOKEN}"}, 403, "This is for API keys only."),
        ({"Cookie": f"authToken={GOOD_TOKEN}"}, 403, "This is for API keys only."),
        ({"Authorization": f"Bearer {FEED_KEY}"}, 200, None),
        ({"X-Authorization": FEED_KEY}, 200, None),
    ],
)
async def test_only_a_key_with_the_scope_may_ask(
    box: Toybox, headers: dict[str, str], status: int, detail: str | None
) -> None:
    """A session may not, whoever holds it."""
    answer = await ask(box, "?wait=0", **headers)

    assert answer.status_code == status
    assert answer.json().get("detail") == detail
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_who_waits_is_answered_as_soon_as_there_is_news(box: Toybox) -> None:
    """Long before the seconds are over."""
    asking = asyncio.create_task(ask(box, "?wait=30"))
    await eventually(lambda: waits(box, 1))
    await box.feed.tell("ada")

    async with asyncio.timeout(5):
        answer = await asking
    assert [one["sid"] for one in answer.json()["revocations"]] == [sid_of("ada")]


async def test_a_key_that_dies_while_it_waits_learns_nothing_more(box: Toybox) -> None:
    """The credential is looked at once more before the answer, which is no use of it."""
    asking = asyncio.create_task(ask(box, "?wait=30"))
    await eventually(lambda: waits(box, 1))
    del box.api_keys.known[FEED_KEY]
    await box.feed.tell("ada")

    answer = await asking
    assert answer.status_code == 401
    assert "revocations" not in answer.json()
    assert box.api_keys.asked == box.api_keys.looked_again == [FEED_KEY]


async def test_there_are_only_so_many_places(box: Toybox) -> None:
    """Who finds none is told when to come again."""
    feed = box.feed
    others = [
        asyncio.create_task(feed.since(0, patience=timedelta(seconds=30)))
        for _ in range(WAITERS_MAX)
    ]
    await eventually(lambda: waits(box, WAITERS_MAX))
    answer = await ask(box)
    feed.close()
    await asyncio.gather(*others)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_database_that_is_down_is_no_silence(box: Toybox) -> None:
    """A reader must not take it for nothing new."""
    asking = asyncio.create_task(ask(box, "?wait=30"))
    await eventually(lambda: waits(box, 1))
    box.feed.storage.broken = UnavailableError(retry_after=3)
    box.feed.storage.revocations.number += 1

    answer = await asking
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


async def waits(box: Toybox, count: int) -> bool:
    return box.feed.waiting == count


def alive(box: Toybox) -> ASGIApp:
    """Return the app with a lifespan, which the program adds as a rule."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
        else:
            await box.app(scope, receive, send)

    return app


def poll(wait: int = 30) -> bytes:
    return get(f"/revocations?wait={wait}", f"X-Authorization: {FEED_KEY}")


def test_who_hangs_up_leaves_no_waiter(box: Toybox) -> None:
    """The place is free again, whether the client closed in order, half, or not at all nicely."""
    with serving(Served(app=alive(box)), ServerConfig()) as (port, server):
        peers = [Peer(port) for _ in range(POLLS)]
        for peer in peers:
            peer.send(poll())
        until(lambda: box.feed.waiting == POLLS)
        for number, peer in enumerate(peers):
            leave(peer, number)
        until(lambda: box.feed.waiting == 0, within=2)
        until(lambda: not server.server_state.tasks)
        for peer in peers:
            peer.socket.close()
        with Peer(port) as peer:
            after = peer.ask(poll(0))

    assert after.status == 200


def leave(peer: Peer, number: int) -> None:
    match number % 3:
        case 0:
            peer.socket.close()
        case 1:
            peer.socket.shutdown(socket.SHUT_WR)
        case _:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.socket.close()


def test_a_poll_is_answered_on_a_connection_that_lives_on(box: Toybox) -> None:
    """One after the other, also when the next request was sent before the answer."""
    with serving(Served(app=alive(box)), ServerConfig()) as (port, _), Peer(port) as peer:
        peer.send(poll(0) + poll(0) + get("/livez"))
        statuses = [peer.answer().status for _ in range(3)]

    assert statuses == [200, 200, 200]


def test_a_server_that_stops_answers_who_waits(box: Toybox) -> None:
    """At once, so that nobody is cut off and nothing is held up."""
    served = Served(app=alive(box), on_stopping=box.feed.close)
    with ExitStack() as stack:
        port, server = stack.enter_context(serving(served, ServerConfig(grace_seconds=10)))
        peers = [stack.enter_context(Peer(port)) for _ in range(POLLS)]
        for peer in peers:
            peer.send(poll())
        until(lambda: box.feed.waiting == POLLS)
        server.should_exit = True
        answers = [peer.answer() for peer in peers]

    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["connection"] for answer in answers} == {"close"}
