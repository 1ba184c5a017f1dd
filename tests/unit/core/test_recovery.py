"""Forgotten passwords: who gets a letter, what it opens, and what strangers learn."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import ELSEWHERE, GOOD, HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Account
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.signup import Wish
from watchword.core.services.tickets import TicketRules

ADA = "ada@example.org"
NEW = "another long password"
BAD = Refused(Refusal.TICKET_BAD)


@pytest.fixture(autouse=True)
async def ada(house: House) -> Account:
    return await house.add("ada", email=ADA)


async def asked(house: House, identifier: str = ADA) -> Letter:
    assert await house.services.recovery.ask(identifier, origin=HERE) is None
    return await house.letter(LetterKind.RESET)


async def reset(
    house: House, token: str, *, identifier: str | None = ADA, new: str = NEW
) -> object:
    return await house.services.recovery.reset(
        token, identifier=identifier, new=new, documented=1, origin=HERE
    )


@pytest.mark.parametrize("identifier", ["ada", " ADA ", "Ada@Example.ORG"])
async def test_the_owner_gets_a_letter(house: House, ada: Account, identifier: str) -> None:
    """By name or address, in any spelling, to the address as it is stored."""
    letter = await asked(house, identifier)

    assert (letter.to, letter.name, letter.page) == (ADA, ada.name, "reset")


@pytest.mark.parametrize("identifier", ["ada", ADA])
async def test_a_code_resets(house: House, ada: Account, identifier: str) -> None:
    """The new password counts from then on, the old one does not."""
    letter = await asked(house)

    assert await reset(house, letter.code, identifier=identifier) == ada

    assert (await house.sign_in("ada", NEW)).account == ada
    assert await house.try_sign_in("ada", GOOD) == Refused(Refusal.WRONG_CREDENTIALS)


async def test_a_link_resets_without_a_name(house: House, ada: Account) -> None:
    """Who has the link need not say whose account it is."""
    letter = await asked(house)

    assert await reset(house, letter.secret, identifier=None) == ada


async def test_verifying_spends_nothing(house: House, ada: Account) -> None:
    """However often it is asked, by link and by code."""
    letter = await asked(house)

    for token in (letter.code, letter.secret) * 6:
        verdict = await house.services.recovery.verify(token, identifier=ADA, origin=HERE)
        assert verdict is None

    assert await reset(house, letter.code) == ada


async def test_a_reset_ends_sessions_and_waits(house: House, ada: Account) -> None:
    """Whoever guessed, and whoever got in, is out; the owner is told."""
    inside = await house.sign_in("ada")
    for _ in range(6):
        await house.try_sign_in("ada", "wrong", ELSEWHERE)
    letter = await asked(house)

    await reset(house, letter.code)

    assert await house.services.authenticate.token(inside.token) is None
    assert (await house.sign_in("ada", NEW, ELSEWHERE)).account == ada
    assert (await house.letter(LetterKind.PASSWORD_CHANGED)).to == ADA


@pytest.mark.parametrize("field", ["code", "secret"])
async def test_a_ticket_is_spent_once(house: House, field: str) -> None:
    """Afterwards neither the link nor the code is of use."""
    letter = await asked(house)
    await reset(house, getattr(letter, field))

    assert await reset(house, letter.code) == BAD
    assert await reset(house, letter.secret) == BAD
    assert await reset(house, letter.secret, identifier=None) == BAD


async def test_of_several_at_once_one_wins(house: House, ada: Account) -> None:
    """The others are told what a spent ticket is told."""
    letter = await asked(house)

    outcomes = await asyncio.gather(*(reset(house, letter.code) for _ in range(5)))

    assert sorted(map(repr, outcomes)) == sorted([repr(ada), *[repr(BAD)] * 4])


async def test_a_refused_password_spends_nothing(house: House, ada: Account) -> None:
    """The reason is told, and the ticket is still good."""
    letter = await asked(house)

    assert await reset(house, letter.code, new="short") == Refused(Refusal.PASSWORD_SHORT, number=8)

    assert await reset(house, letter.code) == ada


async def test_five_wrong_codes_end_the_code(house: House, ada: Account) -> None:
    """The link is 192 bits long and nobody's guess, so it stays good."""
    letter = await asked(house)
    for _ in range(5):
        assert await reset(house, "ABCD-EFGH") == BAD

    assert await reset(house, letter.code) == BAD

    assert await reset(house, letter.secret) == ada


async def test_a_code_lives_ten_minutes_and_a_link_two_hours(house: House) -> None:
    """Yesterday's letter opens nothing."""
    letter = await asked(house)

    house.clock.advance(timedelta(minutes=10))
    assert await reset(house, letter.code) == BAD
    house.clock.advance(timedelta(minutes=109))
    assert await house.services.recovery.verify(letter.secret, identifier=ADA, origin=HERE) is None
    house.clock.advance(timedelta(minutes=1))
    assert await reset(house, letter.secret) == BAD


