"""emailChangeToken, verifyEmailChangeToken, changeEmail and undoEmailChange."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.talk import (
    ASK_CHANGE,
    BAD_ADDRESS,
    BAD_CHALLENGE,
    BAD_TOKEN,
    CHALLENGE,
    CHANGE,
    FORGOT,
    LOG_IN_FIRST,
    NO_KEYS,
    NOT_GOOD,
    RESET,
    TAKEN,
    UNDO,
    VALID,
    VERIFY_CHANGE,
    Astera,
    message,
    misread,
    only,
    refused,
)
from dialects.household import PASSWORD, Household
from watchword.core.apikeys.model import Scope
from watchword.core.outbox.model import Letter, LetterKind

OLD, NEW = "ada@example.com", "Ada@example.org"
ASKED = message("A letter is on its way to the new address.")
CHANGED = message("The address is changed.")
UNDONE = message("The old address is back, and every session has ended. Set another password now.")
PROOF = refused(403, "Send the password too, or log in again first.", "proof_needed")


@pytest.fixture
async def adas(household: Household, astera: Astera) -> str:
    """The token of ada, who has a confirmed address."""
    await household.make("ada", email=OLD)
    return await astera.log_in("ada", PASSWORD)


async def asked(household: Household, astera: Astera, token: str, new: str = NEW) -> Letter:
    """Ask for another address, and return the letter to it."""
    answer = await astera.post(ASK_CHANGE, {"newEmail": new}, token=token)
    assert said(answer) == ASKED
    letters = await household.letters(LetterKind.CHANGE)
    return only([letter for letter in letters if letter.to == new])


async def changed(household: Household, astera: Astera, token: str) -> Letter:
    """Change the address, and return the letter to the old one."""
    letter = await asked(household, astera, token)
    answer = await astera.post(CHANGE, {"newEmail": NEW, "token": letter.secret})
    assert said(answer) == CHANGED
    return (await household.letters(LetterKind.ADDRESS_CHANGED))[-1]


async def address_of(astera: Astera, name: str = "ada", password: str = PASSWORD) -> str:
    return str((await astera.try_log_in(name, password)).json()["user"]["email"])


@pytest.mark.parametrize("by", ["secret", "code"])
@pytest.mark.parametrize("is_logged_in", [True, False])
async def test_the_new_address_proves_itself(
    household: Household,
    astera: Astera,
    adas: str,
    by: str,
    is_logged_in: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    """By link or by code, with a token or in another browser without one; and once."""
    letter = await asked(household, astera, adas)
    notice = only(await household.letters(LetterKind.CHANGE_REQUESTED))
    body = {"NewEmail": NEW.upper(), "TOKEN": getattr(letter, by)}
    token = adas if is_logged_in else None

    looked = [await astera.post(VERIFY_CHANGE, body, token=token) for _ in range(2)]
    before = await address_of(astera)
    done = await astera.post(CHANGE, body, token=token)
    again = await astera.post(CHANGE, body, token=token)

    assert [said(look) for look in looked] == [VALID] * 2
    assert before == OLD
    assert said(done) == CHANGED
    assert said(again) == NOT_GOOD
    assert await address_of(astera, NEW) == NEW
    assert (await astera.try_log_in(OLD, PASSWORD)).status_code == 401
    assert (notice.to, notice.about, notice.secret, notice.code) == (OLD, NEW, "", "")


async def test_a_log_in_that_is_not_new_needs_the_password(
    household: Household, astera: Astera, adas: str
) -> None:
    """For ten minutes a token is enough; whoever finds one later cannot move the account."""
    household.clock.advance(timedelta(minutes=10, seconds=1))

    without = await astera.post(ASK_CHANGE, {"newEmail": NEW}, token=adas)
    wrong = await astera.post(ASK_CHANGE, {"newEmail": NEW, "password": ""}, token=adas)
    right = await astera.post(ASK_CHANGE, {"newEmail": NEW, "password": PASSWORD}, token=adas)

    assert said(without) == PROOF
    assert said(wrong) == refused(403, "The password is wrong.", "wrong_password")
    assert said(right) == ASKED
    assert (await astera.statuses_of(adas)) == [200]


async def test_wrong_passwords_are_counted(astera: Astera, adas: str) -> None:
    """A stolen token is no way to guess more often."""
    body = {"newEmail": NEW, "password": "wrong"}

    answers = [await astera.post(ASK_CHANGE, body, token=adas) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert (await astera.try_log_in("ada", PASSWORD)).status_code == 429


async def test_an_address_that_somebody_has_looks_like_a_fresh_one(
    household: Household, astera: Astera, adas: str
) -> None:
    """The caller sees no difference; the owner is told, and gets no link."""
    await household.make("bob", email="bob@example.com")

    known = await astera.post(ASK_CHANGE, {"newEmail": "Bob@example.com"}, token=adas)
    household.clock.advance(timedelta(minutes=1))
    fresh = await astera.post(ASK_CHANGE, {"newEmail": NEW}, token=adas)

    told = only(await household.letters(LetterKind.CHANGE_IN_USE))
    assert said(known) == said(fresh) == ASKED
    assert set(known.headers) == set(fresh.headers)
    assert (told.to, told.name, told.secret, told.code) == ("Bob@example.com", "bob", "", "")


async def test_an_address_that_was_taken_meanwhile(
    household: Household, astera: Astera, adas: str
) -> None:
    """Between the letter and the answer somebody else proved it."""
    letter = await asked(household, astera, adas)
    await household.make("bob", email=NEW)

    answer = await astera.post(CHANGE, {"newEmail": NEW, "token": letter.secret})

    assert said(answer) == TAKEN
    assert await address_of(astera) == OLD


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        ("ada", BAD_ADDRESS),
        ("", BAD_ADDRESS),
        ("a@b.c\r\nBcc: eve@example.com", BAD_ADDRESS),
        ("Ada <ada@example.org>", BAD_ADDRESS),
        ("a" * 250 + "@example.com", BAD_ADDRESS),
        (
            OLD.upper(),
            refused(422, "The account has this email address already.", "address_same"),
        ),
    ],
)
async def test_what_is_no_new_address(
    household: Household, astera: Astera, adas: str, new: str, refusal: Json
) -> None:
    """No letter goes anywhere."""
    answer = await astera.post(ASK_CHANGE, {"newEmail": new}, token=adas)

    assert said(answer) == refusal
    assert await household.letters() == []


async def test_one_letter_a_minute(household: Household, astera: Astera, adas: str) -> None:
    """Whoever is logged in may know that they wait; the new letter voids the last."""
    first = await asked(household, astera, adas)
    at_once = await astera.post(ASK_CHANGE, {"newEmail": "third@example.org"}, token=adas)
    household.clock.advance(timedelta(minutes=1))
    second = await asked(household, astera, adas, "third@example.org")

    with_first = await astera.post(CHANGE, {"newEmail": NEW, "token": first.secret})
    with_second = await astera.post(
        CHANGE, {"newEmail": "third@example.org", "token": second.secret}
    )

    assert (at_once.status_code, at_once.headers["retry-after"]) == (429, "60")
    assert said(with_first) == NOT_GOOD
    assert said(with_second) == CHANGED


async def test_twenty_an_hour_from_one_address(
    household: Household, astera: Astera, adas: str
) -> None:
    """Whatever the account."""
    answers = []
    for _ in range(21):
        household.clock.advance(timedelta(minutes=1))
        body = {"newEmail": NEW, "password": PASSWORD}
        answers.append(await astera.post(ASK_CHANGE, body, token=adas))

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "2400"


async def test_only_who_is_logged_in_asks(household: Household, astera: Astera, adas: str) -> None:
    """401 as RFC 6750 words it; no API key reaches so far."""
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    key = await household.key(ada, scopes=frozenset(Scope))
    body = {"newEmail": NEW}

    nobody = await astera.post(ASK_CHANGE, body)
    bad = await astera.post(ASK_CHANGE, body, token=f"{adas}x")
    machine = await astera.post(ASK_CHANGE, body, headers={"X-Authorization": key})

    assert said(nobody) == LOG_IN_FIRST
    assert nobody.headers["www-authenticate"] == CHALLENGE
    assert said(bad) == BAD_TOKEN
    assert bad.headers["www-authenticate"] == BAD_CHALLENGE
    assert said(machine) == NO_KEYS


@pytest.mark.parametrize("path", [VERIFY_CHANGE, CHANGE])
async def test_a_token_that_is_sent_must_be_the_owners(
    household: Household, astera: Astera, adas: str, path: str
) -> None:
    """Somebody else's, a dead one, and an API key are refused; without any it works."""
    letter = await asked(household, astera, adas)
    body = {"newEmail": NEW, "token": letter.secret}
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    key = await household.key(ada)

    others = await astera.post(path, body, token=await astera.log_in())
    bad = await astera.post(path, body, token="rubbish")
    machine = await astera.post(path, body, headers={"X-Authorization": key})
    none = await astera.post(path, body)

    assert said(others) == NOT_GOOD
    assert said(bad) == BAD_TOKEN
    assert said(machine) == NO_KEYS
    assert none.status_code == 200


