"""What an API key opens, what it never opens, and when it is dead."""

from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.counted import CountedStorage
from dialects.household import PASSWORD, Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import (
    ADD,
    BAD,
    CHANGE,
    DELETE,
    LIST,
    LOG_IN_FIRST,
    LOGOUT,
    RENEW,
    SECURE,
    TOKEN,
    UNSECURE,
    Precrime,
    refused,
)
from watchword.core.apikeys.model import Scope
from watchword.core.ports import Storage
from watchword.dialects import asta

BESIDE_ASTA = Choices(beside=(asta.dialect,))
HI_ADMIN = (200, {"message": "Hi admin"})
NOT_FOR_KEYS = refused(403, "An API key may not do this")


async def test_hello_to_anybody(precrime: Precrime, token: str) -> None:
    """Whatever credential comes along, good or bad, nobody looks at it."""
    answers = [
        await precrime.get(UNSECURE),
        await precrime.get(UNSECURE, token=token),
        await precrime.get(UNSECURE, token="rubbish"),
        await precrime.get(UNSECURE, headers={"X-Authorization": "rubbish"}),
    ]

    assert [said(answer) for answer in answers] == [(200, {"message": "Hi anonymous"})] * 4


async def test_hello_to_who_has_a_token_or_a_key(precrime: Precrime, token: str) -> None:
    """The name is the account's, as it is kept."""
    key = (await precrime.add_key(token))["token"]

    by_token = await precrime.get(SECURE, token=token)
    by_key = await precrime.get(SECURE, headers={"X-Authorization": key})

    assert said(by_token) == said(by_key) == HI_ADMIN


async def test_hello_to_nobody(precrime: Precrime) -> None:
    """No credential is told from a bad one."""
    none = await precrime.get(SECURE)
    bad = await precrime.get(SECURE, token="rubbish")

    assert said(none) == LOG_IN_FIRST
    assert said(bad) == BAD
    assert none.headers["www-authenticate"] == bad.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("X-Authorization", "{}"),
        ("Authorization", "Bearer {}"),
        ("Authorization", "bearer {}"),
        ("Authorization", "Bearer{}"),
        ("Authorization", "{}"),
    ],
)
async def test_where_a_key_may_stand(
    precrime: Precrime, token: str, header: str, written: str
) -> None:
    """Raw in X-Authorization, as documented, and wherever a token may stand."""
    key = (await precrime.add_key(token))["token"]

    answer = await precrime.get(SECURE, headers={header: written.format(key)})

    assert said(answer) == HI_ADMIN


