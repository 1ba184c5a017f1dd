"""GET and POST /user/logout, and what a cookie may do."""

import pytest

from dialects.asking import said
from dialects.precrime.talk import (
    ADD,
    BAD,
    DELETE,
    LOG_IN_FIRST,
    LOGOUT,
    RENEW,
    SECURE,
    TOKEN,
    Precrime,
)

DONE = (200, {"message": "User logged out"})
CHANGING_GETS = [LOGOUT, RENEW, TOKEN]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_log_out_ends_one_session(precrime: Precrime, token: str, method: str) -> None:
    """All its tokens are dead with the answer; another session of the account lives on."""
    renewed = (await precrime.get(RENEW, token=token)).json()["Token"]
    other = await precrime.log_in()

    answer = await precrime.ask(method, LOGOUT, token=token)

    assert said(answer) == DONE
    assert await precrime.statuses_of(token, renewed, other) == [401, 401, 200]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_logs_out_twice(precrime: Precrime, token: str, method: str) -> None:
    """The second log-out is one with a dead token; one without a token is told to log in."""
    await precrime.get(LOGOUT, token=token)

    again = await precrime.ask(method, LOGOUT, token=token)
    without = await precrime.ask(method, LOGOUT)

    assert said(again) == BAD
    assert said(without) == LOG_IN_FIRST


@pytest.mark.parametrize("path", CHANGING_GETS)
async def test_a_get_that_changes_needs_to_know_where_a_cookie_comes_from(
    precrime: Precrime, token: str, path: str
) -> None:
    """A picture on any page can be such a GET: without a word from the browser it is 403."""
    cookie = {"Cookie": f"authToken={token}"}
    places = ["cross-site", "same-site", None]

    answers = [
        await precrime.get(path, headers=cookie | ({"Sec-Fetch-Site": place} if place else {}))
        for place in places
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert {tuple(answer.json()) for answer in answers} == {("message",)}
    assert await precrime.statuses_of(token) == [200]


@pytest.mark.parametrize("place", ["same-origin", "none"])
async def test_a_cookie_from_here_logs_out(precrime: Precrime, token: str, place: str) -> None:
    """From a page of ours, or typed by the person into the address line."""
    headers = {"Cookie": f"authToken={token}", "Sec-Fetch-Site": place}

    answer = await precrime.get(LOGOUT, headers=headers)

    assert said(answer) == DONE
    assert await precrime.statuses_of(token) == [401]


@pytest.mark.parametrize("path", [LOGOUT, ADD, DELETE])
async def test_a_cookie_of_a_foreign_page_posts_nothing(
    precrime: Precrime, token: str, path: str
) -> None:
    """The page of another site ends no session, and makes and deletes no key."""
    headers = {"Cookie": f"authToken={token}", "Origin": "https://evil.example"}
    body = None if path == LOGOUT else {"name": "a key", "text": "a key"}

    answer = await precrime.post(path, body, headers=headers)

    assert answer.status_code == 403
    assert await precrime.statuses_of(token) == [200]
    assert await precrime.keys(token) == []


@pytest.mark.parametrize("path", [*CHANGING_GETS, SECURE])
async def test_no_call_takes_a_token_out_of_the_query(
    precrime: Precrime, token: str, path: str
) -> None:
    """A link could be planted, and ends in logs; only asta documents it."""
    answer = await precrime.get(f"{path}?token={token}")

    assert said(answer) == LOG_IN_FIRST
