"""When sessions were used: what is noted, when it is written, and what that costs."""

import asyncio
from datetime import datetime, timedelta

import pytest

from unit.core.conftest import OPERATOR, House
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.services.authenticate import Caller
from watchword.core.services.sessionuses import NOTED_EVERY, WRITTEN_EVERY

SECOND = timedelta(seconds=1)


async def signed_in(house: House, *names: str) -> list[SessionId]:
    """Make accounts with a session each."""
    found = []
    for name in names:
        await house.add(name)
        found.append((await house.sign_in(name)).session.id)
    return found


def used_at(house: House, session_id: SessionId) -> datetime | None:
    return house.storage.rows.sessions[session_id].last_used_at


async def test_a_use_is_written_at_the_next_turn(house: House) -> None:
    """No request writes for it; a minute later everybody can see it."""
    await house.add("ada")
    token = (await house.sign_in("ada")).token
    before, at = house.storage.rows, house.clock.now()

    caller = await house.services.authenticate.token(token)
    after = house.storage.rows
    house.clock.advance(WRITTEN_EVERY)
    await house.services.session_uses.write_due()

    assert isinstance(caller, Caller)
    assert caller.session is not None
    assert caller.session.last_used_at is None
    assert after is before
    assert used_at(house, caller.session.id) == at


async def test_nothing_is_written_before_its_time(house: House) -> None:
    """However often somebody asks whether it is time; after it the count begins again."""
    (session,) = await signed_in(house, "ada")
    uses = house.services.session_uses
    seen = []

    for seconds in range(102):
        uses.note(session, house.clock.now())
        await uses.write_due()
        if seconds in (49, 50, 99, 100, 101):
            seen.append(used_at(house, session))
        house.clock.advance(SECOND)

    begin = house.clock.now() - 102 * SECOND
    first, second = begin + 50 * SECOND, begin + 100 * SECOND
    assert seen == [None, first, first, second, second]


async def test_every_second_is_enough(house: House) -> None:
    """Of many uses in one second the first is noted, also where the token was known."""
    await house.add("ada")
    signed = await house.sign_in("ada")
    begin = house.clock.now()
    seen = []

    for _ in range(6):
        await house.services.authenticate.token(signed.token)
        await house.services.session_uses.write()
        seen.append(used_at(house, signed.session.id))
        house.clock.advance(NOTED_EVERY / 2)

    assert seen == [begin + n * NOTED_EVERY for n in (0, 0, 1, 1, 2, 2)]
    assert house.signer.reads == 1


async def test_a_bad_token_is_no_use(house: House) -> None:
    """Neither of a session that ended, nor of one whose account is closed."""
    ada = await house.add("ada")
    token = (await house.sign_in("ada")).token
    await house.services.accounts.change(OPERATOR, ada.id, active=False)
    before = house.storage.rows

    caller = await house.services.authenticate.token(token)
    await house.services.session_uses.write()

    assert caller is None
    assert house.storage.rows is before


async def test_with_nothing_noted_nothing_is_asked(house: House) -> None:
    """An idle server leaves the database alone."""
    house.storage.broken = UnavailableError()
    uses = house.services.session_uses
    house.clock.advance(WRITTEN_EVERY)

    await uses.write_due()
    await uses.write()
    await uses.write_of(AccountId("anybody"))

    assert house.storage.rows.sessions == {}


async def test_what_could_not_be_written_is_written_later(house: House) -> None:
    """And what was noted while it was tried counts more."""
    ada, bob = await signed_in(house, "ada", "bob")
    uses, begin = house.services.session_uses, house.clock.now()
    for session in (ada, bob):
        uses.note(session, begin)
    writing = asyncio.create_task(uses.write())
    await asyncio.sleep(0)
    uses.note(bob, begin + SECOND)
    house.storage.broken = UnavailableError()
    with pytest.raises(UnavailableError):
        await writing
    house.storage.broken = None

    await uses.write()

    assert (used_at(house, ada), used_at(house, bob)) == (begin, begin + SECOND)


async def test_a_failing_database_is_asked_at_each_turn_only(house: House) -> None:
    """Nobody hammers it: after a failure the next turn comes when it would have come."""
    (session,) = await signed_in(house, "ada")
    uses = house.services.session_uses
    uses.note(session, house.clock.now())
    house.clock.advance(WRITTEN_EVERY)
    house.storage.broken = UnavailableError()
    with pytest.raises(UnavailableError):
        await uses.write_due()

    await uses.write_due()
    house.storage.broken = None
    await uses.write_due()
    assert used_at(house, session) is None
    house.clock.advance(WRITTEN_EVERY)
    await uses.write_due()

    assert used_at(house, session) is not None


async def test_thousands_are_written_some_at_a_time(house: House) -> None:
    """And those of sessions that are gone meanwhile stop nobody."""
    (session,) = await signed_in(house, "ada")
    uses, now = house.services.session_uses, house.clock.now()
    before = house.storage.revocations.number
    for number in range(1200):
        uses.note(SessionId(f"gone {number}"), now)
    uses.note(session, now)

    await uses.write()

    assert used_at(house, session) == now
    assert house.storage.revocations.number == before


async def test_one_accounts_uses_can_be_written_alone(house: House) -> None:
    """The others wait for their turn."""
    ada, bob = await signed_in(house, "ada", "bob")
    uses, now = house.services.session_uses, house.clock.now()
    for session in (ada, bob):
        uses.note(session, now)
    account = house.storage.rows.sessions[ada].account_id

    await uses.write_of(account)
    alone = (used_at(house, ada), used_at(house, bob))
    await uses.write()

    assert alone == (now, None)
    assert used_at(house, bob) == now


async def test_whoever_was_not_there_is_not_written(house: House) -> None:
    """Others' notes alone make no write for an account."""
    ada, bob = await signed_in(house, "ada", "bob")
    house.services.session_uses.note(bob, house.clock.now())
    account = house.storage.rows.sessions[ada].account_id
    before = house.storage.rows

    await house.services.session_uses.write_of(account)

    assert house.storage.rows is before
