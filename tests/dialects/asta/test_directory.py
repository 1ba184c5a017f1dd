"""Log-ins of a directory's people by asta, and what strangers are told of them."""

from datetime import timedelta

import pytest

from dialects.asking import said, whole
from dialects.asta.conftest import Open
from dialects.asta.talk import ADMIN, ADMIN_PASSWORD, USERS, Asta, refused
from dialects.household import Choices
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.directory.model import Verdict
from watchword.core.services.directoryrules import DirectoryRules

CHANGE = "/api/auth/change-password"
NEW = "a new word for the directory"
WRONG = refused(401, "Invalid username or password")
KEPT = refused(403, "The directory keeps this, and it cannot be changed here")

TOLD = {
    Verdict.HOURS: refused(403, "Login is not allowed at this time, or from here"),
    Verdict.PASSWORD_EXPIRED: refused(403, "Password has expired"),
    Verdict.MUST_CHANGE: refused(
        403, "Password must be changed in the directory before the first login"
    ),
    Verdict.DISABLED: WRONG,
    Verdict.EXPIRED: refused(403, "Account has expired in the directory"),
}


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it."""
    directory = FakeDirectory()
    directory.add("ada")
    return directory


@pytest.fixture
async def asta(open_asta: Open, corp: FakeDirectory) -> Asta:
    """A client of a server that knows the directory."""
    directories = FakeDirectories(known={DIRECTORY: corp})
    return await open_asta(Choices(directories=directories))


@pytest.mark.parametrize("name", ["ada", "CORP\\ada", "ada@corp.example", "ADA"])
async def test_people_of_a_directory_log_in(asta: Asta, name: str) -> None:
    """The answer is that of any log-in, and its token works."""
    answer = await asta.try_log_in(name, PASSWORD)

    body = answer.json()
    token, user = body["access_token"], body["user"]
    assert answer.status_code == 200
    assert set(body) == {"access_token", "user"}
    assert user == {"id": user["id"], "username": "ada", "role": "user"}
    assert (await asta.get("/api/auth/me", token=token)).json() == user


@pytest.mark.parametrize("verdict", TOLD)
async def test_the_truth_after_the_right_password(
    asta: Asta, corp: FakeDirectory, verdict: Verdict
) -> None:
    """But of who is disabled: that is not told here, of local accounts neither."""
    corp.add("bob", verdict=verdict)

    right = await asta.try_log_in("bob", PASSWORD)
    wrong = await asta.try_log_in("bob", "wrong")

    assert said(right) == TOLD[verdict]
    assert said(wrong) == WRONG


async def test_strangers_learn_nothing(asta: Asta, corp: FakeDirectory) -> None:
    """Wrong, unknown, locked, disabled, and of a domain that nobody has: not one byte differs."""
    corp.add("locked", verdict=Verdict.LOCKED)
    corp.add("disabled", verdict=Verdict.DISABLED)
    corp.add("late", verdict=Verdict.EXPIRED)
    tries = [
        *(("ada", "wrong"), ("nobody", "wrong"), ("late", "wrong"), ("ada", "")),
        *(("locked", "wrong"), ("locked", PASSWORD), ("disabled", PASSWORD)),
        *(("OTHER\\ada", PASSWORD), (ADMIN, "wrong")),
    ]

    answers = [await asta.try_log_in(name, password) for name, password in tries]

    assert said(answers[0]) == WRONG
    assert [whole(one) for one in answers] == [whole(answers[0])] * len(tries)


async def test_who_may_not_come_in_here(open_asta: Open, corp: FakeDirectory) -> None:
    """Whom the operator does not let in, and whose name another account has, is told so."""
    rules = DirectoryRules(allowed=frozenset({"S-1-5-1"}))
    corp.add(ADMIN, "S-1-5-1")
    asta = await open_asta(
        Choices(
            directories=FakeDirectories(known={DIRECTORY: corp}),
            directory_rules={DIRECTORY: rules},
        )
    )

    outside = await asta.try_log_in("ada", PASSWORD)
    held = await asta.try_log_in("CORP\\admin", PASSWORD)

    text = "You are not one of those of the directory who may log in here"
    assert said(outside) == refused(403, text)
    assert said(held) == refused(403, "Another account has this username")


async def test_a_password_is_changed_in_the_directory(asta: Asta, corp: FakeDirectory) -> None:
    """With a token; what the directory refuses is told."""
    ada = await asta.log_in("ada", PASSWORD)
    corp.rejected = {"x"}

    async def change(current: str, new: str) -> tuple[int, object]:
        body = {"current_password": current, "new_password": new}
        return said(await asta.put(CHANGE, body, token=ada.token))

    wrong = await change("wrong", NEW)
    rejected = await change(PASSWORD, "x")
    changed = await change(PASSWORD, NEW)
    corp.entry("ada").fixed = True
    fixed = await change(NEW, PASSWORD)

    text = "Directory does not take it: too short, too simple, used before, or changed too soon"
    assert wrong == refused(401, "Current password is incorrect")
    assert rejected == refused(400, text)
    assert changed == (200, {"ok": True})
    assert fixed == KEPT
    assert corp.entry("ada").password == NEW


async def test_what_an_admin_does_to_people_of_a_directory(asta: Asta) -> None:
    """They are listed, disabled and deleted as others are; their password is not ours to set."""
    ada, admin = await asta.log_in("ada", PASSWORD), await asta.log_in()
    path = f"{USERS}/{ada.id}"

    listed = (await asta.get(USERS, token=admin.token)).json()["users"]
    reset = await asta.put(f"{path}/reset-password", {"new_password": "another"}, token=admin.token)
    disabled = await asta.put(path, {"active": False}, token=admin.token)
    again = await asta.try_log_in("ada", PASSWORD)
    deleted = await asta.delete(path, token=admin.token)

    assert {one["username"] for one in listed} == {ADMIN, "ada"}
    assert said(reset) == KEPT
    assert (disabled.status_code, deleted.status_code) == (200, 200)
    assert said(again) == WRONG
    assert await asta.status_of(ada.token) == 401


async def test_a_directory_that_is_away(asta: Asta, corp: FakeDirectory) -> None:
    """503 for its people; local accounts come in as ever."""
    corp.away = timedelta(seconds=1)

    theirs = await asta.try_log_in("ada", PASSWORD)
    local = await asta.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert said(theirs) == refused(503, "The server is busy. Try again in 5 seconds.")
    assert theirs.headers["retry-after"] == "5"
    assert local.status_code == 200