async def test_only_with_the_address_that_it_went_to(
    household: Household, astera: Astera, adas: str
) -> None:
    """A link to one address makes no other one somebody's."""
    letter = await asked(household, astera, adas)

    answers = [
        await astera.post(path, {"newEmail": new, "token": token}, token=adas)
        for path in (VERIFY_CHANGE, CHANGE)
        for new in ("eve@example.com", "")
        for token in (letter.secret, letter.code)
    ]

    assert {str(said(answer)) for answer in answers} == {str(NOT_GOOD)}
    assert await address_of(astera) == OLD


async def test_the_old_address_takes_the_account_back(
    household: Household, astera: Astera, adas: str
) -> None:
    """Every session ends, and a reset letter goes to the address that is back."""
    letter = await changed(household, astera, adas)
    thief = await astera.log_in(NEW, PASSWORD)

    undone = await astera.post(UNDO, {"Token": letter.secret})
    again = await astera.post(UNDO, {"token": letter.secret})

    reset = only(await household.letters(LetterKind.RESET))
    done = await astera.post(
        RESET, {"email": OLD, "token": reset.secret, "password": "a lake of large ones"}
    )
    assert (letter.to, letter.about, letter.code) == (OLD, NEW, "")
    assert said(undone) == UNDONE
    assert said(again) == NOT_GOOD
    assert await astera.statuses_of(adas, thief) == [401, 401]
    assert reset.to == OLD
    assert done.status_code == 200
    assert await address_of(astera, "ada", "a lake of large ones") == OLD


