"""Who holds an API key, and what it costs to know."""

import asyncio
from datetime import timedelta

import pytest

from fakes import PlainKeySafe
from unit.core.conftest import HERE, OPERATOR, House
from watchword.core.apikeys.model import Scope, write_key
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.authenticate import Caller


async def test_a_key_is_its_account(house: House) -> None:
    """The holder of a key is the account it was made for, without a session."""
    ada = await house.add("ada")
    made = await house.make_key("ada")

    caller = await house.key_holder(made.text)

    assert (caller.account, caller.session, caller.token) == (ada, None, None)
    assert caller.actor(HERE).key_id == made.key.id
    assert caller.actor(HERE).session_id is None


async def test_a_mistyped_key_is_refused_without_a_look(house: House) -> None:
    """The database may even be down."""
    await house.add("ada")
    made = await house.make_key("ada")
    house.storage.broken = UnavailableError()

    assert await house.services.check_key.caller(made.text[:-1] + "!") is None


async def test_an_unknown_key_is_nobody(house: House) -> None:
    """A key with a right checksum that we never made."""
    assert await house.services.check_key.caller(write_key(4711)) is None


async def test_a_known_key_is_not_looked_up_again(house: House) -> None:
    """A thousand checks cost one look."""
    await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)
    house.storage.broken = UnavailableError()

    assert isinstance(await house.services.check_key.caller(made.text), Caller)


async def test_a_deleted_key_is_dead_at_once(house: House) -> None:
    """Also where it was known."""
    await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)

    await house.services.api_keys.revoke(OPERATOR, made.key.id)

    assert await house.services.check_key.caller(made.text) is None


async def test_a_disabled_account_has_no_keys(house: House) -> None:
    """They come back with the account."""
    ada = await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)

    await house.services.accounts.change(OPERATOR, ada.id, active=False)
    while_disabled = await house.services.check_key.caller(made.text)
    await house.services.accounts.change(OPERATOR, ada.id, active=True)

    assert while_disabled is None
    assert isinstance(await house.services.check_key.caller(made.text), Caller)


async def test_a_deleted_account_has_no_keys(house: House) -> None:
    """They go with it."""
    ada = await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)

    await house.services.accounts.delete(OPERATOR, ada.id)

    assert await house.services.check_key.caller(made.text) is None


async def test_a_key_expires_while_it_is_known(house: House) -> None:
    """What is remembered does not outlive the key."""
    await house.add("ada")
    ends = house.clock.now() + timedelta(hours=1)
    made = await house.make_key("ada", expires_at=ends)
    await house.key_holder(made.text)

    house.clock.advance(timedelta(hours=1))

    assert await house.services.check_key.caller(made.text) is None


async def test_past_its_rate_a_key_is_told_to_wait(house: House) -> None:
    """And whoever has another key is not."""
    await house.add("ada")
    fast, slow = await house.make_key("ada"), await house.make_key("ada", per_minute=2)

    outcomes = [await house.services.check_key.caller(slow.text) for _ in range(3)]

    assert [isinstance(outcome, Caller) for outcome in outcomes] == [True, True, False]
    refused = outcomes[2]
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.number) == (Refusal.KEY_THROTTLED, 2)
    assert refused.retry_after > 0
    await house.key_holder(fast.text)


async def test_who_looks_again_makes_no_use(house: House) -> None:
    """A key at its rate is still good, and its last use stays where it was."""
    await house.add("ada")
    made = await house.make_key("ada", per_minute=1)
    check_key = house.services.check_key

    again = [await check_key.caller(made.text, is_use=False) for _ in range(3)]
    await check_key.write_uses()

    assert all(isinstance(one, Caller) for one in again)
    assert await last_used(house) is None
    await house.key_holder(made.text)
    assert isinstance(await check_key.caller(made.text, is_use=False), Caller)


async def test_use_is_noted_and_written_later(house: House) -> None:
    """No check writes; the note is right to the minute."""
    await house.add("ada")
    made = await house.make_key("ada")
    house.clock.advance(timedelta(minutes=5, seconds=42))
    for _ in range(10):
        await house.key_holder(made.text)
    before = await last_used(house)

    await house.services.check_key.write_uses()

    assert before is None
    assert await last_used(house) == house.clock.now().replace(second=0)


