"""Tokens for guarded services, and the end of the session that they belong to."""

import pytest

from client.standin import BILLING, HOUR, StandIn, say
from watchword.client import (
    Client,
    Unavailable,
    UnknownAudience,
)

LOG_IN, RENEW, SERVICE = "POST /user/login", "GET /user/renew", "GET /user/token"
SECURE = "/test/secure"


def test_a_service_token_is_kept_until_it_is_time(server: StandIn, client: Client) -> None:
    """It is asked for by name, and again when half its life or more is over."""
    first, second = client.service_token(BILLING), client.service_token(BILLING)
    server.time.advance(0.6 * HOUR)
    third = client.service_token(BILLING)

    assert first == second != third
    assert [str(one.url.query, "ascii") for one in server.requests if "token" in one.url.path] == [
        "aud=https%3A%2F%2Fbilling.example"
    ] * 2


def test_a_service_token_outlives_a_server_that_is_down(server: StandIn, client: Client) -> None:
    """As long as it lives itself."""
    first = client.service_token(BILLING)
    server.time.advance(0.9 * HOUR)
    server.is_down = True
    second = client.service_token(BILLING)
    server.time.advance(0.2 * HOUR)

    assert first == second
    with pytest.raises(Unavailable):
        client.service_token(BILLING)


def test_a_service_token_is_had_although_the_session_died(server: StandIn, client: Client) -> None:
    """The client logs in again for it."""
    client.token()
    server.revoke()

    assert client.service_token(BILLING) in server.good
    assert server.asked[1:] == [SERVICE, LOG_IN, SERVICE]


def test_an_unknown_service_is_named_as_such(server: StandIn, client: Client) -> None:
    """And the tokens that there are stay."""
    server.instead["/user/token"] = say(400)

    with pytest.raises(UnknownAudience):
        client.service_token("https://nobody.example")
    assert client.get(SECURE).status_code == 200


def test_to_log_out_ends_the_session(server: StandIn, client: Client) -> None:
    """The next request begins another one."""
    client.get(SECURE)
    client.logout()
    client.logout()
    answer = client.get(SECURE)

    assert answer.status_code == 200
    assert server.asked == [LOG_IN, f"GET {SECURE}", "POST /user/logout", LOG_IN, f"GET {SECURE}"]


def test_a_log_out_that_fails_is_said(server: StandIn, client: Client) -> None:
    """The session lives on, and the token is forgotten all the same."""
    client.get(SECURE)
    server.is_down = True

    with pytest.raises(Unavailable):
        client.logout()
    server.is_down = False
    client.get(SECURE)
    assert server.count(LOG_IN) == 2
