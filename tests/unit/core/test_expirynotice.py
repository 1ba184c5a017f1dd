"""The letter that comes before a password expires."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from unit.core.conftest import GOOD, HERE, OPERATOR, House, ruled
from watchword.core.groups.model import Group
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.passwords import PRESETS, Preset
from watchword.core.services.groups import GroupChange

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
NEW = "another good long password"
NINETY = ruled(passwords=replace(PRESETS[Preset.STANDARD], days=90))
ADDRESS = "ada@example.org"


@pytest.fixture
def house() -> House:
    return House(rules=NINETY)


async def told(house: House) -> list[Letter]:
    """Let the house look, and return the letters that arrived by it."""
    await house.services.expiry_notice.tell()
    letters = await house.post()
    assert {one.kind for one in letters} <= {LetterKind.PASSWORD_EXPIRES}
    return letters


async def put_into(house: House, name: str, group: str, days: int | None) -> None:
    """Put an account into a group of its own."""
    account = await house.services.accounts.find(name)
    made = await house.services.groups.make(OPERATOR, GroupChange(name=group, password_days=days))
    assert account is not None
    assert isinstance(made, Group)
    await house.services.groups.put(OPERATOR, made, account.id)


async def change_password(house: House, current: str, new: str) -> None:
    outcome = await house.services.passwords.change_by_name(
        "ada", current=current, new=new, documented=1, origin=HERE
    )
    assert outcome is None
    await house.post()  # the notice that it was changed


async def test_a_letter_comes_a_week_before(house: House) -> None:
    """To the address, with the name, and it says when."""
    ada = await house.add("Ada", email=ADDRESS)
    house.clock.advance(83 * DAY - HOUR)

    early = await told(house)
    house.clock.advance(HOUR + SECOND)
    (letter,) = await told(house)

    assert early == []
    assert (letter.to, letter.name) == (ADDRESS, "Ada")
    assert letter.ends_at == ada.created_at + 90 * DAY


async def test_one_password_is_announced_once(house: House) -> None:
    """However often somebody looks, and on however many machines."""
    await house.add("ada", email=ADDRESS)
    house.clock.advance(85 * DAY)
    others = [house.under(NINETY).expiry_notice for _ in range(5)]

    await asyncio.gather(*(one.tell() for one in others))
    letters = await told(house)
    house.clock.advance(DAY)

    assert len(letters) == 1
    assert await told(house) == []


async def test_the_next_password_gets_its_own(house: House) -> None:
    """A change starts again from the beginning."""
    await house.add("ada", email=ADDRESS)
    house.clock.advance(85 * DAY)
    first = await told(house)
    await change_password(house, GOOD, NEW)
    changed_at = house.clock.now()

    house.clock.advance(5 * DAY)
    soon = await told(house)
    house.clock.advance(80 * DAY)
    (second,) = await told(house)

    assert (len(first), soon) == (1, [])
    assert second.ends_at == changed_at + 90 * DAY


async def test_only_who_can_be_reached_is_told(house: House) -> None:
    """Not who has no address, and not who is disabled."""
    await house.add("bob")
    eve = await house.add("eve", email="eve@example.org")
    await house.services.accounts.change(OPERATOR, eve.id, active=False)
    house.clock.advance(85 * DAY)

    assert await told(house) == []


async def test_what_has_expired_is_not_announced(house: House) -> None:
    """Whoever turns expiry on for old passwords floods nobody: the next log-in says it."""
    await house.add("ada", email=ADDRESS)
    house.clock.advance(90 * DAY)

    assert await told(house) == []


async def test_a_groups_word_counts_instead_of_the_servers(house: House) -> None:
    """A group can free its members, and can ask more of them; of several the strictest counts."""
    for name in ("ada", "bob", "cyd"):
        await house.add(name, email=f"{name}@example.org")
    await put_into(house, "ada", "machines", 0)
    await put_into(house, "bob", "strict", 30)
    await put_into(house, "bob", "lax", 365)
    await put_into(house, "cyd", "silent", None)

    house.clock.advance(25 * DAY)
    early = await told(house)
    house.clock.advance(60 * DAY)
    late = await told(house)

    assert [one.name for one in early] == ["bob"]
    assert [one.name for one in late] == ["cyd"]


async def test_a_group_alone_is_enough() -> None:
    """Also where the server lets nothing expire."""
    house = House()
    await house.add("ada", email=ADDRESS)
    await house.add("bob", email="bob@example.org")
    await put_into(house, "ada", "strict", 90)
    house.clock.advance(85 * DAY)

    letters = await told(house)

    assert [one.name for one in letters] == ["ada"]


async def test_without_a_policy_nobody_is_told() -> None:
    """The default: no password ends."""
    house = House()
    await house.add("ada", email=ADDRESS)
    house.clock.advance(85 * DAY)

    assert await told(house) == []


async def test_it_looks_once_an_hour(house: House) -> None:
    """Calling it every few seconds costs nothing; a day's notice more or less is no matter."""
    await house.add("ada", email=ADDRESS)
    house.clock.advance(83 * DAY - HOUR + 2 * SECOND)
    await told(house)

    house.clock.advance(HOUR - SECOND)
    between = await told(house)
    house.clock.advance(SECOND)

    assert between == []
    assert len(await told(house)) == 1


async def test_many_are_told_at_once(house: House) -> None:
    """More than one batch, all of the same moment."""
    for number in range(250):
        await house.add(f"n{number}", email=f"n{number}@example.org")
    house.clock.advance(85 * DAY)

    letters = await told(house)

    assert len({one.to for one in letters}) == len(letters) == 250


async def test_a_letter_that_comes_too_late_is_not_sent(house: House) -> None:
    """The mail server was away for a week: the password has expired, and the log-in says so."""
    await house.add("ada", email=ADDRESS)
    house.clock.advance(85 * DAY)
    await house.services.expiry_notice.tell()
    house.clock.advance(5 * DAY)

    assert await house.post() == []