async def test_a_use_in_a_later_minute_is_noted_again(house: House) -> None:
    """Although the key was known all the time."""
    await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)
    await house.services.check_key.write_uses()

    house.clock.advance(timedelta(minutes=7))
    await house.key_holder(made.text)
    await house.services.check_key.write_uses()

    assert await last_used(house) == house.clock.now().replace(second=0)


async def test_what_cannot_be_written_now_is_written_later(house: House) -> None:
    """A database that is down for a while loses no note."""
    await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)
    house.storage.broken = UnavailableError()
    with pytest.raises(UnavailableError):
        await house.services.check_key.write_uses()
    house.storage.broken = None

    await house.services.check_key.write_uses()

    assert await last_used(house) is not None


async def test_what_was_interrupted_is_written_later(house: House) -> None:
    """A server that stops while it writes has not forgotten what it had to write."""
    await house.add("ada")
    made = await house.make_key("ada")
    await house.key_holder(made.text)
    writing = asyncio.create_task(house.services.check_key.write_uses())
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    before = await last_used(house)

    await house.services.check_key.write_uses()

    assert before is None
    assert await last_used(house) is not None


async def test_a_key_under_a_retired_secret_still_opens(house: House) -> None:
    """And with its first use it is kept under the current one."""
    await house.add("ada")
    made = await house.make_key("ada")
    newer = House(
        clock=house.clock,
        storage=house.storage,
        key_safe=PlainKeySafe(current="newer", retired=(house.key_safe.current,)),
    )

    caller = await newer.key_holder(made.text)
    await newer.services.check_key.write_uses()

    newest = House(clock=house.clock, storage=house.storage, key_safe=PlainKeySafe(current="newer"))
    assert caller.account.name == "ada"
    assert (await newest.key_holder(made.text)).account.name == "ada"
    page = await newest.services.api_keys.own((await newest.caller("ada")).actor(HERE))
    assert not isinstance(page, Refused)
    assert [shown.text for shown in page.items] == [made.text]


async def test_a_credential_reaches_as_far_as_its_scopes(house: House) -> None:
    """A session reaches everywhere; a key where it may, and nowhere that is for no key."""
    await house.add("ada")
    session = await house.caller("ada")
    made = await house.make_key("ada", scopes=frozenset({Scope.ACCOUNTS_READ}))
    key = await house.key_holder(made.text)

    assert session.may(None)
    assert session.may(Scope.ACCOUNTS_READ)
    assert key.may(Scope.ACCOUNTS_READ)
    assert not key.may(Scope.IDENTIFY)
    assert not key.may(None)


async def last_used(house: House) -> object:
    async with house.storage.open_work() as work:
        page = await work.api_keys.page(limit=10)
    return page.items[0].last_used_at


async def test_memory_alone_speaks_for_known_keys(house: House) -> None:
    """None of a key that nobody looked up, that reaches less far, or that was revoked."""
    await house.add("ada")
    made = await house.make_key("ada")
    check_key = house.services.check_key

    unknown = check_key.at_once(made.text, reaches=lambda _: True)
    looked_up = await house.key_holder(made.text)
    known = check_key.at_once(made.text, reaches=lambda _: True)
    short = check_key.at_once(made.text, reaches=lambda _: False)
    await house.services.api_keys.revoke(OPERATOR, made.key.id)

    assert known == looked_up
    assert (unknown, short) == (None, None)
    assert check_key.at_once(made.text, reaches=lambda _: True) is None


async def test_memory_alone_counts_the_uses_of_a_key(house: House) -> None:
    """Past its rate it leaves the key to who can say so."""
    await house.add("ada")
    made = await house.make_key("ada", per_minute=2)
    check_key = house.services.check_key

    await house.key_holder(made.text)
    allowed = check_key.at_once(made.text, reaches=lambda _: True)
    too_many = check_key.at_once(made.text, reaches=lambda _: True)

    assert isinstance(allowed, Caller)
    assert too_many is None
    assert isinstance(await check_key.caller(made.text), Refused)
