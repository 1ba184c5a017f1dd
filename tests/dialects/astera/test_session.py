"""logout and checkAccess: whose credential it is, and when it is none any more."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    BAD_CHALLENGE,
    BAD_TOKEN,
    CHALLENGE,
    CHECK,
    LOG_IN_FIRST,
    LOGOUT,
    NO_KEYS,
    Astera,
    message,
)
from dialects.household import PASSWORD, Choices, Household
from watchword.core.apikeys.model import Scope
from watchword.dialects import asta, precrime

OUT = message("Logged out.")
BESIDE = Choices(beside=(asta.dialect, precrime.dialect))


def access(name: str, role: str, expires: str | None) -> tuple[int, Json]:
    return 200, {"access": True, "user": name, "role": role, "expires": expires}


async def test_a_token_says_whose_it_is(household: Household, astera: Astera, token: str) -> None:
    """And until when, in UTC."""
    await household.make("Ada")
    remembered = await astera.try_log_in("ada", PASSWORD, rememberMe=True)

    admins = await astera.get(CHECK, token=token)
    adas = await astera.get(CHECK, token=remembered.json()["access_token"])

    assert said(admins) == access("admin", "admin", "2030-01-01T01:00:00Z")
    assert said(adas) == access("Ada", "user", "2030-01-31T00:00:00Z")
    assert admins.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("spell", ["Bearer {}", "bearer {}", "BEARER  {}", "Bearer{}", "{}"])
async def test_a_token_is_taken_as_clients_send_it(astera: Astera, token: str, spell: str) -> None:
    """The vendor's page asks for the word Bearer, a space and the token; not all clients do."""
    answer = await astera.get(CHECK, headers={"Authorization": spell.format(token)})

    assert answer.status_code == 200


async def test_nobody_has_no_access(astera: Astera, token: str) -> None:
    """401; only of a token that came is said that it is bad (RFC 6750, 3)."""
    nothing = [
        await astera.get(CHECK),
        await astera.get(CHECK, headers={"Authorization": "Basic YWRtaW46QWRtaW4xMjM="}),
        await astera.get(f"{CHECK}?token={token}"),
    ]
    bad = [await astera.get(CHECK, token=one) for one in (f"{token}x", token[:-9], "x", "ww_wrong")]

    assert {str(said(answer)) for answer in nothing} == {str(LOG_IN_FIRST)}
    assert {answer.headers["www-authenticate"] for answer in nothing} == {CHALLENGE}
    assert {str(said(answer)) for answer in bad} == {str(BAD_TOKEN)}
    assert {answer.headers["www-authenticate"] for answer in bad} == {BAD_CHALLENGE}


async def test_a_token_ends_with_its_hour(household: Household, astera: Astera, token: str) -> None:
    """To the second."""
    household.clock.advance(timedelta(minutes=59, seconds=59))
    before = await astera.statuses_of(token)
    household.clock.advance(timedelta(seconds=1))

    assert before == [200]
    assert await astera.statuses_of(token) == [401]


async def test_a_disabled_account_has_no_access(household: Household, astera: Astera) -> None:
    """Its tokens are dead at once."""
    ada = await household.make("ada")
    token = await astera.log_in("ada", PASSWORD)
    await household.disable(ada)

    answer = await astera.get(CHECK, token=token)

    assert said(answer) == BAD_TOKEN


async def test_a_key_that_may_identify_has_access(household: Household, astera: Astera) -> None:
    """It says until when, or that there is no end; other keys are 403."""
    ada = await household.make("ada")
    endless = await household.key(ada)
    ending = await household.key(ada, ends_after=timedelta(days=7))
    reading = await household.key(ada, scopes=frozenset({Scope.ACCOUNTS_READ}))

    answers = [await astera.get(CHECK, token=key) for key in (endless, ending, reading)]
    elsewhere = await astera.get(CHECK, headers={"X-Authorization": endless})

    assert said(answers[0]) == said(elsewhere) == access("ada", "user", None)
    assert said(answers[1]) == access("ada", "user", "2030-01-08T00:00:00Z")
    assert said(answers[2]) == NO_KEYS


async def test_a_key_that_is_used_too_often(household: Household, astera: Astera) -> None:
    """429 with the time to wait."""
    key = await household.key(await household.make("ada"), per_minute=1)

    answers = [await astera.get(CHECK, token=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["retry-after"]) > 0
    assert answers[1].json()["code"] == "key_throttled"


async def test_a_log_out_ends_one_session(astera: Astera, token: str) -> None:
    """And no other; a second one is told that the token is bad."""
    other = await astera.log_in()

    answer = await astera.post(LOGOUT, token=token)
    again = await astera.post(LOGOUT, token=token)

    assert said(answer) == OUT
    assert said(again) == BAD_TOKEN
    assert await astera.statuses_of(token, other) == [401, 200]


@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"null", b"\xff", b"[" * 5000])
async def test_a_log_out_reads_no_body(astera: Astera, token: str, content: bytes) -> None:
    """Clients send one all the same."""
    answer = await astera.post(LOGOUT, content=content, token=token)

    assert said(answer) == OUT


async def test_who_cannot_log_out(household: Household, astera: Astera) -> None:
    """Nobody, and an API key, which has no session."""
    key = await household.key(await household.make("ada"))

    nobody = await astera.post(LOGOUT)
    machine = await astera.post(LOGOUT, headers={"X-Authorization": key})

    assert said(nobody) == LOG_IN_FIRST
    assert said(machine) == NO_KEYS


async def test_the_dialects_take_each_others_tokens(opened: Open) -> None:
    """What is made in one works in all, and what ends in one has ended in all."""
    _, astera = await opened(BESIDE)
    ours = await astera.log_in()
    body = {"username": ADMIN, "password": ADMIN_PASSWORD}
    astas = (await astera.post("/api/auth/login", body)).json()["access_token"]
    precrimes = (await astera.post("/user/login", body)).json()["Token"]
    before = await astera.statuses_of(ours, astas, precrimes)
    me = await astera.get("/api/auth/me", token=ours)

    await astera.post(LOGOUT, token=astas)
    await astera.post("/user/logout", token=ours)

    assert before == [200] * 3
    assert (me.status_code, me.json()["username"]) == (200, ADMIN)
    assert await astera.statuses_of(ours, astas, precrimes) == [401, 401, 200]


async def test_an_account_of_here_is_one_everywhere(opened: Open) -> None:
    """Registered here, logged in there."""
    _, astera = await opened(BESIDE)
    await astera.register("ada", "pass")

    answer = await astera.post("/api/auth/login", {"username": "ada", "password": "pass"})

    assert answer.status_code == 200
