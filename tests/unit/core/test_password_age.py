"""Passwords that expire, where an operator wants that, and passwords that cannot come back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.audit.model import Action
from watchword.core.groups.model import Group
from watchword.core.policy.passwords import PRESETS, PasswordDemand, PasswordPolicy, Preset
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.groups import GroupChange
from watchword.core.services.sessiondoor import SignedIn

DAY = timedelta(days=1)
NEW = "another good long password"
STANDARD = PRESETS[Preset.STANDARD]
NINETY = replace(STANDARD, days=90)


@pytest.fixture
def house() -> House:
    return House(rules=ruled(passwords=NINETY))


async def change(house: House, *, name: str = "ada", current: str = GOOD, new: str = NEW) -> object:
    return await house.services.passwords.change_by_name(
        name, current=current, new=new, documented=1, origin=HERE
    )


async def group(house: House, name: str, **policy: int) -> Group:
    made = await house.services.groups.make(OPERATOR, GroupChange(name=name, **policy))
    assert isinstance(made, Group)
    return made


@pytest.mark.parametrize("preset", Preset)
def test_no_preset_lets_passwords_expire(preset: Preset) -> None:
    """NIST and ASVS advise against it, so only an operator's own word turns it on."""
    assert PRESETS[preset].days == 0


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        ([], (90, 2)),
        ([(None, None)], (90, 2)),
        ([(30, None)], (30, 2)),
        ([(0, None)], (0, 2)),
        ([(0, None), (365, None)], (365, 2)),
        ([(180, None), (365, None), (None, 5)], (180, 5)),
        ([(None, 0)], (90, 0)),
        ([(None, 3), (None, 9)], (90, 9)),
    ],
)
def test_a_groups_word_counts_instead_of_the_servers(
    demands: list[tuple[int | None, int | None]], expected: tuple[int, int]
) -> None:
    """Of several groups the strictest counts."""
    policy = replace(STANDARD, days=90, history=2)

    found = policy.under(PasswordDemand(days=days, history=most) for days, most in demands)

    assert (found.days, found.history) == expected


def test_an_expired_password_cannot_be_set_again() -> None:
    """Where passwords expire, history has the current one at least."""
    assert PasswordPolicy(length_min=8, blocklist=True, days=90).remembers == 1
    assert PasswordPolicy(length_min=8, blocklist=True).remembers == 0


async def test_a_log_in_says_when_the_password_expires(house: House) -> None:
    """So a client can warn in time."""
    ada = await house.add("ada")

    signed_in = await house.sign_in("ada")

    assert signed_in.password_ends_at == ada.created_at + 90 * DAY


async def test_without_a_policy_nothing_expires() -> None:
    """The default."""
    house = House()
    await house.add("ada")
    house.clock.advance(3650 * DAY)

    assert (await house.sign_in("ada")).password_ends_at is None


async def test_only_the_right_password_hears_that_it_expired(house: House) -> None:
    """Anybody else hears what they always hear."""
    await house.add("ada")
    house.clock.advance(90 * DAY)

    assert await house.try_sign_in("ada", "wrong") == Refused(Refusal.WRONG_CREDENTIALS)
    assert await house.try_sign_in("ada") == Refused(Refusal.PASSWORD_EXPIRED)
    assert await house.services.sessions.page() == await house.services.sessions.page(limit=1)
    assert (await house.services.sessions.page()).items == ()


async def test_a_disabled_account_hears_nothing_of_expiry(house: House) -> None:
    """Disabled comes first."""
    ada = await house.add("ada")
    await house.services.accounts.change(OPERATOR, ada.id, active=False)
    house.clock.advance(90 * DAY)

    assert await house.try_sign_in("ada") == Refused(Refusal.DISABLED)


async def test_an_expired_password_is_no_failed_guess(house: House) -> None:
    """Who is told to change it is not told to wait as well."""
    await house.add("ada")
    house.clock.advance(90 * DAY)

    outcomes = [await house.try_sign_in("ada") for _ in range(20)]

    assert outcomes == [Refused(Refusal.PASSWORD_EXPIRED)] * 20
    page = await house.services.audit.page(action=Action.SESSION_SIGNIN_REFUSED)
    assert {event.detail for event in page.items} == {Refusal.PASSWORD_EXPIRED}


