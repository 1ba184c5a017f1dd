"""forgotPassword, verifyResetToken, resetPassword: the way back in for who forgot the password."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.conftest import Open
from dialects.astera.talk import (
    ADMIN,
    FORGOT,
    NOT_GOOD,
    RESET,
    VALID,
    VERIFY_RESET,
    WRONG,
    Astera,
    message,
    misread,
    only,
    refused,
)
from dialects.household import PASSWORD, Choices, Household
from watchword.core.apikeys.model import Scope
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.passwords import Preset

ADDRESS = "Ada@example.com"
NEW = "a lake of large ones"
ASKED = message("If there is such an account and we know its address, a letter is on its way.")
DONE = message("The password is set. Log in with it.")
NOBODY = misread("email or user is required.")
TWO = misread("Give either email or user, not both.")


async def forgotten(household: Household, astera: Astera) -> Letter:
    """Let ada forget her password, and return the letter."""
    await household.make("ada", email=ADDRESS)
    answer = await astera.post(FORGOT, {"user": "ada"})
    assert said(answer) == ASKED
    return only(await household.letters(LetterKind.RESET))


@pytest.mark.parametrize("by", ["secret", "code"])
@pytest.mark.parametrize("who", [{"email": "ADA@example.com"}, {"user": "ada"}, {"User": ADDRESS}])
async def test_a_letter_sets_another_password(
    household: Household, astera: Astera, by: str, who: Json
) -> None:
    """With the end of its link or with its code, by name or by address; and only once."""
    letter = await forgotten(household, astera)
    body = {**who, "token": getattr(letter, by)}

    looked = [await astera.post(VERIFY_RESET, body) for _ in range(2)]
    done = await astera.post(RESET, {**body, "password": NEW})
    again = await astera.post(RESET, {**body, "password": "another one"})
    late = await astera.post(VERIFY_RESET, body)

    assert [said(look) for look in looked] == [VALID] * 2
    assert said(done) == DONE
    assert said(again) == said(late) == NOT_GOOD
    assert (letter.to, letter.name) == (ADDRESS, "ada")
    assert said(await astera.try_log_in("ada", PASSWORD)) == WRONG
    assert (await astera.try_log_in("ada", NEW)).status_code == 200


async def test_a_reset_ends_every_session(household: Household, astera: Astera) -> None:
    """Those of the account and no others; its API keys live on, and the owner gets a notice."""
    letter = await forgotten(household, astera)
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    key = await household.key(ada, scopes=frozenset({Scope.IDENTIFY}))
    tokens = [await astera.log_in("ada", PASSWORD) for _ in range(2)]
    others = await astera.log_in()

    await astera.post(RESET, {"user": "ada", "token": letter.code, "password": NEW})

    notice = only(await household.letters(LetterKind.PASSWORD_CHANGED))
    assert await astera.statuses_of(*tokens, others, key) == [401, 401, 200, 200]
    assert (notice.to, notice.secret, notice.code) == (ADDRESS, "", "")


async def test_a_reset_ends_the_waits_after_wrong_passwords(
    household: Household, astera: Astera
) -> None:
    """Who has the letters of the account is no stranger."""
    letter = await forgotten(household, astera)
    for _ in range(6):
        waiting = await astera.try_log_in("ada", "wrong")

    await astera.post(RESET, {"user": "ada", "token": letter.secret, "password": NEW})

    assert waiting.status_code == 429
    assert (await astera.try_log_in("ada", NEW)).status_code == 200


async def test_who_asks_learns_nothing(household: Household, astera: Astera) -> None:
    """Known, unknown, disabled, unconfirmed, held back: one answer, and letters to owners alone."""
    await household.make("ada", email=ADDRESS)
    await household.make("cleo")
    await household.disable(await household.make("dora", email="dora@example.com"))
    await astera.register("eve", email="eve@example.com")
    bodies = [
        *({"user": "ada"}, {"user": "ada"}, {"email": ADDRESS}, {"email": ADDRESS.lower()}),
        *({"user": "cleo"}, {"user": "dora"}, {"email": "dora@example.com"}),
        *({"user": "eve"}, {"email": "eve@example.com"}),
        *({"user": "nobody"}, {"email": "nobody@example.com"}, {"user": "x" * 9000}),
        *({"email": "no address"}, {"user": "ada\r\nBcc: eve@example.com"}),
    ]

    answers = [await astera.post(FORGOT, body) for body in bodies]

    letters = await household.letters(LetterKind.RESET)
    assert {str(said(answer)) for answer in answers} == {str(ASKED)}
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1
    assert [letter.to for letter in letters] == [ADDRESS]


async def test_one_letter_a_minute(household: Household, astera: Astera) -> None:
    """Name and address are one account; the new letter voids the last."""
    first = await forgotten(household, astera)
    household.clock.advance(timedelta(seconds=59))
    await astera.post(FORGOT, {"email": ADDRESS})
    held_back = await household.letters(LetterKind.RESET)
    household.clock.advance(timedelta(seconds=1))
    await astera.post(FORGOT, {"email": ADDRESS})

    second = (await household.letters(LetterKind.RESET))[-1]
    with_first = await astera.post(VERIFY_RESET, {"user": "ada", "token": first.secret})
    with_second = await astera.post(VERIFY_RESET, {"user": "ada", "token": second.secret})
    assert held_back == [first]
    assert said(with_first) == NOT_GOOD
    assert said(with_second) == VALID


async def test_twenty_an_hour_from_one_address(household: Household, astera: Astera) -> None:
    """Then 429, for known and unknown names alike."""
    await household.make("ada", email=ADDRESS)
    answers = [await astera.post(FORGOT, {"user": f"name {number}"}) for number in range(20)]

    late = [await astera.post(FORGOT, {"user": name}) for name in ("ada", "nobody")]
    household.clock.advance(timedelta(hours=1))
    later = await astera.post(FORGOT, {"user": "ada"})

    assert {answer.status_code for answer in answers} == {200}
    assert said(late[0]) == said(late[1])
    assert said(late[0]) == refused(
        429, "Too many attempts. Try again in 3600 seconds.", "throttled"
    )
    assert late[0].headers["retry-after"] == "3600"
    assert said(later) == ASKED


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, NOBODY),
        ({"email": ""}, NOBODY),
        ({"email": None, "user": None}, NOBODY),
        ({"username": "ada"}, NOBODY),
        ({"email": "ada@example.com", "user": "ada"}, TWO),
        ({"email": 7}, misread("email must be a text.", "#/email")),
        ({"user": ["ada"]}, misread("user must be a text.", "#/user")),
        ({"user": "ada\0"}, misread("user may hold no NUL character.", "#/user")),
    ],
)
async def test_one_account_must_be_named(astera: Astera, body: Json, refusal: Json) -> None:
    """In one way: nobody guesses which of two was meant."""
    asked = await astera.post(FORGOT, body)
    looked = await astera.post(VERIFY_RESET, {"token": "x", **body})
    reset = await astera.post(RESET, {"token": "x", "password": NEW, **body})

    assert said(asked) == said(looked) == said(reset) == refusal


async def test_the_other_name_may_be_empty(household: Household, astera: Astera) -> None:
    """Forms send what nobody typed as an empty text."""
    letter = await forgotten(household, astera)

    answer = await astera.post(VERIFY_RESET, {"email": "", "user": "ada", "token": letter.code})

    assert said(answer) == VALID


@pytest.mark.parametrize(
    ("new", "text", "code"),
    [
        ("", "The password must have at least 1 characters.", "password_short"),
        ("x" * 1025, "The password must have at most 1024 bytes.", "password_long"),
        ("Admin123", "The password is too common.", "password_common"),
    ],
)
async def test_a_password_that_is_none_spends_nothing(
    household: Household, astera: Astera, new: str, text: str, code: str
) -> None:
    """It is told to who has the letter, and to nobody else."""
    letter = await forgotten(household, astera)
    body = {"user": "ada", "password": new}

    told = await astera.post(RESET, {**body, "token": letter.secret})
    untold = await astera.post(RESET, {**body, "token": "x"})
    done = await astera.post(RESET, {**body, "password": NEW, "token": letter.secret})

    assert said(told) == refused(400, text, code)
    assert said(untold) == NOT_GOOD
    assert said(done) == DONE


async def test_the_policy_counts_for_a_reset(opened: Open) -> None:
    """Its length, its list of common ones, and its history."""
    household, astera = await opened(Choices(preset=Preset.NIST))
    first = "the first of many"
    await household.make("ada", password=first, email=ADDRESS)
    await astera.post(FORGOT, {"user": "ada"})
    token = only(await household.letters(LetterKind.RESET)).secret

    answers = [
        await astera.post(RESET, {"user": "ada", "token": token, "password": new})
        for new in ("short", first, "the second of many")
    ]

    assert said(answers[0]) == refused(
        400, "The password must have at least 15 characters.", "password_short"
    )
    assert said(answers[1]) == refused(400, "The password was used before.", "password_reused")
    assert said(answers[2]) == DONE


async def test_an_account_that_was_disabled_meanwhile(household: Household, astera: Astera) -> None:
    """Its letter is as bad as any, and says nothing of why."""
    letter = await forgotten(household, astera)
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    await household.disable(ada)

    answer = await astera.post(RESET, {"user": "ada", "token": letter.secret, "password": NEW})

    assert said(answer) == NOT_GOOD


async def test_a_password_that_was_changed_voids_the_letter(
    household: Household, astera: Astera
) -> None:
    """Who remembered it after all has no open door left behind."""
    letter = await forgotten(household, astera)
    token = await astera.log_in("ada", PASSWORD)
    await astera.post(
        "/api/account/changePassword",
        {"oldPassword": PASSWORD, "newPassword": "other"},
        token=token,
    )

    answer = await astera.post(VERIFY_RESET, {"user": "ada", "token": letter.secret})

    assert said(answer) == NOT_GOOD


async def test_no_credential_is_looked_at(household: Household, astera: Astera) -> None:
    """Who forgot a password may still carry an old token."""
    letter = await forgotten(household, astera)
    body = {"user": "ada", "token": letter.secret}

    answers = [
        await astera.post(FORGOT, {"user": ADMIN}, token="rubbish"),
        await astera.post(VERIFY_RESET, body, token="rubbish"),
        await astera.post(RESET, {**body, "password": NEW}, token="rubbish"),
    ]

    assert [answer.status_code for answer in answers] == [200] * 3
