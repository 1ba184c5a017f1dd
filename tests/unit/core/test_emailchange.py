"""Changing an address: who may, what both addresses hear, and how it is undone."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import ELSEWHERE, GOOD, HERE, House
from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Actor
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.authenticate import Caller

OLD, NEW, THIRD = "ada@example.org", "ada@example.net", "thief@example.com"
BAD = Refused(Refusal.TICKET_BAD)
PROOF = Refused(Refusal.PROOF_NEEDED)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def ada(house: House) -> Account:
    return await house.add("ada", email=OLD)


async def asked(house: House, *, new: str = NEW, actor: Actor | None = None) -> Letter:
    who = actor or await house.actor("ada")
    assert await house.services.email_change.ask(who, new) is None
    return await house.letter(LetterKind.CHANGE)


async def change(
    house: House, token: str, *, new: str | None = NEW, actor: Actor | None = None
) -> object:
    return await house.services.email_change.change(token, new_email=new, origin=HERE, actor=actor)


async def changed(house: House, new: str = NEW) -> Letter:
    """Change the address, and return the letter that undoes it."""
    letter = await asked(house, new=new)
    assert isinstance(await change(house, letter.secret, new=new), Account)
    return await house.letter(LetterKind.ADDRESS_CHANGED)


async def undo(house: House, letter: Letter) -> object:
    return await house.services.email_change.undo(letter.secret, origin=ELSEWHERE)


async def email_of(house: House, name: str = "ada") -> str | None:
    account = await house.services.accounts.find(name)
    assert account is not None
    assert account.email_confirmed_at is not None
    return account.email


async def test_both_addresses_hear_of_it(house: House) -> None:
    """The new one can say yes, the old one is told; nothing has changed yet."""
    await house.services.email_change.ask(await house.actor("ada"), NEW)

    letters = {letter.kind: letter for letter in await house.post()}

    assert letters[LetterKind.CHANGE].to == NEW
    notice = letters[LetterKind.CHANGE_REQUESTED]
    assert (notice.to, notice.about, notice.secret, notice.code) == (OLD, NEW, "", "")
    assert await email_of(house) == OLD


@pytest.mark.parametrize("field", ["code", "secret"])
async def test_the_new_address_counts_once_it_is_proved(
    house: House, ada: Account, field: str
) -> None:
    """From then on it logs in and the old one does not; the sessions live on."""
    caller = await house.caller("ada")
    letter = await asked(house)

    outcome = await change(house, getattr(letter, field))

    assert isinstance(outcome, Account)
    assert (outcome.email, outcome.id) == (NEW, ada.id)
    assert (await house.sign_in(NEW)).account.id == ada.id
    assert await house.try_sign_in(OLD) == Refused(Refusal.WRONG_CREDENTIALS)
    assert caller.token is not None


async def test_verifying_spends_nothing(house: House) -> None:
    """However often it is asked."""
    letter = await asked(house)
    verify = house.services.email_change.verify

    for token in (letter.code, letter.secret) * 6:
        assert await verify(token, new_email=NEW, origin=HERE) is None

    assert await verify(letter.code, new_email=THIRD, origin=HERE) == BAD
    assert isinstance(await change(house, letter.code), Account)


async def test_of_several_at_once_one_wins(house: House) -> None:
    """And the old address hears of it once."""
    letter = await asked(house)

    outcomes = await asyncio.gather(*(change(house, letter.secret) for _ in range(5)))

    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert outcomes.count(BAD) == 4
    await house.letter(LetterKind.ADDRESS_CHANGED)


async def test_an_old_log_in_needs_the_password(house: House) -> None:
    """A stolen token does not give the account away; ten minutes are the limit."""
    actor = await house.actor("ada")
    house.clock.advance(timedelta(minutes=10, seconds=1))

    ask = house.services.email_change.ask

    assert await ask(actor, NEW) == PROOF
    wrong = await ask(actor, NEW, password="wrong")
    assert wrong == Refused(Refusal.WRONG_PASSWORD)
    assert await house.post() == []
    assert await ask(actor, NEW, password=GOOD) is None
    assert (await house.letter(LetterKind.CHANGE)).to == NEW


async def test_an_exchanged_session_is_as_old_as_its_password(house: House) -> None:
    """Who stole a token cannot make it look new."""
    caller = await house.caller("ada")
    house.clock.advance(timedelta(minutes=11))
    hour = timedelta(hours=1)
    issued = await house.services.renewal.exchange(caller, origin=HERE, lifetime=hour, longest=hour)
    assert not isinstance(issued, Refused)

    fresh = await house.services.authenticate.token(issued.token)

    assert isinstance(fresh, Caller)
    assert await house.services.email_change.ask(fresh.actor(HERE), NEW) == PROOF


async def test_no_key_changes_an_address(house: House) -> None:
    """Whatever its scopes."""
    holder = await house.key_holder((await house.make_key("ada")).text)

    refused = await house.services.email_change.ask(holder.actor(HERE), NEW, password=GOOD)

    assert refused == Refused(Refusal.KEY_SCOPE)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("nobody", Refusal.ADDRESS_INVALID),
        ("x@y.z\r\nBcc: all@example.org", Refusal.ADDRESS_INVALID),
        ("Ada@Example.org", Refusal.ADDRESS_SAME),
    ],
)
async def test_what_is_no_change(house: House, new: str, reason: Refusal) -> None:
    """No address, more than one, or the one that is there."""
    refused = await house.services.email_change.ask(await house.actor("ada"), new)

    assert refused == Refused(reason)


async def test_another_ones_address_looks_the_same(house: House) -> None:
    """Its owner is told, with nothing to click; the caller learns nothing."""
    await house.add("bob", email=NEW)

    assert await house.services.email_change.ask(await house.actor("ada"), NEW) is None

    letter = await house.letter(LetterKind.CHANGE_IN_USE)
    assert (letter.to, letter.name, letter.secret, letter.code) == (NEW, "bob", "", "")


async def test_an_address_that_is_taken_meanwhile(house: House) -> None:
    """Who proved it first has it."""
    letter = await asked(house)
    await house.add("bob", email=NEW)

    assert await change(house, letter.secret) == Refused(Refusal.ADDRESS_TAKEN)
    assert await email_of(house) == OLD


async def test_an_address_that_is_a_name_meanwhile(house: House) -> None:
    """An address cannot be confirmed while it is another's name."""
    letter = await asked(house, new="bob@example.org")
    await house.add("bob@example.org")

    outcome = await change(house, letter.secret, new="bob@example.org")

    assert outcome == Refused(Refusal.ADDRESS_TAKEN)


