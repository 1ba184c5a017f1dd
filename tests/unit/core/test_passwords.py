"""Changing and resetting passwords."""

import asyncio
from datetime import timedelta

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Role
from watchword.core.kernel.ids import AccountId
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.policy.refusals import Refusal, Refused

NEW = "another good long password"


async def test_changing_ends_the_other_sessions(house: House) -> None:
    """The device that asks stays logged in; the others and the old password are out."""
    await house.add("ada")
    other = await house.sign_in("ada")
    mine = await house.sign_in("ada")
    caller = await house.services.authenticate.token(mine.token)
    assert caller is not None

    outcome = await house.services.passwords.change(
        caller.actor(HERE), current=GOOD, new=NEW, documented=4
    )

    assert outcome is None
    assert await house.services.authenticate.token(mine.token) is not None
    assert await house.services.authenticate.token(other.token) is None
    assert await house.try_sign_in("ada", GOOD) == Refused(Refusal.WRONG_CREDENTIALS)
    await house.sign_in("ada", NEW)


async def test_a_stolen_token_is_no_way_to_guess(house: House) -> None:
    """Wrong current passwords count as failed log-ins."""
    await house.add("ada")
    actor = await house.actor("ada")
    guesses = [
        house.services.passwords.change(actor, current="wrong", new=NEW, documented=4)
        for _ in range(10)
    ]

    outcomes = await asyncio.gather(*guesses)

    assert outcomes.count(Refused(Refusal.WRONG_PASSWORD)) == 5
    assert outcomes.count(Refused(Refusal.THROTTLED, retry_after=1)) == 5
    assert await house.try_sign_in("ada") == Refused(Refusal.THROTTLED, retry_after=1)


async def test_a_bad_new_password_is_told_after_the_right_current_one(house: House) -> None:
    """And nothing changes."""
    await house.add("ada")
    actor = await house.actor("ada")

    outcome = await house.services.passwords.change(actor, current=GOOD, new="x", documented=4)

    assert outcome == Refused(Refusal.PASSWORD_SHORT, number=8)
    await house.sign_in("ada", GOOD)


async def test_of_two_changes_at_once_one_wins(house: House) -> None:
    """The loser is told that the current password is not what they typed."""
    await house.add("ada")
    actor = await house.actor("ada")
    change = house.services.passwords.change

    outcomes = await asyncio.gather(
        change(actor, current=GOOD, new=NEW + "1", documented=4),
        change(actor, current=GOOD, new=NEW + "2", documented=4),
    )

    assert sorted(map(str, outcomes)) == ["None", str(Refused(Refusal.WRONG_PASSWORD))]


async def test_a_reset_ends_everything(house: House) -> None:
    """Every session ends, and so does every wait."""
    await house.add("root", role=Role.ADMIN)
    ada = await house.add("ada")
    token = (await house.sign_in("ada")).token
    for _ in range(6):
        await house.try_sign_in("ada", "wrong")
    admin = await house.actor("root")

    outcome = await house.services.passwords.reset(admin, ada.id, new=NEW, documented=4)

    assert outcome is None
    assert await house.services.authenticate.token(token) is None
    await house.sign_in("ada", NEW)


async def test_resetting_nobody(house: House) -> None:
    """The password is judged first, then the account looked for."""
    nobody, reset = AccountId("nobody"), house.services.passwords.reset

    assert await reset(OPERATOR, nobody, new="x", documented=4) == Refused(
        Refusal.PASSWORD_SHORT, number=8
    )
    assert await reset(OPERATOR, nobody, new=NEW, documented=4) == Refused(Refusal.NOT_FOUND)


async def test_nist_remembers_five(house: House) -> None:
    """The current password and four before it are not taken again; the sixth last is."""
    ada = await house.add("ada")
    nist = house.under(ruled(passwords=PRESETS[Preset.NIST])).passwords
    used = [GOOD, *(f"{NEW} {number}" for number in range(5))]
    for password in used[1:]:
        assert await nist.reset(OPERATOR, ada.id, new=password, documented=4) is None

    outcomes = [
        await nist.reset(OPERATOR, ada.id, new=password, documented=4) for password in used[1:]
    ]

    assert outcomes == [Refused(Refusal.PASSWORD_REUSED)] * 5
    assert await nist.reset(OPERATOR, ada.id, new=used[0], documented=4) is None


async def test_an_account_that_goes_in_the_meantime(house: House) -> None:
    """A deleted account has no password to change."""
    ada = await house.add("ada")
    actor = await house.actor("ada")
    await house.services.accounts.delete(OPERATOR, ada.id)
    house.clock.advance(timedelta(seconds=1))

    outcome = await house.services.passwords.change(actor, current=GOOD, new=NEW, documented=4)

    assert outcome == Refused(Refusal.NOT_FOUND)
