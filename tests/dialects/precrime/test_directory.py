"""Log-ins of a directory's people by precrime, and what strangers are told of them."""

from datetime import timedelta

import pytest

from dialects.asking import said, whole
from dialects.household import Choices
from dialects.precrime.conftest import Open
from dialects.precrime.talk import ADMIN, ADMIN_PASSWORD, WRONG, Precrime, refused
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.directory.model import Verdict
from watchword.core.services.directoryrules import DirectoryRules

NEW = "a new word for the directory"
CHANGED = (200, {"message": "Password changed"})
KEPT = refused(403, "The directory keeps this, and it cannot be changed here")
REJECTED = refused(
    400, "The directory does not take it: too short, too simple, used before, or changed too soon"
)

TOLD = {
    Verdict.HOURS: refused(403, "The directory does not let you in at this time, or from here"),
    Verdict.PASSWORD_EXPIRED: refused(403, "Password expired"),
    Verdict.MUST_CHANGE: refused(
        403, "The directory wants another password first: change it by POST /user/password"
    ),
    Verdict.DISABLED: WRONG,
    Verdict.EXPIRED: refused(403, "The account has expired in the directory"),
}


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada", email="ada@corp.example", first_name="Ada", last_name="Lovelace")
    return directory


@pytest.fixture
async def precrime(opened: Open, corp: FakeDirectory) -> Precrime:
    """A client of a server that knows the directory."""
    _, precrime = await opened(Choices(directories=FakeDirectories(known={DIRECTORY: corp})))
    return precrime


@pytest.mark.parametrize("name", ["ada", "CORP\\ada", "ada@corp.example", "ADA"])
async def test_people_of_a_directory_log_in(precrime: Precrime, name: str) -> None:
    """Their password never expires by our rules, and what is known of them is told."""
    answer = await precrime.try_log_in(name, PASSWORD)

    body = answer.json()
    token = body.pop("Token")
    assert answer.status_code == 200
    assert body.pop("Id")
    assert body == {
        "Created": "2030-01-01T00:00:00",
        "Username": "ada",
        "Email": "ada@corp.example",
        "Firstname": "Ada",
        "Lastname": "Lovelace",
        "PasswordExpiration": "0001-01-01T00:00:00",
        "Active": True,
        "Authorizations": [],
    }
    assert await precrime.statuses_of(token) == [200]


@pytest.mark.parametrize("verdict", TOLD)
async def test_the_truth_after_the_right_password(
    precrime: Precrime, corp: FakeDirectory, verdict: Verdict
) -> None:
    """But of who is disabled: that is not told here, of local accounts neither."""
    corp.add("bob", verdict=verdict)

    right = await precrime.try_log_in("bob", PASSWORD)
    wrong = await precrime.try_log_in("bob", "wrong")

    assert said(right) == TOLD[verdict]
    assert said(wrong) == WRONG


async def test_strangers_learn_nothing(precrime: Precrime, corp: FakeDirectory) -> None:
    """Wrong, unknown, locked, disabled, and of a domain that nobody has: not one byte differs."""
    corp.add("locked", verdict=Verdict.LOCKED)
    corp.add("disabled", verdict=Verdict.DISABLED)
    corp.add("late", verdict=Verdict.EXPIRED)
    tries = [
        *(("ada", "wrong"), ("nobody", "wrong"), ("late", "wrong"), ("ada", "")),
        *(("locked", "wrong"), ("locked", PASSWORD), ("disabled", PASSWORD)),
        *(("OTHER\\ada", PASSWORD), (ADMIN, "wrong")),
    ]

    answers = [await precrime.try_log_in(name, password) for name, password in tries]

    assert said(answers[0]) == WRONG
    assert [whole(one) for one in answers] == [whole(answers[0])] * len(tries)


async def test_who_may_not_come_in_here(opened: Open, corp: FakeDirectory) -> None:
    """Whom the operator does not let in, and whose name another account has, is told so."""
    corp.add(ADMIN, "S-1-5-1")
    rules = DirectoryRules(allowed=frozenset({"S-1-5-1"}))
    _, precrime = await opened(
        Choices(
            directories=FakeDirectories(known={DIRECTORY: corp}),
            directory_rules={DIRECTORY: rules},
        )
    )

    outside = await precrime.try_log_in("ada", PASSWORD)
    held = await precrime.try_log_in("CORP\\admin", PASSWORD)

    text = "You are not one of those of the directory who may log in here"
    assert said(outside) == refused(403, text)
    other = "Another account has the name of this user of the directory"
    assert said(held) == refused(403, other)


@pytest.mark.parametrize("verdict", [Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE])
@pytest.mark.parametrize("name", ["ada", "CORP\\ada", "ada@corp.example"])
async def test_the_way_out_of_an_expired_password(
    precrime: Precrime, corp: FakeDirectory, verdict: Verdict, name: str
) -> None:
    """It is changed in the directory, also for somebody who never logged in before."""
    corp.change("ada", verdict=verdict)

    wrong = await precrime.change(name, "wrong", NEW)
    changed = await precrime.change(name, PASSWORD, NEW)

    assert said(wrong) == WRONG
    assert said(changed) == CHANGED
    assert (await precrime.try_log_in("ada", NEW)).status_code == 200


async def test_what_a_directory_does_not_change(precrime: Precrime, corp: FakeDirectory) -> None:
    """Told only after the right password; what its rules refuse is 400, what it keeps 403."""
    corp.rejected = {"x"}
    rejected = await precrime.change("ada", PASSWORD, "x")
    corp.entry("ada").fixed = True

    fixed = await precrime.change("ada", PASSWORD, NEW)
    by_stranger = await precrime.change("ada", "wrong", NEW)

    assert said(rejected) == REJECTED
    assert said(fixed) == KEPT
    assert said(by_stranger) == WRONG


async def test_a_directory_that_is_away(precrime: Precrime, corp: FakeDirectory) -> None:
    """503 for its people; local accounts come in as ever."""
    corp.away = timedelta(seconds=1)

    theirs = await precrime.try_log_in("ada", PASSWORD)
    change = await precrime.change("ada", PASSWORD, NEW)
    local = await precrime.try_log_in(ADMIN, ADMIN_PASSWORD)

    busy = refused(503, "The server is busy. Try again in 5 seconds.")
    assert said(theirs) == said(change) == busy
    assert theirs.headers["retry-after"] == "5"
    assert local.status_code == 200
