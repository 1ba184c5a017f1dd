"""Proving an address: the letter, the code, the link, and what others see."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import ELSEWHERE, GOOD, HERE, OPERATOR, House
from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.caller import Origin
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.signup import Wish
from watchword.core.tickets.model import Purpose

ADA = "ada@example.org"
BAD = Refused(Refusal.TICKET_BAD)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def root(house: House) -> Account:
    return await house.add("root", role=Role.ADMIN)


async def registered(house: House, name: str = "ada", email: str = ADA) -> Account:
    made = await house.services.signup.register(
        Wish(name=name, password=GOOD, email=email), origin=HERE
    )
    assert isinstance(made, Account)
    return made


async def confirm(house: House, token: str, *, email: str | None = ADA) -> object:
    return await house.services.confirmation.confirm(token, email=email, origin=HERE)


async def resent(house: House, identifier: str) -> list[Letter]:
    assert await house.services.confirmation.resend(identifier, origin=HERE) is None
    return await house.post()


@pytest.mark.parametrize("field", ["code", "secret"])
async def test_an_address_counts_once_it_is_proved(house: House, field: str) -> None:
    """Before that nobody logs in by it; with link or code it is the account's."""
    ada = await registered(house)
    letter = await house.letter(LetterKind.CONFIRM)
    assert await house.try_sign_in(ADA) == Refused(Refusal.WRONG_CREDENTIALS)

    outcome = await confirm(house, getattr(letter, field))

    assert isinstance(outcome, Account)
    assert outcome.email_confirmed_at == house.clock.now()
    assert (await house.sign_in(ADA)).account.id == ada.id


async def test_who_has_the_link_says_no_address(house: House) -> None:
    """A page knows the link alone; a code alone belongs to nobody."""
    await registered(house)
    letter = await house.letter(LetterKind.CONFIRM)

    assert await confirm(house, letter.code, email=None) == BAD
    assert isinstance(await confirm(house, letter.secret, email=None), Account)


async def test_of_several_at_once_one_wins(house: House) -> None:
    """And a spent ticket stays spent."""
    await registered(house)
    letter = await house.letter(LetterKind.CONFIRM)

    outcomes = await asyncio.gather(*(confirm(house, letter.code) for _ in range(4)))

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert await confirm(house, letter.secret) == BAD


async def test_looking_spends_nothing(house: House) -> None:
    """Link scanners look; the page says what its button would do."""
    await registered(house)
    letter = await house.letter(LetterKind.CONFIRM)

    looks = [await house.services.tickets.look(Purpose.CONFIRM, letter.secret) for _ in range(9)]

    assert looks[0] is not None
    assert (looks[0].name, looks[0].address) == ("ada", ADA)
    assert looks == [looks[0]] * 9
    assert await house.services.tickets.look(Purpose.RESET, letter.secret) is None
    assert isinstance(await confirm(house, letter.secret), Account)
    assert await house.services.tickets.look(Purpose.CONFIRM, letter.secret) is None


async def test_a_known_address_looks_the_same(house: House) -> None:
    """The account is made, its owner learns of it, and the address stays the owner's."""
    owner = await house.add("ada", email=ADA)

    made = await registered(house, "eve")

    assert (made.email, made.email_confirmed_at) == (ADA, None)
    letter = await house.letter(LetterKind.ALREADY_REGISTERED)
    assert (letter.to, letter.name, letter.secret, letter.code) == (ADA, "ada", "", "")
    assert (await house.sign_in(ADA)).account == owner


async def test_who_proves_it_first_has_it(house: House) -> None:
    """Two accounts can wait for one address."""
    await registered(house, "ada")
    first = await house.letter(LetterKind.CONFIRM)
    eve = await registered(house, "eve")
    second = await house.letter(LetterKind.CONFIRM)

    assert isinstance(await confirm(house, second.code), Account)

    assert (await house.sign_in(ADA)).account.id == eve.id
    assert await confirm(house, first.secret) == Refused(Refusal.ADDRESS_TAKEN)
    assert await confirm(house, first.code) == Refused(Refusal.ADDRESS_TAKEN)


async def test_a_disabled_account_proves_nothing(house: House) -> None:
    """Until it is enabled again."""
    ada = await registered(house)
    letter = await house.letter(LetterKind.CONFIRM)
    await house.services.accounts.change(OPERATOR, ada.id, active=False)

    assert await confirm(house, letter.secret) == BAD
    assert await house.services.tickets.look(Purpose.CONFIRM, letter.secret) is None


async def test_an_admin_who_makes_an_account_proves_no_address(house: House) -> None:
    """Only the command line vouches for one."""
    admin = await house.actor("root")
    await house.services.signup.create(admin, Wish(name="ada", password=GOOD, email=ADA))

    assert (await house.letter(LetterKind.CONFIRM)).to == ADA


@pytest.mark.parametrize("identifier", ["ada", " Ada", "ADA@example.org"])
async def test_the_letter_comes_again(house: House, identifier: str) -> None:
    """By name or by the address itself; only the newest counts."""
    await registered(house)
    first = await house.letter(LetterKind.CONFIRM)
    house.clock.advance(MINUTE)

    (second,) = await resent(house, identifier)

    assert await confirm(house, first.code) == BAD
    assert isinstance(await confirm(house, second.code), Account)


async def test_who_gets_no_letter_again(house: House) -> None:
    """Strangers, and those who need none; and nobody twice a minute."""
    await house.add("bob", email="bob@example.org")
    await registered(house)
    await house.post()

    for identifier in ("nobody", "no@example.org", "bob", "bob@example.org", "root", ""):
        assert await resent(house, identifier) == []

    assert len(await resent(house, "ada")) == 1
    assert await resent(house, ADA) == []


async def test_twenty_an_hour_from_one_address(house: House) -> None:
    """Known or not; other addresses go on."""
    for number in range(20):
        await resent(house, f"nobody{number}")

    resend = house.services.confirmation.resend

    assert await resend("ada", origin=HERE) == Refused(Refusal.THROTTLED, retry_after=3600)
    assert await resend("ada", origin=ELSEWHERE) is None


async def test_the_letter_speaks_the_readers_language(house: House) -> None:
    """That of whoever registered."""
    here = Origin(HERE.address, HERE.dialect, "de")
    await house.services.signup.register(Wish(name="ada", password=GOOD, email=ADA), origin=here)

    assert (await house.letter(LetterKind.CONFIRM)).language == "de"