async def test_somebody_elses_ticket(house: House) -> None:
    """Who is logged in as another cannot use it, and the address must be the one asked for."""
    await house.add("bob")
    letter = await asked(house)
    bob = await house.actor("bob")

    for token in (letter.secret, letter.code):
        assert await change(house, token, actor=bob) == BAD
        assert await change(house, token, new=THIRD) == BAD
    own = await house.actor("ada")
    assert isinstance(await change(house, letter.secret, actor=own), Account)


async def test_one_wish_a_minute(house: House) -> None:
    """It is one's own account, so the wait is told."""
    actor = await house.actor("ada")
    await asked(house, actor=actor)

    refused = await house.services.email_change.ask(actor, THIRD)

    assert refused == Refused(Refusal.THROTTLED, retry_after=60)


async def test_undo_gives_the_account_back(house: House) -> None:
    """With all sessions ended, and a letter to set a new password."""
    thief = await house.sign_in("ada")
    letter = await changed(house, THIRD)

    outcome = await undo(house, letter)

    assert isinstance(outcome, Account)
    assert (letter.to, letter.about, letter.code) == (OLD, THIRD, "")
    assert await email_of(house) == OLD
    assert await house.services.authenticate.token(thief.token) is None
    assert (await house.letter(LetterKind.RESET)).to == OLD
    assert await undo(house, letter) == BAD


async def test_a_second_change_does_not_void_the_first_undo(house: House) -> None:
    """Else a thief would change the address twice, and keep it."""
    first = await changed(house, NEW)
    house.clock.advance(MINUTE)
    second = await changed(house, THIRD)

    assert isinstance(await undo(house, first), Account)

    assert await email_of(house) == OLD
    assert await undo(house, second) == BAD


async def test_a_changed_password_does_not_void_an_undo(house: House) -> None:
    """A thief changes the password too."""
    letter = await changed(house, THIRD)
    thief = await house.actor("ada")
    await house.services.passwords.change(thief, current=GOOD, new="stolen words", documented=1)

    assert isinstance(await undo(house, letter), Account)


async def test_an_undo_lasts_a_week(house: House) -> None:
    """Then the new address is for good."""
    letter = await changed(house)
    house.clock.advance(timedelta(days=7))

    assert await undo(house, letter) == BAD


async def test_a_change_ends_open_letters(house: House) -> None:
    """A reset letter to the old address is worthless after it."""
    await house.services.recovery.ask(OLD, origin=HERE)
    reset = await house.letter(LetterKind.RESET)
    await changed(house)

    refused = await house.services.recovery.verify(reset.secret, identifier=None, origin=HERE)

    assert refused == BAD


async def test_a_first_address_has_nothing_to_undo(house: House) -> None:
    """Nobody was at the old address."""
    await house.add("eve")
    letter = await asked(house, actor=await house.actor("eve"))

    assert isinstance(await change(house, letter.secret), Account)

    assert await house.post() == []
