"""POST /api/account/confirmEmail and resendConfirmation: who reads the letters to an address."""

from datetime import timedelta

import pytest

from dialects.asking import Json, said
from dialects.astera.talk import (
    CONFIRM,
    NOT_GOOD,
    RESEND,
    TAKEN,
    Astera,
    message,
    misread,
    only,
    refused,
)
from dialects.household import PASSWORD, Household
from watchword.core.outbox.model import Letter, LetterKind

ADDRESS = "Ada@example.com"
CONFIRMED = message("The address is confirmed.")
ASKED = message(
    "If there is such an account and its address waits for this, a letter is on its way."
)


async def registered(household: Household, astera: Astera, name: str = "ada") -> Letter:
    """Register somebody with the address, and return the letter."""
    answer = await astera.register(name, "pass", email=ADDRESS)
    assert answer.status_code == 200, answer.text
    letters = await household.letters(LetterKind.CONFIRM)
    return only([letter for letter in letters if letter.name == name])


@pytest.mark.parametrize("by", ["secret", "code"])
async def test_a_letter_confirms_its_address(household: Household, astera: Astera, by: str) -> None:
    """By the end of its link or by its code; then one can log in with the address."""
    letter = await registered(household, astera)
    before = await astera.try_log_in(ADDRESS, "pass")

    answer = await astera.post(CONFIRM, {"email": ADDRESS.lower(), "code": getattr(letter, by)})

    after = await astera.try_log_in(ADDRESS, "pass")
    assert before.status_code == 401
    assert said(answer) == CONFIRMED
    assert after.json()["user"]["emailConfirmed"] is True


@pytest.mark.parametrize("spell", ["{}", " {} ", "lower", "plain", "letters"])
async def test_a_code_is_taken_as_people_type_it(
    household: Household, astera: Astera, spell: str
) -> None:
    """With or without the hyphen, in small letters, with O and I for the digits."""
    code = (await registered(household, astera)).code
    typed = {
        "lower": code.lower(),
        "plain": code.replace("-", ""),
        "letters": code.replace("0", "o").replace("1", "I"),
    }.get(spell, spell.format(code))

    answer = await astera.post(CONFIRM, {"EMAIL": ADDRESS, "Code": typed})

    assert said(answer) == CONFIRMED


@pytest.mark.parametrize("by", ["secret", "code"])
async def test_only_with_the_address_that_it_went_to(
    household: Household, astera: Astera, by: str
) -> None:
    """Another one, or none at all, is no use; nothing is spent by trying."""
    letter = await registered(household, astera)
    code = getattr(letter, by)

    other = await astera.post(CONFIRM, {"email": "eve@example.com", "code": code})
    empty = await astera.post(CONFIRM, {"email": "", "code": code})
    right = await astera.post(CONFIRM, {"email": ADDRESS, "code": code})

    assert said(other) == said(empty) == NOT_GOOD
    assert said(right) == CONFIRMED


async def test_five_wrong_codes_end_a_code_and_not_the_link(
    household: Household, astera: Astera
) -> None:
    """The sixth is refused though it is right; the link has 192 bits and goes on."""
    letter = await registered(household, astera)
    wrong = "0000-0000" if letter.code != "0000-0000" else "1111-1111"

    guesses = [await astera.post(CONFIRM, {"email": ADDRESS, "code": wrong}) for _ in range(5)]
    by_code = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.code})
    by_link = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.secret})

    assert {str(said(answer)) for answer in (*guesses, by_code)} == {str(NOT_GOOD)}
    assert said(by_link) == CONFIRMED


async def test_a_code_ends_before_its_link(household: Household, astera: Astera) -> None:
    """Ten minutes for the one, a day for the other."""
    letter = await registered(household, astera)
    household.clock.advance(timedelta(minutes=10))

    by_code = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.code})
    by_link = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.secret})

    assert said(by_code) == NOT_GOOD
    assert said(by_link) == CONFIRMED


