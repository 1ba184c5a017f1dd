"""Making, showing, replacing and ending API keys."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from unit.core.conftest import HERE, OPERATOR, House, ruled
from watchword.core.accounts.model import Account, Role
from watchword.core.apikeys.model import EVERYDAY, Scope
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.kernel.page import Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.apikeys import KeyRules, KeyWish, ShownKey
from watchword.core.services.authenticate import Caller
from watchword.core.services.signup import Wish


async def texts(house: House, actor: Actor) -> list[str]:
    page = await house.services.api_keys.own(actor)
    assert isinstance(page, Page)
    return [shown.text for shown in page.items]


async def test_a_key_by_name_identifies_its_maker(house: House) -> None:
    """It has the everyday scopes and no end."""
    await house.add("ada")
    actor = await house.actor("ada")

    made = await house.services.api_keys.make(actor, "  cron  ")

    assert isinstance(made, ShownKey)
    assert (made.key.name, made.key.scopes, made.key.expires_at) == ("cron", EVERYDAY, None)
    assert (await house.key_holder(made.text)).account.id == actor.account_id


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\u202eb", "\u200b"])
async def test_a_name_is_visible_and_not_long(house: House, name: str) -> None:
    """Names are shown in lists; what cannot be seen there is refused."""
    await house.add("ada")

    made = await house.services.api_keys.make(await house.actor("ada"), name)

    assert made == Refused(Refusal.KEY_NAME_INVALID, number=100)


async def test_a_key_is_no_name(house: House) -> None:
    """A key that was pasted into the wrong field would be kept in clear."""
    await house.add("ada")
    made = await house.make_key("ada")

    again = await house.services.api_keys.make(await house.actor("ada"), made.text)

    assert again == Refused(Refusal.KEY_NAME_INVALID, number=100)


async def test_two_keys_may_have_one_name(house: House) -> None:
    """The clients that we serve never asked for another."""
    await house.add("ada")
    actor = await house.actor("ada")

    await house.services.api_keys.make(actor, "cron")
    await house.services.api_keys.make(actor, "cron")

    assert len(await texts(house, actor)) == 2


async def test_the_list_shows_whole_keys(house: House) -> None:
    """As clients of the auth headers expect."""
    await house.add("ada")
    actor = await house.actor("ada")
    made = [await house.services.api_keys.make(actor, name) for name in ("one", "two")]

    assert await texts(house, actor) == [key.text for key in made if isinstance(key, ShownKey)]


async def test_shown_once_is_a_hint_later(house: House) -> None:
    """Where keys are shown once no readable copy is kept, also of those made before."""
    await house.add("ada")
    actor = await house.actor("ada")
    await house.make_key("ada")
    services = house.under(ruled(api_keys=KeyRules(shows_keys=False)))
    made = await services.api_keys.make(actor, "secret")
    assert isinstance(made, ShownKey)

    page = await services.api_keys.own(actor)
    await services.housekeeping.sweep()

    assert isinstance(page, Page)
    assert [shown.text for shown in page.items] == [shown.key.hint for shown in page.items]
    async with house.storage.open_work() as work:
        stored = await work.api_keys.page(limit=10)
    assert [key.sealed for key in stored.items] == ["", ""]
    assert isinstance(await services.check_key.caller(made.text), Caller)


async def test_expired_keys_are_not_listed_to_their_owner(house: House) -> None:
    """They open nothing; an operator still sees them for a while."""
    ada = await house.add("ada")
    await house.make_key("ada", expires_at=house.clock.now() + timedelta(hours=1))
    house.clock.advance(timedelta(hours=2))

    actor = await house.actor("ada")
    page = await house.services.api_keys.page(OPERATOR, account_id=ada.id)

    assert await texts(house, actor) == []
    assert isinstance(page, Page)
    assert len(page.items) == 1


async def test_a_key_is_deleted_by_text_or_id(house: House) -> None:
    """The documented way is the text; the id is accepted too."""
    await house.add("ada")
    actor = await house.actor("ada")
    one, two = await house.make_key("ada"), await house.make_key("ada")

    outcomes = [
        await house.services.api_keys.delete(actor, one.text),
        await house.services.api_keys.delete(actor, two.key.id),
    ]

    assert outcomes == [None, None]
    assert await texts(house, actor) == []


async def test_deleting_twice_is_not_found(house: House) -> None:
    """Twice in a row, and twice at once."""
    await house.add("ada")
    actor = await house.actor("ada")
    made = await house.make_key("ada")
    deletes = [house.services.api_keys.delete(actor, made.text) for _ in range(3)]

    outcomes = await asyncio.gather(*deletes)

    assert outcomes.count(None) == 1
    assert outcomes.count(Refused(Refusal.NOT_FOUND)) == 2


async def test_nobody_deletes_anothers_key(house: House) -> None:
    """Not even by its text, and not even an admin by this door."""
    await house.add("ada")
    await house.add("eve", role=Role.ADMIN)
    made = await house.make_key("ada")
    eve = await house.actor("eve")

    outcomes = [
        await house.services.api_keys.delete(eve, made.text),
        await house.services.api_keys.delete(eve, made.key.id),
    ]

    assert outcomes == [Refused(Refusal.NOT_FOUND)] * 2
    await house.key_holder(made.text)


async def test_an_account_has_so_many_keys(house: House) -> None:
    """However many are made at once; expired ones make room."""
    await house.add("ada")
    actor = await house.actor("ada")
    services = house.under(ruled(api_keys=KeyRules(per_account_max=3)))
    await house.make_key("ada", expires_at=house.clock.now() + timedelta(hours=1))

    outcomes = await asyncio.gather(*(services.api_keys.make(actor, "k") for _ in range(5)))
    house.clock.advance(timedelta(hours=2))
    later = await services.api_keys.make(await house.actor("ada"), "k")

    assert outcomes.count(Refused(Refusal.KEY_LIMIT, number=3)) == 3
    assert isinstance(later, ShownKey)


async def test_a_key_manages_no_keys_and_no_passwords(house: House) -> None:
    """Not its own account's, and not with every scope there is, held by an admin."""
    ada = await house.add("ada", role=Role.ADMIN)
    made = await house.make_key("ada", scopes=frozenset(Scope))
    actor = (await house.key_holder(made.text)).actor(HERE)
    keys, passwords = house.services.api_keys, house.services.passwords

    outcomes = [
        await keys.make(actor, "more"),
        await keys.make_for(actor, ada.id, KeyWish(name="more")),
        await keys.own(actor),
        await keys.page(actor),
        await keys.delete(actor, made.text),
        await keys.revoke(actor, made.key.id),
        await keys.rotate(actor, made.key.id, overlap=timedelta(0)),
        await passwords.change(actor, current="x", new="y", documented=1),
        await passwords.reset(actor, ada.id, new="y", documented=1),
    ]

    assert outcomes == [Refused(Refusal.KEY_SCOPE)] * len(outcomes)


