"""The client for programs that block: logged in when it must be, and never more than that."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from client.conftest import client_of
from client.standin import HOUR, StandIn, say
from watchword.client import (
    Client,
    Unavailable,
)

LOG_IN, RENEW, SERVICE = "POST /user/login", "GET /user/renew", "GET /user/token"
SECURE = "/test/secure"


def test_it_logs_in_before_the_first_request(server: StandIn, client: Client) -> None:
    """Once, and the token serves for what follows."""
    answers = [client.get(SECURE) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert server.asked == [LOG_IN, *[f"GET {SECURE}"] * 3]


@pytest.mark.parametrize(("chance", "part"), [(0.0, 0.5), (0.5, 0.65), (1.0, 0.8)])
def test_it_renews_at_a_drawn_moment_of_the_tokens_life(
    server: StandIn, client: Client, chance: float, part: float
) -> None:
    """Between half and four fifths of it, so that a fleet does not come at once."""
    server.time.chance = chance
    client.get(SECURE)
    server.time.advance(part * HOUR - 1)
    client.get(SECURE)
    before = server.count(RENEW)
    server.time.advance(2)
    client.get(SECURE)

    assert (before, server.count(RENEW), server.count(LOG_IN)) == (0, 1, 1)


def test_it_renews_again_and_again(server: StandIn, client: Client) -> None:
    """One log-in serves for as long as the session lives."""
    for _ in range(20):
        assert client.get(SECURE).status_code == 200
        server.time.advance(0.6 * HOUR)

    assert (server.count(LOG_IN), server.count(RENEW)) == (1, 19)


def test_when_the_session_ends_soon_it_logs_in(server: StandIn, client: Client) -> None:
    """A renewed token that lives far shorter says so, and there is no storm of renewals."""
    client.get(SECURE)
    server.life = 600
    server.time.advance(0.6 * HOUR)
    client.get(SECURE)
    server.life = HOUR
    server.time.advance(400)
    client.get(SECURE)

    assert [call for call in server.asked if "user" in call] == [LOG_IN, RENEW, LOG_IN]


def test_clocks_need_not_agree(server: StandIn, client: Client) -> None:
    """The server's clock is a year ahead, and the token lives as long as it says."""
    server.time.wall += 365 * 24 * HOUR
    client.get(SECURE)
    server.time.elapsed += 0.4 * HOUR
    client.get(SECURE)

    assert server.count(RENEW) == 0


def test_a_server_that_is_down_is_no_error_while_the_token_lives(
    server: StandIn, client: Client
) -> None:
    """The request itself goes out with the old token, and later the renewal is tried again."""
    client.get(SECURE)
    server.time.advance(0.6 * HOUR)
    server.instead["/user/renew"] = say(503, **{"Retry-After": "7"})
    answers = [client.get(SECURE).status_code for _ in range(3)]
    tried = server.count(RENEW)
    del server.instead["/user/renew"]
    server.time.advance(8)
    client.get(SECURE)

    assert answers == [200, 200, 200]
    assert (tried, server.count(RENEW)) == (1, 2)


def test_a_server_that_is_down_is_an_error_when_the_token_is_dead(
    server: StandIn, client: Client
) -> None:
    """Then there is nothing to ask with."""
    client.get(SECURE)
    server.time.advance(HOUR + 1)
    server.is_down = True

    with pytest.raises(Unavailable, match="ConnectError") as caught:
        client.get(SECURE)
    assert caught.value.retry_after >= 1


def test_after_no_answer_all_who_wait_learn_it_at_once(server: StandIn, client: Client) -> None:
    """Nobody waits a second time for a server that has just been found down."""
    server.is_down = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            client.get(SECURE)
    asked = len(server.asked)
    server.is_down = False
    server.time.advance(3)

    assert (asked, client.get(SECURE).status_code) == (1, 200)


