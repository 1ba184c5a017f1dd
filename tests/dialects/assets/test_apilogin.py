"""POST /services/apilogin: who gets a token, and what everybody else is told."""

from datetime import timedelta

import httpx
import pytest

from dialects.asking import claims_of, said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    LOGOUT,
    VERSION,
    WRONG,
    Assets,
    attributes_of,
    no_log_in,
)
from dialects.household import OPEN, PASSWORD, Choices, Household
from watchword.core.policy.signin import AttemptLimits
from watchword.dialects.assets.options import Options
from watchword.dialects.precrime import dialect as precrime

DAY_S = 24 * 60 * 60


async def test_a_program_gets_a_token(assets: Assets) -> None:
    """The members are those of the page, in its order; no other is there."""
    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["loginSuccess", "serverVersion", "authToken"]
    assert body["loginSuccess"] is True
    assert body["serverVersion"] == VERSION
    assert await assets.who(body["authToken"]) == [ADMIN]


async def test_the_token_lives_for_a_day(household: Household, assets: Assets) -> None:
    """Not a second longer."""
    token = await assets.log_in()
    claims = claims_of(token)

    household.clock.advance(timedelta(seconds=DAY_S - 1))
    before = await assets.who(token)
    household.clock.advance(timedelta(seconds=1))
    after = await assets.who(token)

    assert int(claims["exp"]) - int(claims["iat"]) == DAY_S
    assert (before, after) == ([ADMIN], [None])


async def test_the_cookie_carries_the_same_token(assets: Assets) -> None:
    """No script reads it, no other site's page sends it, and it ends with the token."""
    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    assert attributes_of(answer) == {
        "authToken": answer.json()["authToken"],
        "path": "/",
        "max-age": str(DAY_S),
        "httponly": "True",
        "samesite": "Strict",
    }


async def test_the_cookie_can_be_left_out(opened: Open) -> None:
    """An operator whose programs use the header alone turns it off."""
    _, assets = await opened(Choices(options=Options(apilogin_cookie=False)))

    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.json()["loginSuccess"] is True
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ADMIN, "wrong"),
        (ADMIN, ""),
        (ADMIN, "admin123"),
        (ADMIN, "x" * 5000),
        ("nobody", ADMIN_PASSWORD),
        ("", ""),
        ("n" * 5000, "x"),
        ("nobody@example.com", "x"),
    ],
)
async def test_a_failed_log_in_is_a_200(assets: Assets, name: str, password: str) -> None:
    """With the same words for a wrong password and an unknown name, and no token or cookie."""
    answer = await assets.try_api_log_in(name, password)

    assert said(answer) == WRONG
    assert list(answer.json()) == ["loginSuccess", "loginFaultMessage", "serverVersion"]
    assert "set-cookie" not in answer.headers


async def test_a_disabled_account_is_refused_as_if_the_password_were_wrong(
    household: Household, assets: Assets
) -> None:
    """The right password of a disabled account gets the very answer of a wrong one."""
    ada = await household.make("ada")
    await household.disable(ada)

    right = await assets.try_api_log_in("ada", PASSWORD)
    wrong = await assets.try_api_log_in("ada", "wrong")

    assert said(right) == said(wrong) == WRONG
    assert _comparable(right) == _comparable(wrong)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({}, "username is required"),
        ({"password": "x"}, "username is required"),
        ({"Username": "admin", "Password": "x"}, "username is required"),
        ({"username": "admin"}, "password is required"),
        ({"cred": "YWRtaW46QWRtaW4xMjM="}, "username is required"),
    ],
)
async def test_what_is_missing_is_named(assets: Assets, form: dict[str, str], text: str) -> None:
    """In the shape of a failed log-in; names are known in one letter case, as in Java."""
    answer = await assets.send(APILOGIN, form)

    assert said(answer) == no_log_in(text)


async def test_the_way_in_is_any_that_the_account_has(household: Household, assets: Assets) -> None:
    """The name in whatever case, or a confirmed address; passwords are taken as they are."""
    password = " p\u00e4ss: &=%+w\u00f6rd\u2026 "
    await household.make("Ada", password=password, email="Ada@Example.com")

    tokens = [await assets.log_in(name, password) for name in ("ADA", "ada@example.com")]

    assert await assets.who(*tokens) == ["Ada", "Ada"]


async def test_after_five_failures_one_waits(household: Household, assets: Assets) -> None:
    """The errorcode of that stands beside the members of a failed log-in, in a 200."""
    for _ in range(5):
        await assets.try_api_log_in(ADMIN, "wrong")

    wrong = await assets.try_api_log_in(ADMIN, "wrong")
    right = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)
    unknown = [await assets.try_api_log_in("nobody", "x") for _ in range(6)][-1]
    household.clock.advance(timedelta(seconds=1))
    later = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    text = "Too many attempts. Try again in 1 seconds."
    status, body = no_log_in(text)
    assert said(wrong) == said(right) == said(unknown)
    assert said(wrong) == (status, body | {"errorcode": 429, "message": text})
    assert wrong.headers["retry-after"] == right.headers["retry-after"] == "1"
    assert later.json()["loginSuccess"] is True