async def test_the_way_out_is_a_change_by_name(house: House) -> None:
    """Then the log-in works, and the next expiry is far away."""
    ada = await house.add("ada")
    house.clock.advance(100 * DAY)

    assert await change(house) is None

    signed_in = await house.sign_in("ada", NEW)
    assert signed_in.password_ends_at == house.clock.now() + 90 * DAY
    assert await house.try_sign_in("ada", GOOD) == Refused(Refusal.WRONG_CREDENTIALS)
    assert ada.id == signed_in.account.id


async def test_the_same_password_is_no_change(house: House) -> None:
    """Else expiry would ask for nothing."""
    await house.add("ada")

    assert await change(house, new=GOOD) == Refused(Refusal.PASSWORD_REUSED)


async def test_a_change_by_name_ends_every_session(house: House) -> None:
    """No token asked for it, so none is spared."""
    await house.add("ada")
    token = (await house.sign_in("ada")).token

    await change(house)

    assert await house.services.authenticate.token(token) is None


async def test_a_change_by_name_tells_a_stranger_nothing(house: House) -> None:
    """Unknown, disabled and wrong are one refusal, before a word about the new password."""
    await house.add("ada")
    eve = await house.add("eve")
    await house.services.accounts.change(OPERATOR, eve.id, active=False)
    hashes = house.hasher.verified

    wrong = await change(house, current="wrong", new="x")
    unknown = await change(house, name="nobody", new="x")
    looked = house.hasher.verified - hashes

    assert wrong == unknown == Refused(Refusal.WRONG_CREDENTIALS)
    assert looked == 2
    assert await change(house, name="eve", current="wrong", new="x") == wrong
    assert await change(house, name="eve", new="x") == Refused(Refusal.DISABLED)


async def test_a_change_by_name_is_no_way_to_guess(house: House) -> None:
    """It has the limits of a log-in, for names that nobody has as well."""
    await house.add("ada")

    for name in ("ada", "nobody"):
        outcomes = await asyncio.gather(
            *(change(house, name=name, current="wrong") for _ in range(10))
        )

        assert outcomes.count(Refused(Refusal.WRONG_CREDENTIALS)) == 5
        assert outcomes.count(Refused(Refusal.THROTTLED, retry_after=1)) == 5


async def test_of_two_changes_at_once_one_counts(house: House) -> None:
    """The other's current password was not current any more."""
    await house.add("ada")
    wishes = [f"another good long password {number}" for number in range(3)]

    outcomes = await asyncio.gather(*(change(house, new=wish) for wish in wishes))

    assert outcomes.count(None) == 1
    assert outcomes.count(Refused(Refusal.WRONG_CREDENTIALS)) == 2
    await house.sign_in("ada", wishes[outcomes.index(None)])


async def test_a_group_can_free_its_members(house: House) -> None:
    """For instance those whose accounts machines use."""
    ada = await house.add("ada")
    machines = await group(house, "machines", password_days=0)
    await house.services.groups.put(OPERATOR, machines, ada.id)
    house.clock.advance(365 * DAY)

    signed_in = await house.sign_in("ada")

    assert signed_in.password_ends_at is None
    assert [one.group for one in signed_in.memberships] == [machines]


async def test_a_group_can_ask_more(house: House) -> None:
    """Less time, and a longer history."""
    ada = await house.add("ada")
    strict = await group(house, "strict", password_days=7, password_history=3)
    await house.services.groups.put(OPERATOR, strict, ada.id)
    passwords = [GOOD, *(f"another good long password {number}" for number in range(3))]
    for current, new in pairwise(passwords):
        assert await change(house, current=current, new=new) is None

    outcomes = [await change(house, current=passwords[-1], new=one) for one in passwords[::-1]]

    assert outcomes == [Refused(Refusal.PASSWORD_REUSED)] * 3 + [None]
    house.clock.advance(7 * DAY)
    assert await house.try_sign_in("ada") == Refused(Refusal.PASSWORD_EXPIRED)


async def test_a_renewal_says_when_the_password_expires(house: House) -> None:
    """As the log-in did; a session is not ended by it."""
    ada = await house.add("ada")
    caller = await house.caller("ada")
    house.clock.advance(10 * DAY)

    renewed = await house.services.renewal.renew(caller, origin=HERE, lifetime=timedelta(hours=1))

    assert isinstance(renewed, SignedIn)
    assert renewed.password_ends_at == ada.created_at + 90 * DAY
