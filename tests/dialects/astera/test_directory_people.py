"""What an account of a directory can do here, and what only the directory can."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    ASK_CHANGE,
    CHANGE_PASSWORD,
    FORGOT,
    WRONG,
    Astera,
    message,
    refused,
)
from dialects.household import Choices, Household
from fakes_directory import DIRECTORY, PASSWORD, FakeDirectories, FakeDirectory
from watchword.core.directory.model import Verdict
from watchword.core.outbox.model import LetterKind
from watchword.core.services.directoryrules import DirectoryRules

NEW = "a new word for the directory"
CHANGED = message("The password is changed.")
REJECTED = refused(
    400,
    "The directory does not take it: too short, too simple, used before, or changed too soon.",
    "password_rejected",
)
KEPT = refused(403, "The directory keeps this, and it cannot be changed here.", "directory_keeps")
WRONG_PASSWORD = refused(403, "The password is wrong.", "wrong_password")


@pytest.fixture
def corp() -> FakeDirectory:
    """A directory, with somebody in it; its mail is taken for confirmed."""
    directory = FakeDirectory()
    directory.add("ada", email="ada@corp.example")
    return directory


@pytest.fixture
async def served(opened: Open, corp: FakeDirectory) -> tuple[Household, Astera]:
    choices = Choices(
        directories=FakeDirectories(known={DIRECTORY: corp}),
        directory_rules={DIRECTORY: DirectoryRules(trusts_mail=True)},
    )
    return await opened(choices)


@pytest.fixture
def household(served: tuple[Household, Astera]) -> Household:
    return served[0]


@pytest.fixture
def astera(served: tuple[Household, Astera]) -> Astera:
    return served[1]


async def change(
    astera: Astera, old: str = PASSWORD, new: str = NEW, *, token: str | None = None, user: str = ""
) -> tuple[int, Json]:
    body = {"oldPassword": old, "newPassword": new, "user": user}
    return said(await astera.post(CHANGE_PASSWORD, body, token=token))


async def test_the_password_is_changed_in_the_directory(
    household: Household, astera: Astera, corp: FakeDirectory
) -> None:
    """By token; other sessions end, and the owner gets the letter that everybody gets."""
    token, other = await astera.log_in("ada", PASSWORD), await astera.log_in("ada", PASSWORD)

    wrong = await change(astera, "wrong", token=token)
    changed = await change(astera, token=token)

    assert wrong == WRONG_PASSWORD
    assert changed == CHANGED
    assert corp.entry("ada").password == NEW
    assert await astera.statuses_of(token, other) == [200, 401]
    assert (await astera.try_log_in_ad("ada", NEW)).status_code == 200
    assert len(await household.letters(LetterKind.PASSWORD_CHANGED)) == 1


@pytest.mark.parametrize("verdict", [Verdict.PASSWORD_EXPIRED, Verdict.MUST_CHANGE])
@pytest.mark.parametrize("user", ["ada", "CORP\\ada", "ada@corp.example"])
async def test_the_way_out_of_an_expired_password(
    astera: Astera, corp: FakeDirectory, verdict: Verdict, user: str
) -> None:
    """By name, also for somebody who never logged in before; then the log-in goes."""
    corp.change("ada", verdict=verdict)
    before = await astera.try_log_in_ad("ada", PASSWORD)

    wrong = await change(astera, "wrong", user=user)
    changed = await change(astera, user=user)

    after = await astera.try_log_in_ad("ada", NEW)
    assert before.status_code == 403
    assert wrong == WRONG
    assert changed == CHANGED
    assert after.status_code == 200


async def test_what_the_directory_does_not_take(astera: Astera, corp: FakeDirectory) -> None:
    """Its own rules count, not those of this server: one letter would do here."""
    corp.rejected = {"x"}
    token = await astera.log_in("ada", PASSWORD)

    answers = [
        await change(astera, new="x", token=token),
        await change(astera, new="x", user="ada"),
    ]
    by_stranger = await change(astera, "wrong", "x", user="ada")

    assert answers == [REJECTED] * 2
    assert by_stranger == WRONG


async def test_who_may_not_change_theirs(astera: Astera, corp: FakeDirectory) -> None:
    """403, and the password stays."""
    corp.entry("ada").fixed = True
    token = await astera.log_in("ada", PASSWORD)

    answers = [await change(astera, token=token), await change(astera, user="ada")]

    assert answers == [KEPT] * 2
    assert corp.entry("ada").password == PASSWORD


async def test_a_change_needs_the_directory(astera: Astera, corp: FakeDirectory) -> None:
    """503 while it is away; local accounts change theirs as ever."""
    token, admin = await astera.log_in("ada", PASSWORD), await astera.log_in()
    corp.away = timedelta(seconds=1)

    theirs = await change(astera, token=token)
    by_name = await change(astera, user="ada")
    local = await change(astera, ADMIN_PASSWORD, "another", token=admin)

    assert (theirs[0], by_name[0]) == (503, 503)
    assert local == CHANGED
    assert (await astera.try_log_in(ADMIN, "another")).status_code == 200


async def test_no_letter_resets_what_a_directory_keeps(
    household: Household, astera: Astera
) -> None:
    """The answer is the one that everybody gets; nothing is sent that would not work."""
    await astera.log_in("ada", PASSWORD)

    by_name = await astera.post(FORGOT, {"user": "ada"})
    by_address = await astera.post(FORGOT, {"email": "ada@corp.example"})
    unknown = await astera.post(FORGOT, {"user": "nobody"})

    assert said(by_name) == said(by_address) == said(unknown)
    assert await household.letters(LetterKind.RESET) == []


async def test_an_address_is_changed_in_the_directory(household: Household, astera: Astera) -> None:
    """403, and no letter goes anywhere."""
    token = await astera.log_in("ada", PASSWORD)

    answer = await astera.post(ASK_CHANGE, {"newEmail": "ada@example.org"}, token=token)

    assert said(answer) == KEPT
    assert await household.letters() == []


async def test_sessions_rest_while_the_directory_is_away_for_long(
    astera: Astera, corp: FakeDirectory
) -> None:
    """503 after a minute: nobody can say whether they are still let in. No token is lost."""
    token, admin = await astera.log_in("ada", PASSWORD), await astera.log_in()
    corp.away = timedelta(seconds=30)
    soon = await astera.statuses_of(token, admin)
    corp.away = timedelta(seconds=61)
    late = await astera.statuses_of(token, admin)
    corp.away = None

    back = await astera.statuses_of(token, admin)

    assert (soon, late, back) == ([200, 200], [503, 200], [200, 200])
