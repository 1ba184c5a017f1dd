"""POST /services/logout and GET, POST /services/profile: what a session is good for."""

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    LOGOUT,
    NOT_LOGGED_IN,
    PROFILE,
    Assets,
    attributes_of,
    fault,
)
from dialects.household import OPERATOR, PASSWORD, Choices, Household
from watchword.core.apikeys.model import Scope
from watchword.core.policy.refusals import Refused
from watchword.dialects.asta import dialect as asta


async def test_a_log_out_ends_one_session(assets: Assets, token: str) -> None:
    """Its token is dead with the answer; another session of the account lives on."""
    other = await assets.log_in()

    answer = await assets.post(LOGOUT, token=token)

    assert said(answer) == (200, {"logoutSuccess": True})
    assert await assets.who(token, other) == [None, ADMIN]


async def test_a_log_out_clears_the_cookie(assets: Assets) -> None:
    """Whoever sent it that way or not."""
    browser, token = await assets.browse(), await assets.log_in()

    answers = [
        await assets.post(LOGOUT, headers=browser.changing),
        await assets.post(LOGOUT, token=token),
    ]

    cleared = {"authToken": "", "path": "/", "max-age": "0", "httponly": "True"}
    assert [attributes_of(answer) for answer in answers] == [cleared] * 2
    assert await assets.who(browser.cookie, token) == [None, None]


async def test_nobody_logs_out_twice(assets: Assets, token: str) -> None:
    """The second time is one with a dead token; none at all is told the same."""
    await assets.post(LOGOUT, token=token)

    again = await assets.post(LOGOUT, token=token)
    without = await assets.post(LOGOUT)

    assert said(again) == said(without) == NOT_LOGGED_IN


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_profile_says_who_one_is(household: Household, assets: Assets, method: str) -> None:
    """The members are those of the page; each group is there once, by name."""
    ada = await household.make(
        "ada", email="ada@example.com", first_name="Ada", last_name="Lovelace"
    )
    await household.group("Video", ada, "editor", "viewer")
    await household.group("Pictures", ada)

    answer = await assets.ask(method, PROFILE, token=await assets.log_in("ada", PASSWORD))

    assert said(answer) == (
        200,
        {
            "username": "ada",
            "fullName": "Ada Lovelace",
            "email": "ada@example.com",
            "groups": ["Pictures", "Video"],
            "authorities": ["ROLE_USER"],
        },
    )
    assert list(answer.json()) == ["username", "fullName", "email", "groups", "authorities"]


async def test_what_is_not_known_is_no_null(assets: Assets, token: str) -> None:
    """Who has no other name is called by that of the account."""
    answer = await assets.get(PROFILE, token=token)

    assert answer.json() == {
        "username": "admin",
        "fullName": "admin",
        "email": "",
        "groups": [],
        "authorities": ["ROLE_USER", "ROLE_ADMIN"],
    }


async def test_a_profile_is_of_now(household: Household, assets: Assets) -> None:
    """Who was made an admin after the log-in is one."""
    ada = await household.make("ada")
    token = await assets.log_in("ada", PASSWORD)
    changed = await household.services.accounts.change(OPERATOR, ada.id, role="admin")

    answer = await assets.get(PROFILE, token=token)

    assert not isinstance(changed, Refused)
    assert answer.json()["authorities"] == ["ROLE_USER", "ROLE_ADMIN"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer rubbish"},
        {"Authorization": "Bearer {{authToken}}"},
        {"Authorization": "Basic YWRtaW46QWRtaW4xMjM="},
        {"Cookie": "authToken=rubbish"},
        {"Cookie": "JSESSIONID=1"},
        {"X-Authorization": "rubbish"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", PROFILE), ("POST", PROFILE)])
async def test_a_stranger_is_told_to_log_in(
    assets: Assets, method: str, path: str, headers: dict[str, str]
) -> None:
    """With errorcode and message inside a 200, whatever was wrong."""
    answer = await assets.ask(method, path, headers=headers)

    assert said(answer) == NOT_LOGGED_IN
    assert "www-authenticate" not in answer.headers


async def test_no_token_stands_in_the_query(assets: Assets, token: str) -> None:
    """A link could be planted, and ends in logs."""
    answer = await assets.get(f"{PROFILE}?token={token}&authToken={token}")

    assert said(answer) == NOT_LOGGED_IN


async def test_a_key_reads_and_cannot_log_out(household: Household, assets: Assets) -> None:
    """It has no session; and one without the scope reads nothing."""
    ada = await household.make("ada")
    key = {"X-Authorization": await household.key(ada)}
    narrow = {"X-Authorization": await household.key(ada, scopes=frozenset({Scope.ACCOUNTS_READ}))}

    profiles = [
        (await assets.ask(method, PROFILE, headers=key)).json()["username"]
        for method in ("GET", "POST")
    ]
    log_out = await assets.post(LOGOUT, headers=key)
    without = await assets.get(PROFILE, headers=narrow)

    assert profiles == ["ada", "ada"]
    assert said(log_out) == said(without) == fault(403, "The API key may not be used for this")


async def test_a_key_that_is_used_too_often_waits(household: Household, assets: Assets) -> None:
    """The errorcode is in the 200, and the time to wait in the header."""
    ada = await household.make("ada")
    key = {"X-Authorization": await household.key(ada, per_minute=1)}
    await assets.get(PROFILE, headers=key)

    answer = await assets.get(PROFILE, headers=key)

    text = "The API key is used too often. Try again in 60 seconds."
    assert said(answer) == fault(429, text)
    assert answer.headers["retry-after"] == "60"


async def test_a_token_is_good_in_both_directions(opened: Open) -> None:
    """What was issued here works in another dialect, and the other way round; log-outs too."""
    _, assets = await opened(Choices(beside=(asta,)))
    body = {"username": ADMIN, "password": "Admin123"}
    theirs = (await assets.http.post("/api/auth/login", json=body)).json()["access_token"]
    ours = await assets.log_in()

    there = await assets.http.get("/api/auth/me", headers={"Authorization": f"Bearer {ours}"})
    here = await assets.who(theirs)
    await assets.post(LOGOUT, token=theirs)
    after = await assets.http.get("/api/auth/me", headers={"Authorization": f"Bearer {theirs}"})

    assert there.json()["username"] == ADMIN
    assert here == [ADMIN]
    assert after.status_code == 401


async def test_who_is_disabled_is_out_at_once(household: Household, assets: Assets) -> None:
    """Of both kinds of session."""
    ada = await household.make("ada")
    token, browser = await assets.log_in("ada", PASSWORD), await assets.browse("ada", PASSWORD)
    before = await assets.who(token, browser.cookie)

    await household.disable(ada)

    assert before == ["ada", "ada"]
    assert await assets.who(token, browser.cookie) == [None, None]