async def test_where_no_key_may_stand(precrime: Precrime, token: str) -> None:
    """Not in a cookie, not in a query: both end where keys do not belong."""
    key = (await precrime.add_key(token))["token"]

    in_cookie = await precrime.get(SECURE, headers={"Cookie": f"authToken={key}"})
    in_query = await precrime.get(f"{SECURE}?token={key}")

    assert said(in_cookie) == BAD
    assert said(in_query) == LOG_IN_FIRST


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", RENEW, None),
        ("GET", TOKEN, None),
        ("GET", f"{TOKEN}?m=5", None),
        ("GET", f"{TOKEN}?m=0", None),
        ("GET", LOGOUT, None),
        ("POST", LOGOUT, None),
        ("POST", ADD, {"name": "a child"}),
        ("POST", ADD, {}),
        ("GET", LIST, None),
        ("POST", DELETE, {"text": "x"}),
    ],
)
async def test_a_key_obtains_no_token_and_no_keys(
    precrime: Precrime, token: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    """It is told that keys may not, before anything is looked at; nothing has happened."""
    made = await precrime.add_key(token)

    as_header = await precrime.ask(method, path, body, headers={"X-Authorization": made["token"]})
    as_token = await precrime.ask(method, path, body, token=made["token"])

    assert said(as_header) == said(as_token) == NOT_FOR_KEYS
    assert await precrime.keys(token) == [made]
    assert await precrime.statuses_of(token) == [200]


async def test_a_key_changes_no_password(precrime: Precrime, token: str) -> None:
    """What counts there is the old password alone, with a key beside it or without."""
    key = (await precrime.add_key(token))["token"]
    body = {"username": "admin", "old": "wrong", "new": "other", "confirm": "other"}

    answer = await precrime.post(CHANGE, body, headers={"X-Authorization": key})

    assert answer.status_code == 401


async def test_a_key_without_the_scope_says_not_even_hello(
    household: Household, precrime: Precrime
) -> None:
    """An operator can make a key that does one thing only."""
    ada = await household.make("ada")
    key = await household.key(ada, scopes=frozenset({Scope.REVOCATIONS_READ}))

    answer = await precrime.get(SECURE, headers={"X-Authorization": key})

    assert said(answer) == NOT_FOR_KEYS


@pytest.mark.parametrize("place", [0, 3, 20, 45, 46, 51])
async def test_a_mistyped_key_is_refused_without_a_look_into_the_database(
    opened: Open, storage: Storage, place: int
) -> None:
    """One flipped character is enough; the same key without it costs a look."""
    counted = CountedStorage(storage)
    _, precrime = await opened(Choices(), on=counted)
    key = (await precrime.add_key(await precrime.log_in()))["token"]
    flipped = key[:place] + ("x" if key[place] != "x" else "y") + key[place + 1 :]
    at_first = counted.looks

    statuses = [await precrime.status_of_key(one) for one in (flipped, flipped, flipped)]
    after_flipped = counted.looks
    right = await precrime.status_of_key(key)

    assert statuses == [401, 401, 401]
    assert after_flipped == at_first
    assert (right, counted.looks > after_flipped) == (200, True)


@pytest.mark.parametrize(
    "rubbish",
    [
        "ww_",
        "ww_" + "0" * 49,
        "ww_" + "0" * 4000,
        "x" * 5000,
        "ww_\u00fc",
        "a b",
        "null",
        "undefined",
        "Bearer x",
    ],
)
async def test_what_is_no_key(precrime: Precrime, rubbish: str) -> None:
    """It is a bad credential, whatever it is."""
    headers = [(b"X-Authorization", rubbish.encode())]

    answer = await precrime.http.get(SECURE, headers=headers)

    assert said(answer) == BAD


async def test_a_token_is_no_key(precrime: Precrime, token: str) -> None:
    """Only keys travel in X-Authorization."""
    answer = await precrime.get(SECURE, headers={"X-Authorization": token})

    assert said(answer) == BAD


async def test_nothing_falls_back_to_a_key(precrime: Precrime, token: str) -> None:
    """Authorization counts before X-Authorization, that before a cookie; a bad one is bad."""
    key = (await precrime.add_key(token))["token"]
    cookie = {"Cookie": f"authToken={token}"}

    answers = [
        await precrime.get(SECURE, token="rubbish", headers={"X-Authorization": key}),
        await precrime.get(SECURE, headers={"X-Authorization": "rubbish", **cookie}),
        await precrime.get(SECURE, token=token, headers={"X-Authorization": "rubbish"}),
        await precrime.get(SECURE, headers={"X-Authorization": key, "Cookie": "authToken=rubbish"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 200, 200]


async def test_a_key_goes_on_when_its_maker_logs_out(precrime: Precrime, token: str) -> None:
    """It belongs to the account, not to the session."""
    key = (await precrime.add_key(token))["token"]

    await precrime.get(LOGOUT, token=token)

    assert await precrime.status_of_key(key) == 200


async def test_a_key_does_not_expire_by_itself(
    household: Household, precrime: Precrime, token: str
) -> None:
    """A cron job of ten years ago still runs."""
    key = (await precrime.add_key(token))["token"]

    household.clock.advance(timedelta(days=3650))

    assert await precrime.status_of_key(key) == 200


async def test_the_key_of_a_disabled_account_is_dead(
    household: Household, precrime: Precrime
) -> None:
    """At once, though it was used a moment ago."""
    ada = await household.make("ada")
    key = await household.key(ada)
    before = await precrime.status_of_key(key)

    await household.disable(ada)

    assert before == 200
    assert await precrime.status_of_key(key) == 401


async def test_a_key_that_is_used_too_often_waits(household: Household, precrime: Precrime) -> None:
    """Past its rate it is 429, with the time to wait; then it works again."""
    key = await household.key(await household.make("ada"), per_minute=3)
    answers = [await precrime.get(SECURE, headers={"X-Authorization": key}) for _ in range(4)]
    household.clock.advance(timedelta(seconds=20))

    later = await precrime.status_of_key(key)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "20"
    assert said(answers[-1]) == refused(
        429, "The API key is used too often. Try again in 20 seconds."
    )
    assert later == 200


async def test_a_key_says_in_asta_who_holds_it_and_no_more(opened: Open) -> None:
    """It identifies in every dialect; an admin's key administers in none."""
    _, precrime = await opened(BESIDE_ASTA)
    key = (await precrime.add_key(await precrime.log_in()))["token"]
    header = {"X-Authorization": key}

    me = await precrime.get("/api/auth/me", headers=header)
    users = await precrime.get("/api/auth/users", headers=header)
    logout = await precrime.post("/api/auth/logout", headers=header)

    assert (me.status_code, me.json()["username"]) == (200, "admin")
    assert [users.status_code, logout.status_code] == [403, 403]


async def test_a_key_is_dead_everywhere_at_once(opened: Open) -> None:
    """Deleted here, refused there, though both had remembered it."""
    household, precrime = await opened(BESIDE_ASTA)
    await household.make("ada")
    token = await precrime.log_in("ada", PASSWORD)
    made = await precrime.add_key(token)
    header = {"X-Authorization": made["token"]}
    before = [(await precrime.get(path, headers=header)).status_code for path in _BOTH]

    await precrime.post(DELETE, {"text": made["id"]}, token=token)
    after = [(await precrime.get(path, headers=header)).status_code for path in _BOTH]

    assert before == [200, 200]
    assert after == [401, 401]


_BOTH = (SECURE, "/api/auth/me")