async def test_a_new_letter_voids_the_last(house: House, ada: Account) -> None:
    """Of two letters in a mailbox the newer one counts."""
    first = await asked(house)
    house.clock.advance(timedelta(minutes=1))
    second = await asked(house)

    assert await reset(house, first.code) == BAD
    assert await reset(house, first.secret, identifier=None) == BAD
    assert await reset(house, second.code) == ada


async def test_a_ticket_of_another_account(house: House) -> None:
    """Neither with its link nor with its code."""
    await house.add("bob", email="bob@example.org")
    letter = await asked(house)

    for token in (letter.code, letter.secret):
        for identifier in ("bob", "bob@example.org", "nobody"):
            assert await reset(house, token, identifier=identifier) == BAD


async def test_a_ticket_of_another_purpose(house: House) -> None:
    """Confirming an address resets no password."""
    await house.add("root")
    await house.services.email_change.ask(await house.actor("ada"), "new@example.org")
    letter = await house.letter(LetterKind.CHANGE)

    assert await reset(house, letter.secret, identifier=None) == BAD
    assert await reset(house, letter.code) == BAD


async def test_a_change_of_password_ends_open_tickets(house: House) -> None:
    """A letter that somebody else asked for is worthless once the owner acted."""
    letter = await asked(house)
    actor = await house.actor("ada")
    assert await house.services.passwords.change(actor, current=GOOD, new=NEW, documented=1) is None

    assert await reset(house, letter.secret, identifier=None, new=GOOD) == BAD


async def test_who_gets_no_letter(house: House) -> None:
    """Strangers, the disabled, and those whose address nobody has proved."""
    off = await house.add("off", email="off@example.org")
    await house.add("root")
    await house.services.accounts.change(OPERATOR, off.id, active=False)
    unproved = Wish(name="eve", password=GOOD, email="eve@example.org")
    await house.services.signup.register(unproved, origin=HERE)
    await house.post()

    for identifier in ("nobody", "no@example.org", "off", "eve", "eve@example.org", ""):
        assert await house.services.recovery.ask(identifier, origin=HERE) is None

    assert await house.post() == []
    assert {ticket.account_id for ticket in house.storage.rows.tickets.values()} == {
        account.id for account in house.storage.rows.accounts.values() if account.name == "eve"
    }


async def test_nobodys_letter_costs_as_much_and_leaves_nothing(house: House) -> None:
    """Else a stopwatch would tell who has an account."""
    before = house.storage.rows.copy()

    await house.services.recovery.ask("nobody", origin=HERE)
    await house.services.confirmation.resend("nobody", origin=HERE)

    after = house.storage.rows
    assert (after.tickets, after.letters) == (before.tickets, before.letters)


async def test_one_letter_a_minute_in_silence(house: House) -> None:
    """By whatever name it is asked for, and from wherever."""
    await asked(house)
    for identifier, origin in ((ADA, HERE), ("ada", ELSEWHERE)):
        assert await house.services.recovery.ask(identifier, origin=origin) is None

    assert await house.post() == []
    house.clock.advance(timedelta(minutes=1))
    assert (await asked(house)).to == ADA


async def test_twenty_an_hour_from_one_address(house: House) -> None:
    """Known or not; other addresses go on."""
    for number in range(20):
        assert await house.services.recovery.ask(f"nobody{number}", origin=HERE) is None

    for identifier in (ADA, "nobody"):
        refused = await house.services.recovery.ask(identifier, origin=HERE)
        assert refused == Refused(Refusal.THROTTLED, retry_after=3600)
    assert await house.services.recovery.ask(ADA, origin=ELSEWHERE) is None


async def test_a_hundred_tickets_from_one_address(house: House) -> None:
    """Whether they are wrong or right."""
    letter = await asked(house)
    for _ in range(100):
        assert await reset(house, "x" * 32, identifier=None) == BAD

    outcome = await reset(house, letter.secret)

    assert outcome == Refused(Refusal.THROTTLED, retry_after=900)


async def test_without_links_a_letter_ends_with_its_code(house: House) -> None:
    """It would be of no use later."""
    services = house.under(ruled(tickets=TicketRules(has_links=False)))
    await services.recovery.ask(ADA, origin=HERE)

    (letter,) = await house.post()

    assert letter.ends_at == letter.code_ends_at


async def test_secrets_are_nowhere(house: House) -> None:
    """The ticket has digests, the outbox forgets a letter that was taken."""
    letter = await asked(house)

    rows = repr((house.storage.rows.tickets, house.storage.rows.letters))
    assert letter.secret not in rows
    assert letter.code.replace("-", "") not in rows