async def test_a_key_makes_nobody_an_admin(house: House) -> None:
    """Whoever holds it could log in as an admin of their own making."""
    await house.add("ada", role=Role.ADMIN)
    eve = await house.add("eve")
    made = await house.make_key("ada", scopes=frozenset(Scope))
    actor = (await house.key_holder(made.text)).actor(HERE)
    wish = Wish(name="mallory", password="a good long password")
    services = house.services

    outcomes = [
        await services.signup.create(actor, replace(wish, role=Role.ADMIN)),
        await services.signup.register(replace(wish, role=Role.ADMIN), origin=HERE, by=actor),
        await services.accounts.change(actor, eve.id, role=Role.ADMIN),
    ]

    assert outcomes == [Refused(Refusal.KEY_SCOPE)] * 3
    assert isinstance(await services.signup.create(actor, wish), Account)
    assert isinstance(await services.accounts.change(actor, eve.id, active=False), Account)


async def test_only_admins_look_after_others_keys(house: House) -> None:
    """A user has their own door."""
    ada = await house.add("ada")
    made = await house.make_key("ada")
    actor = await house.actor("ada")
    keys = house.services.api_keys

    outcomes = [
        await keys.make_for(actor, ada.id, KeyWish(name="k", scopes=frozenset(Scope))),
        await keys.page(actor),
        await keys.revoke(actor, made.key.id),
        await keys.rotate(actor, made.key.id, overlap=timedelta(0)),
    ]

    assert outcomes == [Refused(Refusal.NOT_ADMIN)] * len(outcomes)


async def test_a_key_for_nobody_is_not_made(house: House) -> None:
    """The account may have gone while the operator typed."""
    made = await house.services.api_keys.make_for(OPERATOR, AccountId("x"), KeyWish(name="k"))

    assert made == Refused(Refusal.NOT_FOUND)


async def test_rotation_overlaps(house: House) -> None:
    """Both keys work until the old one ends; the new one is like the old."""
    await house.add("ada")
    scopes = frozenset({Scope.ACCOUNTS_READ})
    old = await house.make_key("ada", scopes=scopes, per_minute=90)

    new = await house.services.api_keys.rotate(OPERATOR, old.key.id, overlap=timedelta(hours=1))

    assert isinstance(new, ShownKey)
    assert (new.key.scopes, new.key.per_minute, new.key.name) == (scopes, 90, old.key.name)
    await house.key_holder(old.text)
    await house.key_holder(new.text)
    house.clock.advance(timedelta(hours=1))
    assert await house.services.check_key.caller(old.text) is None
    await house.key_holder(new.text)


async def test_rotation_without_overlap_ends_the_old_key_at_once(house: House) -> None:
    """As one does with a key that leaked; also at the limit of keys."""
    await house.add("ada")
    old = await house.make_key("ada")
    services = house.under(ruled(api_keys=KeyRules(per_account_max=1)))
    await house.key_holder(old.text)

    full = await services.api_keys.rotate(OPERATOR, old.key.id, overlap=timedelta(hours=1))
    new = await services.api_keys.rotate(OPERATOR, old.key.id, overlap=timedelta(0))

    assert full == Refused(Refusal.KEY_LIMIT, number=1)
    assert isinstance(new, ShownKey)
    assert await house.services.check_key.caller(old.text) is None


async def test_what_is_gone_cannot_be_rotated(house: House) -> None:
    """Neither an expired key nor one that never was."""
    await house.add("ada")
    old = await house.make_key("ada", expires_at=house.clock.now() + timedelta(hours=1))
    house.clock.advance(timedelta(hours=1))
    rotate = house.services.api_keys.rotate

    outcomes = [
        await rotate(OPERATOR, old.key.id, overlap=timedelta(0)),
        await rotate(OPERATOR, ApiKeyId("x"), overlap=timedelta(0)),
        await house.services.api_keys.revoke(OPERATOR, ApiKeyId("x")),
    ]

    assert outcomes == [Refused(Refusal.NOT_FOUND)] * 3


async def test_old_expired_keys_go(house: House) -> None:
    """A month after their end nobody asks for them any more."""
    await house.add("ada")
    await house.make_key("ada", expires_at=house.clock.now() + timedelta(hours=1))
    house.clock.advance(timedelta(days=31))

    await house.services.housekeeping.sweep()

    page = await house.services.api_keys.page(OPERATOR)
    assert isinstance(page, Page)
    assert page.items == ()
