"""Log-ins of a directory's people by assets, and what strangers are told of them."""

from datetime import timedelta

import httpx
import pytest

from dialects.asking import said, whole
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    LOGIN,
    PROFILE,
    WRONG,
    Assets,
    fault,
    no_log_in,
)
from dialects.household import Choices
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.directory.model import Verdict
from watchword.core.services.directoryrules import DirectoryRules
from watchword.dialects.assets.options import Options

WAYS = [LOGIN, APILOGIN]
TOLD = {
    Verdict.HOURS: no_log_in("The directory does not let you in at this time, or from here"),
    Verdict.PASSWORD_EXPIRED: no_log_in("The password has expired"),
    Verdict.MUST_CHANGE: no_log_in(
        "The password must be changed in the directory before the first login"
    ),
    Verdict.DISABLED: WRONG,
    Verdict.EXPIRED: no_log_in("The account has expired in the directory"),
}


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada", email="ada@corp.example", first_name="Ada", last_name="Lovelace")
    return directory


@pytest.fixture
async def assets(opened: Open, corp: FakeDirectory) -> Assets:
    """A client of a server that knows the directory."""
    _, assets = await opened(Choices(directories=FakeDirectories(known={DIRECTORY: corp})))
    return assets


async def log_in(assets: Assets, way: str, name: str, password: str) -> httpx.Response:
    return await assets.send(way, {"username": name, "password": password})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["ada", "CORP\\ada", "ada@corp.example", "ADA"])
async def test_people_of_a_directory_log_in(assets: Assets, way: str, name: str) -> None:
    """Both ways, and the profile says what the directory knows."""
    answer = await log_in(assets, way, name, PASSWORD)

    token = await assets.log_in(name, PASSWORD)
    assert answer.json()["loginSuccess"] is True
    assert (await assets.get(PROFILE, token=token)).json() == {
        "username": "ada",
        "fullName": "Ada Lovelace",
        "email": "ada@corp.example",
        "groups": [],
        "authorities": ["ROLE_USER"],
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("verdict", TOLD)
async def test_the_truth_after_the_right_password(
    assets: Assets, corp: FakeDirectory, way: str, verdict: Verdict
) -> None:
    """But of who is disabled: that is not told here, of local accounts neither."""
    corp.add("bob", verdict=verdict)

    right = await log_in(assets, way, "bob", PASSWORD)
    wrong = await log_in(assets, way, "bob", "wrong")

    assert said(right) == TOLD[verdict]
    assert said(wrong) == WRONG


@pytest.mark.parametrize("way", WAYS)
async def test_strangers_learn_nothing(assets: Assets, corp: FakeDirectory, way: str) -> None:
    """Wrong, unknown, locked, disabled, and of a domain that nobody has: not one byte differs."""
    corp.add("locked", verdict=Verdict.LOCKED)
    corp.add("disabled", verdict=Verdict.DISABLED)
    corp.add("late", verdict=Verdict.EXPIRED)
    tries = [
        *(("ada", "wrong"), ("nobody", "wrong"), ("late", "wrong"), ("ada", "")),
        *(("locked", "wrong"), ("locked", PASSWORD), ("disabled", PASSWORD)),
        *(("OTHER\\ada", PASSWORD), (ADMIN, "wrong")),
    ]

    answers = [await log_in(assets, way, name, password) for name, password in tries]

    assert said(answers[0]) == WRONG
    assert [whole(one) for one in answers] == [whole(answers[0])] * len(tries)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [Options(), Options(errors_as_status=True)])
async def test_who_may_not_come_in_here(
    opened: Open, corp: FakeDirectory, way: str, options: Options
) -> None:
    """Whom the operator does not let in, and whose name another account has, is told so."""
    corp.add(ADMIN, "S-1-5-1")
    rules = DirectoryRules(allowed=frozenset({"S-1-5-1"}))
    _, assets = await opened(
        Choices(
            directories=FakeDirectories(known={DIRECTORY: corp}),
            directory_rules={DIRECTORY: rules},
            options=options,
        )
    )

    outside = await log_in(assets, way, "ada", PASSWORD)
    held = await log_in(assets, way, "CORP\\admin", PASSWORD)

    text = "You are not one of those of the directory who may log in here"
    assert said(outside) == no_log_in(text)
    assert said(held) == no_log_in("Another account has the name of this user of the directory")


@pytest.mark.parametrize("way", WAYS)
async def test_a_directory_that_is_away(assets: Assets, corp: FakeDirectory, way: str) -> None:
    """A real 503 for its people; local accounts come in as ever."""
    corp.away = timedelta(seconds=1)

    theirs = await log_in(assets, way, "ada", PASSWORD)
    local = await log_in(assets, way, ADMIN, ADMIN_PASSWORD)

    _, busy = fault(503, "The server is busy. Try again in 5 seconds.")
    assert said(theirs) == (503, busy)
    assert theirs.headers["retry-after"] == "5"
    assert local.json()["loginSuccess"] is True
