"""POST /api/account/changePassword: by token, and by name where an expired password gets none."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    BAD_CHALLENGE,
    BAD_TOKEN,
    CHALLENGE,
    CHANGE_PASSWORD,
    LOG_IN_FIRST,
    NO_KEYS,
    WRONG,
    Astera,
    message,
    misread,
    only,
    refused,
)
from dialects.household import PASSWORD, Choices, Household
from watchword.core.outbox.model import LetterKind
from watchword.core.policy.passwords import Preset

NEW = "a lake of large ones"
CHANGED = message("The password is changed.")
TOO_SHORT = refused(400, "The password must have at least 1 characters.", "password_short")
TOO_LONG = refused(400, "The password must have at most 1024 bytes.", "password_long")
WRONG_OLD = refused(403, "The password is wrong.", "wrong_password")


def change(old: str = PASSWORD, new: str = NEW, **more: Json) -> Json:
    return {"oldPassword": old, "newPassword": new, **more}


@pytest.fixture
async def adas(household: Household, astera: Astera) -> str:
    """The token of ada."""
    await household.make("ada", email="ada@example.com")
    return await astera.log_in("ada", PASSWORD)


async def test_somebody_changes_their_password(
    household: Household, astera: Astera, adas: str
) -> None:
    """The session that asks lives on, the others end, and the owner gets a notice."""
    other = await astera.log_in("ada", PASSWORD)

    answer = await astera.post(CHANGE_PASSWORD, change(), token=adas)

    notice = only(await household.letters())
    assert said(answer) == CHANGED
    assert await astera.statuses_of(adas, other) == [200, 401]
    assert said(await astera.try_log_in("ada", PASSWORD)) == WRONG
    assert (await astera.try_log_in("ada", NEW)).status_code == 200
    assert (notice.kind, notice.to) == (LetterKind.PASSWORD_CHANGED, "ada@example.com")


async def test_members_are_read_in_any_letter_case(astera: Astera, adas: str) -> None:
    """As everywhere."""
    body = {"OLDPASSWORD": PASSWORD, "newpassword": NEW}

    answer = await astera.post(CHANGE_PASSWORD, body, token=adas)

    assert said(answer) == CHANGED


@pytest.mark.parametrize("old", ["wrong", "", PASSWORD.upper()])
async def test_a_wrong_old_password_keeps_the_token(astera: Astera, adas: str, old: str) -> None:
    """It is 403: a client that gets 401 would throw its token away."""
    answer = await astera.post(CHANGE_PASSWORD, change(old), token=adas)

    assert said(answer) == WRONG_OLD
    assert "www-authenticate" not in answer.headers
    assert await astera.statuses_of(adas) == [200]


async def test_wrong_old_passwords_are_counted(astera: Astera, adas: str) -> None:
    """A stolen token is no way to guess more often than at the log-in."""
    answers = [await astera.post(CHANGE_PASSWORD, change("x"), token=adas) for _ in range(5)]
    right = await astera.post(CHANGE_PASSWORD, change(), token=adas)

    assert {str(said(answer)) for answer in answers} == {str(WRONG_OLD)}
    assert said(right) == refused(429, "Too many attempts. Try again in 1 seconds.", "throttled")
    assert right.headers["retry-after"] == "1"


@pytest.mark.parametrize("more", [{}, {"user": ""}, {"user": None}])
async def test_nobody_changes_nothing(astera: Astera, more: Json) -> None:
    """Without a token and without a name it is 401."""
    answer = await astera.post(CHANGE_PASSWORD, change(**more))

    assert said(answer) == LOG_IN_FIRST
    assert answer.headers["www-authenticate"] == CHALLENGE


async def test_a_bad_token_is_not_overlooked(
    household: Household, astera: Astera, adas: str
) -> None:
    """Not beside a name either; and no API key changes a password."""
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    key = await household.key(ada)

    bad = await astera.post(CHANGE_PASSWORD, change(user="ada"), token=f"{adas}x")
    machine = await astera.post(
        CHANGE_PASSWORD, change(user="ada"), headers={"X-Authorization": key}
    )

    assert said(bad) == BAD_TOKEN
    assert bad.headers["www-authenticate"] == BAD_CHALLENGE
    assert said(machine) == NO_KEYS
    assert machine.headers["www-authenticate"] == f'{CHALLENGE}, error="insufficient_scope"'
    assert (await astera.try_log_in("ada", PASSWORD)).status_code == 200


async def test_beside_a_token_the_name_does_not_count(
    household: Household, astera: Astera, adas: str
) -> None:
    """It is always the password of who holds the token."""
    await household.make("bob")

    answer = await astera.post(CHANGE_PASSWORD, change(user="bob"), token=adas)

    assert said(answer) == CHANGED
    assert (await astera.try_log_in("ada", NEW)).status_code == 200
    assert (await astera.try_log_in("bob", PASSWORD)).status_code == 200


async def test_the_way_out_of_an_expired_password(opened: Open) -> None:
    """By name and without a token, as the log-in says; then the log-in is as it was."""
    household, astera = await opened(Choices(password_days=90))
    await household.make("ada")
    household.clock.advance(timedelta(days=90))
    before = await astera.try_log_in("ada", PASSWORD)

    same = await astera.post(CHANGE_PASSWORD, change(new=PASSWORD, user="ada"))
    done = await astera.post(CHANGE_PASSWORD, change(user="ADA"))

    after = await astera.try_log_in("ada", NEW)
    assert before.json()["code"] == "password_expired"
    assert said(same) == refused(400, "The password was used before.", "password_reused")
    assert said(done) == CHANGED
    assert after.status_code == 200


async def test_by_name_it_is_a_log_in_that_may_fail(household: Household, astera: Astera) -> None:
    """Strangers hear what they hear there, before anything is said of the new password."""
    await household.disable(await household.make("dora"))
    await household.make("ada")

    strangers = [
        await astera.post(CHANGE_PASSWORD, change(old, "", user=name))
        for name, old in [("ada", "wrong"), ("nobody", PASSWORD), ("dora", "wrong"), ("ada", "")]
    ]
    owner = await astera.post(CHANGE_PASSWORD, change(user="dora"))

    assert {str(said(answer)) for answer in strangers} == {str(WRONG)}
    assert {answer.headers["www-authenticate"] for answer in strangers} == {CHALLENGE}
    assert said(owner) == refused(403, "The account is disabled.", "disabled")


async def test_by_name_every_session_ends(household: Household, astera: Astera, adas: str) -> None:
    """None of them asked."""
    answer = await astera.post(CHANGE_PASSWORD, change(user="ada"))

    assert said(answer) == CHANGED
    assert await astera.statuses_of(adas) == [401]
    assert only(await household.letters()).kind is LetterKind.PASSWORD_CHANGED


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        ("", TOO_SHORT),
        ("x" * 1025, TOO_LONG),
        ("\u00e9" * 513, TOO_LONG),
        ("Admin123", refused(400, "The password is too common.", "password_common")),
    ],
)
async def test_what_is_no_new_password(
    astera: Astera,
    adas: str,
    has_token: bool,  # noqa: FBT001 - pytest gives it
    new: str,
    refusal: Json,
) -> None:
    """The reason is told to who knows the old one, which stays."""
    token = adas if has_token else None

    answer = await astera.post(CHANGE_PASSWORD, change(new=new, user="ada"), token=token)

    assert said(answer) == refusal
    assert (await astera.try_log_in("ada", PASSWORD)).status_code == 200


async def test_the_policy_asks_for_its_own_number(opened: Open) -> None:
    """Outside a demo eight characters and no common password, in this dialect as in every other."""
    household, astera = await opened(Choices(preset=Preset.STANDARD))
    await household.make("ada")
    token = await astera.log_in("ada", PASSWORD)

    short = await astera.post(CHANGE_PASSWORD, change(new="seven77"), token=token)
    common = await astera.post(CHANGE_PASSWORD, change(new="password1"), token=token)

    assert said(short) == refused(
        400, "The password must have at least 8 characters.", "password_short"
    )
    assert said(common) == refused(400, "The password is too common.", "password_common")


@pytest.mark.parametrize(
    ("body", "text", "pointer"),
    [
        ({"newPassword": "x"}, "oldPassword is required.", "#/oldPassword"),
        ({"oldpassword": "x"}, "newPassword is required.", "#/newPassword"),
        (change(None), "oldPassword must be a text.", "#/oldPassword"),  # type: ignore[arg-type] # a wrong type
        (change(user=3), "user must be a text.", "#/user"),
    ],
)
async def test_bodies_that_lack_something(
    astera: Astera, adas: str, body: Json, text: str, pointer: str
) -> None:
    """The member is named as the page spells it."""
    answer = await astera.post(CHANGE_PASSWORD, body, token=adas)

    assert said(answer) == misread(text, pointer)
