"""An operator may want the status itself where the original says it inside a 200."""

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    CHECKIN,
    CHECKOUT,
    CHECKOUTS,
    LOGIN,
    LOGOUT,
    PROFILE,
    UNDO,
    WRONG,
    Assets,
    fault,
)
from dialects.household import OPEN, PASSWORD, Choices, Household
from watchword.dialects.assets.options import Options


@pytest.fixture
async def both(opened: Open) -> tuple[Household, Assets]:
    """A server that says statuses, and a client of it."""
    household, assets = await opened(
        Choices(surroundings=OPEN, options=Options(errors_as_status=True))
    )
    await household.make("ada")
    return household, assets


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/services/none", 404),
        ("GET", LOGIN, 405),
        ("POST", CHECKOUT, 409),
        ("POST", UNDO, 409),
        ("POST", CHECKIN, 409),
        ("POST", "/services/checkin/other", 404),
        ("POST", "/services/checkout/no.asset", 400),
        ("POST", f"{CHECKOUT}?download=x", 400),
        ("GET", f"{CHECKOUTS}?all=true", 403),
        ("GET", f"{CHECKOUTS}?all=x", 400),
        ("GET", f"{CHECKOUTS}?after=x", 400),
    ],
)
async def test_the_status_is_that_of_the_body(
    both: tuple[Household, Assets], method: str, path: str, status: int
) -> None:
    """The body stays what it is."""
    _, assets = both
    await assets.check_out(await assets.log_in())
    ada = await assets.log_in("ada", PASSWORD)

    answer = await assets.ask(method, path, token=ada)

    assert answer.status_code == answer.json()["errorcode"] == status
    assert answer.json()["message"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer rubbish"}])
async def test_who_is_not_logged_in_is_told_how(
    both: tuple[Household, Assets], headers: dict[str, str]
) -> None:
    """A 401 names a way to authenticate."""
    _, assets = both

    answer = await assets.get(PROFILE, headers=headers)

    assert said(answer) == (401, {"errorcode": 401, "message": "Not logged in"})
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_what_cookies_lack_is_a_403(both: tuple[Household, Assets]) -> None:
    """The token beside it, or a page of ours."""
    _, assets = both
    browser = await assets.browse("ada", PASSWORD)
    page = {"Sec-Fetch-Site": "cross-site"}

    answers = [
        await assets.post(LOGOUT, headers=browser.reading),
        await assets.post(LOGOUT, headers=browser.changing | page),
        await assets.send(LOGIN, {"username": ADMIN, "password": ADMIN_PASSWORD}, headers=page),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert [answer.json()["errorcode"] for answer in answers] == [403] * 3


async def test_a_failed_log_in_is_no_error(both: tuple[Household, Assets]) -> None:
    """It has no errorcode, so it stays a 200; one that has to wait has one."""
    _, assets = both

    failed = [await assets.try_api_log_in(ADMIN, "wrong") for _ in range(4)]
    failed.append(await assets.try_log_in(ADMIN, "wrong"))
    missing = await assets.send(APILOGIN, {})
    waiting = [
        await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD),
        await assets.try_log_in(ADMIN, ADMIN_PASSWORD),
    ]

    assert [said(answer) for answer in failed] == [WRONG] * 5
    assert missing.status_code == 200
    assert [answer.status_code for answer in waiting] == [429, 429]
    assert [answer.json()["loginSuccess"] for answer in waiting] == [False, False]
    assert {answer.headers["retry-after"] for answer in waiting} == {"1"}


async def test_the_usual_is_a_200(opened: Open) -> None:
    """Unless the operator asks for it, every verdict on a call is one."""
    _, assets = await opened(Choices())

    answer = await assets.get("/services/none")

    assert said(answer) == fault(404, "Not Found")