async def test_two_accounts_wait_for_one_address(household: Household, astera: Astera) -> None:
    """Each code is its own account's; the second to confirm hears that the address is taken."""
    first = await registered(household, astera)
    second = await registered(household, astera, "eve")

    ours = await astera.post(CONFIRM, {"email": ADDRESS, "code": first.code})
    theirs = await astera.post(CONFIRM, {"email": ADDRESS, "code": second.secret})

    who = await astera.try_log_in(ADDRESS, "pass")
    assert said(ours) == CONFIRMED
    assert said(theirs) == TAKEN
    assert who.json()["user"]["user"] == "ada"


@pytest.mark.parametrize("body", [{"email": "ada@example.com"}, {"user": "ADA"}])
async def test_a_letter_is_sent_once_more(household: Household, astera: Astera, body: Json) -> None:
    """By the name or by the address; the new one voids the last."""
    first = await registered(household, astera)
    household.clock.advance(timedelta(seconds=1))

    answer = await astera.post(RESEND, body)

    _, second = await household.letters(LetterKind.CONFIRM)
    by_first = await astera.post(CONFIRM, {"email": ADDRESS, "code": first.secret})
    by_second = await astera.post(CONFIRM, {"email": ADDRESS, "code": second.secret})
    assert said(answer) == ASKED
    assert said(by_first) == NOT_GOOD
    assert said(by_second) == CONFIRMED


async def test_who_asks_for_a_letter_learns_nothing(household: Household, astera: Astera) -> None:
    """Unknown, confirmed, disabled, without an address, or asked for twice: one answer."""
    await registered(household, astera, "ada")
    await household.make("bob", email="bob@example.com")
    await household.make("cleo")
    await household.disable(await household.make("dora"))
    names = ["ada", "ada", "bob", "bob@example.com", "cleo", "dora", "nobody", "x@example.com"]

    answers = [await astera.post(RESEND, {"user": name}) for name in names]

    assert {str(said(answer)) for answer in answers} == {str(ASKED)}
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1
    assert len(await household.letters(LetterKind.CONFIRM)) == 2
    assert len(await household.letters()) == 2


async def test_one_letter_a_minute(household: Household, astera: Astera) -> None:
    """Who is held back hears nothing of it."""
    await registered(household, astera)

    answers = []
    for _ in range(4):
        answers.append(await astera.post(RESEND, {"user": "ada"}))
        household.clock.advance(timedelta(seconds=25))

    assert {str(said(answer)) for answer in answers} == {str(ASKED)}
    assert len(await household.letters(LetterKind.CONFIRM)) == 3


async def test_twenty_an_hour_from_one_address(household: Household, astera: Astera) -> None:
    """Known or not; then 429, with the time to wait."""
    answers = [await astera.post(RESEND, {"user": f"name {number}"}) for number in range(21)]
    household.clock.advance(timedelta(hours=1))
    later = await astera.post(RESEND, {"user": "ada"})

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "3600"
    text = "Too many attempts. Try again in 3600 seconds."
    assert said(answers[-1]) == refused(429, text, "throttled")
    assert said(later) == ASKED


@pytest.mark.parametrize("body", [{}, {"email": "", "user": None}, {"mail": "ada@example.com"}])
async def test_somebody_must_be_named(astera: Astera, body: Json) -> None:
    """A letter to nobody is a mistake of the client's programmer."""
    answer = await astera.post(RESEND, body)

    assert said(answer) == misread("email or user is required.")


async def test_a_disabled_account_confirms_nothing(household: Household, astera: Astera) -> None:
    """Its letters are as bad as any."""
    letter = await registered(household, astera)
    ada = await household.services.accounts.find("ada")
    assert ada is not None
    await household.disable(ada)

    answer = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.secret})

    assert said(answer) == NOT_GOOD


async def test_nobody_guesses_for_long(household: Household, astera: Astera) -> None:
    """A hundred tokens in a quarter of an hour are looked at from one address, of all kinds."""
    letter = await registered(household, astera)
    body = {"email": "eve@example.com", "code": "x"}

    answers = [await astera.post(CONFIRM, body) for _ in range(100)]
    late = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.secret})
    household.clock.advance(timedelta(minutes=15))
    later = await astera.post(CONFIRM, {"email": ADDRESS, "code": letter.secret})

    assert {answer.status_code for answer in answers} == {400}
    assert (late.status_code, late.headers["retry-after"]) == (429, "900")
    assert said(later) == CONFIRMED
    assert (await astera.try_log_in("ada", PASSWORD)).status_code == 401