async def test_an_undo_outlives_a_second_change(
    household: Household, astera: Astera, adas: str
) -> None:
    """Who stole an account cannot make the first letter worthless by changing once more."""
    letter = await changed(household, astera, adas)
    household.clock.advance(timedelta(minutes=1))
    thiefs = await astera.log_in(NEW, PASSWORD)
    second = await asked(household, astera, thiefs, "thief@example.net")
    await astera.post(CHANGE, {"newEmail": "thief@example.net", "token": second.secret})
    household.clock.advance(timedelta(days=6))

    undone = await astera.post(UNDO, {"token": letter.secret})

    assert said(undone) == UNDONE
    assert await address_of(astera) == OLD


async def test_a_change_voids_what_was_open(
    household: Household, astera: Astera, adas: str
) -> None:
    """A reset letter at the old address sets no password any more."""
    await astera.post(FORGOT, {"user": "ada"})
    reset = only(await household.letters(LetterKind.RESET))
    await changed(household, astera, adas)

    answer = await astera.post(RESET, {"user": "ada", "token": reset.secret, "password": "other"})

    assert said(answer) == NOT_GOOD


async def test_the_first_address_needs_no_undo(household: Household, astera: Astera) -> None:
    """Nobody was reached at an old one; the new one is confirmed by the change."""
    await household.make("cleo")
    token = await astera.log_in("cleo", PASSWORD)

    letter = await asked(household, astera, token)
    done = await astera.post(CHANGE, {"newEmail": NEW, "token": letter.code})

    assert said(done) == CHANGED
    assert {one.kind for one in await household.letters()} == {LetterKind.CHANGE}
    assert (await astera.try_log_in(NEW, PASSWORD)).json()["user"]["emailConfirmed"] is True


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        (ASK_CHANGE, {}, misread("newEmail is required.", "#/newEmail")),
        (ASK_CHANGE, {"NEWEMAIL": 1}, misread("newEmail must be a text.", "#/newEmail")),
        (
            ASK_CHANGE,
            {"newEmail": NEW, "password": 1},
            misread("password must be a text.", "#/password"),
        ),
        (VERIFY_CHANGE, {"newEmail": NEW}, misread("token is required.", "#/token")),
        (CHANGE, {"token": "x"}, misread("newEmail is required.", "#/newEmail")),
        (CHANGE, {"newEmail": NEW, "token": None}, misread("token must be a text.", "#/token")),
        (UNDO, {}, misread("token is required.", "#/token")),
        (UNDO, {"token": "a\0"}, misread("token may hold no NUL character.", "#/token")),
    ],
)
async def test_bodies_that_lack_something(
    astera: Astera, adas: str, path: str, body: Json, refusal: Json
) -> None:
    """The member is named as the page spells it."""
    answer = await astera.post(path, body, token=adas)

    assert said(answer) == refusal