async def test_an_address_that_fails_too_often_waits_for_every_name(opened: Open) -> None:
    """Names are no way around the limit of an address."""
    _, assets = await opened(Choices(attempts=AttemptLimits(per_address=3)))
    for name in ("one", "two", "three"):
        await assets.try_api_log_in(name, "x")

    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.json()["errorcode"] == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_only_the_owner_hears_that_a_password_expired(opened: Open) -> None:
    """The right password that has expired lets nobody in and says why; a wrong one says nothing."""
    household, assets = await opened(Choices(password_days=90))
    await household.make("ada")
    household.clock.advance(timedelta(days=91))

    right = await assets.try_api_log_in("ada", PASSWORD)
    wrong = await assets.try_api_log_in("ada", "wrong")

    assert said(right) == no_log_in("The password has expired")
    assert said(wrong) == WRONG


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", "something new", ""])
async def test_a_browser_is_refused(assets: Assets, site: str) -> None:
    """Whatever page it shows, and whether the password is right or not."""
    headers = {"Sec-Fetch-Site": site}

    answers = [
        await assets.send(APILOGIN, {"username": ADMIN, "password": password}, headers=headers)
        for password in (ADMIN_PASSWORD, "wrong")
    ]

    refused = no_log_in("apilogin cannot be used in a web browser")
    assert [said(answer) for answer in answers] == [refused] * 2
    assert "set-cookie" not in answers[0].headers


async def test_a_page_of_another_site_is_refused_too(opened: Open) -> None:
    """A demo has refused it before; so this is a server that is none."""
    _, assets = await opened(Choices(surroundings=OPEN))
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    answer = await assets.send(
        APILOGIN, {"username": ADMIN, "password": ADMIN_PASSWORD}, headers=headers
    )

    assert said(answer) == no_log_in("apilogin cannot be used in a web browser")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors"},
        {"Origin": "file://"},
        {"Origin": "https://elsewhere.example", "User-Agent": "Mozilla/5.0"},
        {"Referer": "https://elsewhere.example/"},
    ],
)
async def test_what_programs_send_too_makes_no_browser(
    assets: Assets, headers: dict[str, str]
) -> None:
    """Node's fetch has a mode, and desktop clients have an origin."""
    answer = await assets.send(
        APILOGIN, {"username": ADMIN, "password": ADMIN_PASSWORD}, headers=headers
    )

    assert answer.json()["loginSuccess"] is True


async def test_a_log_in_ignores_any_credential(assets: Assets, token: str) -> None:
    """A bad one beside a right password does no harm, a good one beside a wrong does no good."""
    right = {"username": ADMIN, "password": ADMIN_PASSWORD}

    with_bad = await assets.send(APILOGIN, right, headers={"Authorization": "Bearer rubbish"})
    with_good = await assets.send(
        APILOGIN, right | {"password": "no"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert with_bad.json()["loginSuccess"] is True
    assert said(with_good) == WRONG


@pytest.mark.parametrize("client", ["c" * 201, "a\nb", "a\u200bb"])
async def test_a_client_id_has_bounds(assets: Assets, client: str) -> None:
    """200 characters that can be seen; it is told in check-outs."""
    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD, client)

    text = "The clientId is too long, or has characters that cannot be seen"
    assert said(answer) == no_log_in(text)


async def test_one_user_has_many_sessions(household: Household, assets: Assets) -> None:
    """Up to fifty; past that the one that was idle longest ends, and a log-out frees a place."""
    tokens = []
    for _ in range(50):
        tokens.append(await assets.log_in())
        household.clock.advance(timedelta(minutes=1))
    first, *others = tokens
    assert await assets.who(first) == [ADMIN]

    newer = await assets.log_in()
    after = await assets.who(first, others[0], others[1], newer)
    await assets.post(LOGOUT, token=newer)
    await assets.log_in()
    freed = await assets.who(first, others[1])

    assert after == [ADMIN, None, ADMIN, ADMIN]
    assert freed == [ADMIN, ADMIN]


@pytest.mark.parametrize(("most", "alive"), [(1, [None, None, ADMIN]), (0, [ADMIN] * 3)])
async def test_the_limit_is_the_operators(opened: Open, most: int, alive: list[str | None]) -> None:
    """One licence, or as many as the whole server allows."""
    household, assets = await opened(Choices(options=Options(api_sessions_max=most)))
    tokens = []
    for _ in range(3):
        tokens.append(await assets.log_in())
        household.clock.advance(timedelta(seconds=1))

    assert await assets.who(*tokens) == alive


async def test_sessions_of_other_dialects_take_no_place(opened: Open) -> None:
    """The limit is of this API."""
    household, assets = await opened(
        Choices(options=Options(api_sessions_max=1), beside=(precrime,))
    )
    body = {"username": ADMIN, "password": ADMIN_PASSWORD}
    other = (await assets.http.post("/user/login", json=body)).json()["Token"]
    household.clock.advance(timedelta(seconds=1))

    token = await assets.log_in()

    assert await assets.who(other, token) == [ADMIN, ADMIN]


async def test_the_answer_is_kept_by_nobody_on_the_way(assets: Assets) -> None:
    """It has a token in it."""
    answer = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


def _comparable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}
