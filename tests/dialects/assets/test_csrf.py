"""The two kinds of session: one needs a token beside its cookie to change anything, one never."""

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    CHECKIN,
    CHECKOUT,
    CHECKOUTS,
    LOGOUT,
    NO_CSRF,
    PROFILE,
    UNDO,
    Assets,
    fault,
)
from dialects.household import OPEN, PASSWORD, Choices
from watchword.dialects.asta import dialect as asta
from watchword.dialects.precrime import dialect as precrime

CHANGES = [LOGOUT, PROFILE, CHECKOUT, UNDO, CHECKIN]
FOREIGN = fault(403, "A page of another site cannot do this.")


@pytest.mark.parametrize("path", CHANGES)
async def test_a_cookie_alone_changes_nothing(assets: Assets, path: str) -> None:
    """Every POST needs the token of the log-in answer; the session and the assets stay."""
    browser = await assets.browse()

    answer = await assets.post(path, headers=browser.reading)

    assert said(answer) == NO_CSRF
    assert (await assets.get(PROFILE, headers=browser.reading)).json()["username"] == ADMIN
    assert (await assets.get(CHECKOUTS, headers=browser.reading)).json() == {"checkouts": []}


@pytest.mark.parametrize("path", CHANGES)
async def test_with_its_token_it_does(assets: Assets, path: str) -> None:
    """Whatever the page may do."""
    browser = await assets.browse()
    if path in {UNDO, CHECKIN}:
        await assets.post(CHECKOUT, headers=browser.changing)

    answer = await assets.post(path, headers=browser.changing)

    assert answer.status_code == 200
    assert "errorcode" not in answer.json()


@pytest.mark.parametrize("path", [PROFILE, CHECKOUTS])
async def test_a_cookie_alone_reads(assets: Assets, path: str) -> None:
    """A GET needs no token."""
    browser = await assets.browse()

    answer = await assets.get(path, headers=browser.reading)

    assert "errorcode" not in answer.json()


async def test_only_its_own_token_is_good(assets: Assets) -> None:
    """That of another session is not, nor half of it, nor two that disagree."""
    browser, other = await assets.browse(), await assets.browse()
    wrong = [other.csrf, browser.csrf[:-1], browser.csrf.swapcase(), "", "x" * 22]

    answers = [
        await assets.post(LOGOUT, headers=browser.reading | {"X-CSRF-TOKEN": one}) for one in wrong
    ]

    assert [said(answer) for answer in answers] == [NO_CSRF] * 5


async def test_the_need_is_the_sessions_however_its_token_travels(assets: Assets) -> None:
    """In the header Authorization it changes nothing either."""
    browser = await assets.browse()
    proof = {"X-CSRF-TOKEN": browser.csrf}

    without = await assets.post(LOGOUT, token=browser.cookie)
    reading = await assets.get(PROFILE, token=browser.cookie)
    beside = await assets.post(LOGOUT, token=browser.cookie, headers=proof)

    assert said(without) == NO_CSRF
    assert reading.json()["username"] == ADMIN
    assert beside.json() == {"logoutSuccess": True}


@pytest.mark.parametrize("path", [PROFILE, CHECKOUT, LOGOUT])
async def test_a_bearer_session_never_needs_one(assets: Assets, path: str) -> None:
    """Not in the header, and not as a cookie, which `apilogin` sets as well."""
    in_header, as_cookie = await assets.log_in(), await assets.log_in()

    answers = [
        await assets.post(path, token=in_header),
        await assets.post(path, headers={"Cookie": f"authToken={as_cookie}"}),
    ]

    assert not any("errorcode" in answer.json() for answer in answers)


@pytest.mark.parametrize("kind", ["apilogin", "login"])
@pytest.mark.parametrize(
    "page",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_page_of_another_site_changes_nothing(
    opened: Open, kind: str, page: dict[str, str]
) -> None:
    """With a cookie of either kind, and even if it knew the token."""
    _, assets = await opened(Choices(surroundings=OPEN))
    if kind == "login":
        sent = (await assets.browse()).changing
    else:
        sent = {"Cookie": f"authToken={await assets.log_in()}"}

    answer = await assets.post(CHECKOUT, headers=sent | page)

    assert said(answer) == FOREIGN
    assert (await assets.get(CHECKOUTS, headers=sent)).json() == {"checkouts": []}


async def test_the_rule_holds_in_every_dialect(opened: Open) -> None:
    """A cookie session of this API changes nothing elsewhere without its token."""
    household, assets = await opened(Choices(beside=(asta, precrime)))
    await household.make("ada")
    browser = await assets.browse("ada", PASSWORD)
    ask = assets.http.request
    calls = [
        ("POST", "/api/auth/logout"),
        ("POST", "/authheader/add"),
        ("GET", "/user/logout"),
        ("GET", "/user/renew"),
        ("GET", "/user/token"),
    ]
    from_here = browser.reading | {"Sec-Fetch-Site": "same-origin"}

    refused = [await ask(*call, headers=from_here) for call in calls]
    me = await ask("GET", "/api/auth/me", headers=browser.reading)
    renewed = await ask("GET", "/user/renew", headers=browser.changing)

    assert [answer.status_code for answer in refused] == [403] * 5
    assert me.json()["username"] == "ada"
    assert renewed.status_code == 200


async def test_another_token_of_a_cookie_session_needs_it_too(opened: Open) -> None:
    """A renewal elsewhere makes no bearer session of it."""
    household, assets = await opened(Choices(beside=(precrime,)))
    await household.make("ada")
    browser = await assets.browse("ada", PASSWORD)
    renewed = await assets.http.get("/user/renew", headers=browser.changing)
    token = renewed.json()["Token"]

    without = await assets.post(CHECKOUT, token=token)
    beside = await assets.post(CHECKOUT, token=token, headers={"X-CSRF-TOKEN": browser.csrf})

    assert said(without) == NO_CSRF
    assert beside.json()["checkedOutBy"] == "ada"


async def test_a_host_cookie_works_as_the_plain_one(opened: Open) -> None:
    """What only this host can have set goes before what another may have planted."""
    household, assets = await opened(Choices())
    await household.make("ada")
    browser, planted = await assets.browse("ada", PASSWORD), await assets.browse()
    cookie = f"authToken={planted.cookie}; __Host-authToken={browser.cookie}"

    answer = await assets.get(PROFILE, headers={"Cookie": cookie})

    assert answer.json()["username"] == "ada"