def test_after_a_401_it_logs_in_and_tries_once_more(server: StandIn, client: Client) -> None:
    """The session was ended elsewhere; the caller does not notice."""
    client.get(SECURE)
    server.revoke()
    server.asked.clear()
    answer = client.post(SECURE, json={"a": 1})

    assert answer.status_code == 200
    assert server.asked == [f"POST {SECURE}", RENEW, LOG_IN, f"POST {SECURE}"]
    assert server.requests[-1].content == b'{"a":1}'


def test_a_token_that_died_for_many_is_replaced_once(server: StandIn, client: Client) -> None:
    """Who comes later with the same dead token gets what the first one got."""
    dead = client.token()
    server.revoke()
    first = client.after_refusal(dead)
    asked = len(server.asked)
    second = client.after_refusal(dead)

    assert first == second == client.token() != dead
    assert len(server.asked) == asked


def test_a_401_that_is_not_the_tokens_fault_is_passed_on(server: StandIn, client: Client) -> None:
    """The token can be renewed, so it is good, and no session is wasted on a log-in."""
    server.instead["/user/password"] = say(401)
    answers = [client.post("/user/password", json={}).status_code for _ in range(5)]

    assert answers == [401] * 5
    assert server.count(LOG_IN) == 1


def test_what_stays_refused_is_tried_twice_only(server: StandIn, client: Client) -> None:
    """A server that takes no token at all is not asked for ever."""
    server.instead[SECURE] = say(401)
    client.token()
    server.instead["/user/renew"] = say(401)

    assert client.get(SECURE).status_code == 401
    assert (server.count(f"GET {SECURE}"), server.count(LOG_IN)) == (2, 2)


class ReadingOnce(httpx.BaseTransport):
    """Takes a body from where it comes, as a socket does, and keeps nothing of it."""

    def __init__(self, server: StandIn) -> None:
        self._server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        body = b"".join(request.stream)
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        return self._server.answer(sent)


def test_a_streamed_body_is_not_sent_twice(server: StandIn) -> None:
    """It is gone; the next request is answered."""
    with client_of(server, transport=ReadingOnce(server)) as client:
        client.get(SECURE)
        server.revoke()
        first = client.post(SECURE, content=iter([b"a", b"b"]))
        second = client.post(SECURE, content=b"ab")

    assert (first.status_code, second.status_code) == (401, 200)


def test_threads_renew_once(server: StandIn, client: Client) -> None:
    """Forty requests from eight threads: one log-in, and later one renewal."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.get, [SECURE] * 40))
        server.time.advance(0.6 * HOUR)
        answers = list(pool.map(client.get, [SECURE] * 40))

    assert {answer.status_code for answer in answers} == {200}
    assert (server.count(LOG_IN), server.count(RENEW)) == (1, 1)


def test_threads_log_in_once_after_a_401(server: StandIn, client: Client) -> None:
    """All their tokens died together, and one new one serves them all."""
    client.get(SECURE)
    with ThreadPoolExecutor(8) as pool:
        server.revoke()
        answers = list(pool.map(client.get, [SECURE] * 40))

    assert {answer.status_code for answer in answers} == {200}
    assert server.count(LOG_IN) == 2


def test_who_has_a_living_token_does_not_wait_for_a_renewal(
    server: StandIn, client: Client
) -> None:
    """While one thread waits for a slow server, others go on with the token that is still good."""
    client.get(SECURE)
    server.time.advance(0.6 * HOUR)
    begun, end = threading.Event(), threading.Event()
    renewal = server.token()
    server.lock = threading.RLock()  # type: ignore[assignment] # the reply below is held meanwhile

    def slowly(_: httpx.Request) -> httpx.Response:
        begun.set()
        server.lock.release()
        end.wait(5)
        server.lock.acquire()
        return httpx.Response(200, json={"Token": renewal})

    server.instead["/user/renew"] = slowly
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.token)
        assert begun.wait(5)
        other = client.token()
        end.set()

    assert first.result() == renewal
    assert other != renewal
