"""What the client says when it gets no token, or no answer."""

import httpx
import pytest

from client.conftest import client_of
from client.standin import StandIn, say
from watchword.client import (
    Client,
    PasswordExpired,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
    WrongCredentials,
)

LOG_IN, RENEW, SERVICE = "POST /user/login", "GET /user/renew", "GET /user/token"
SECURE = "/test/secure"


def test_a_wrong_password_is_said_and_not_repeated(server: StandIn) -> None:
    """Each try would count as a guess, so for a while there is none."""
    with client_of(server, password="wrong") as client:
        for _ in range(3):
            with pytest.raises(WrongCredentials):
                client.get(SECURE)
        first = server.count(LOG_IN)
        server.time.advance(31)
        with pytest.raises(WrongCredentials):
            client.get(SECURE)

    assert (first, server.count(LOG_IN)) == (1, 2)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, PasswordExpired), (404, UnexpectedAnswer), (302, UnexpectedAnswer), (500, Unavailable)],
)
def test_a_log_in_that_fails_says_why(
    server: StandIn, client: Client, status: int, error: type[Exception]
) -> None:
    """Each reason is an exception of its own."""
    server.instead["/user/login"] = say(status, Location="https://elsewhere.example/")

    with pytest.raises(error):
        client.get(SECURE)
    assert server.asked == [LOG_IN]


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"Token": 1}', b'{"Token": "a b.c.d"}', b"[" * 100_000]
)
def test_an_answer_without_a_token_is_no_log_in(
    server: StandIn, client: Client, body: bytes
) -> None:
    """Perhaps the base URL leads to somebody else."""
    server.instead["/user/login"] = lambda _: httpx.Response(200, content=body)

    with pytest.raises(UnexpectedAnswer):
        client.get(SECURE)


@pytest.mark.parametrize("place", ["/user/login", SECURE])
def test_too_many_tries_and_busy_servers_are_typed(
    server: StandIn, client: Client, place: str
) -> None:
    """They say when to come again, be it the log-in or the request itself."""
    server.instead[place] = say(429, **{"Retry-After": "17"})
    with pytest.raises(Throttled) as throttled:
        client.get(SECURE)
    server.time.advance(20)
    server.instead[place] = say(503, **{"Retry-After": "3"})
    with pytest.raises(Unavailable) as unavailable:
        client.get(SECURE)

    assert (throttled.value.retry_after, unavailable.value.retry_after) == (17, 3)


@pytest.mark.parametrize(
    ("said", "wait"), [("0", 1), ("99999999999", 900), ("Wed, 21 Oct 2026", 5), ("²", 5), ("", 5)]
)
def test_a_strange_time_to_wait_is_made_sane(
    server: StandIn, client: Client, said: str, wait: int
) -> None:
    """A proxy may say what it likes."""
    client.token()
    server.instead[SECURE] = lambda _: httpx.Response(
        429, headers=[(b"Retry-After", said.encode("latin-1"))]
    )

    with pytest.raises(Throttled) as caught:
        client.get(SECURE)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    "url",
    [
        "id.example",
        "ftp://id.example",
        "https:///path",
        "https://a:b@id.example",
        "https://x?y=z",
        "https://x:y",
    ],
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    """Without repeating it: there may be a password in it."""
    with pytest.raises(ValueError, match="base URL") as caught:
        Client(url, username="ada", password="x")
    assert url not in str(caught.value)
