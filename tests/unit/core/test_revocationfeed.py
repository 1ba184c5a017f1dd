"""The feed by which other services learn of revocations."""

import asyncio
from datetime import timedelta

import pytest

from unit.core.conftest import OPERATOR, House
from watchword.core.kernel.errors import UnavailableError
from watchword.core.revocations.model import Kind, sid_digest
from watchword.core.services.revocationfeed import WAITERS_MAX, FeedPage

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=30)


async def end(house: House, name: str = "ada") -> str:
    """Log in and out; return how the feed names the session."""
    caller = await house.caller(name)
    assert caller.session is not None
    await house.services.sessions.end(OPERATOR, caller.session.id)
    return sid_digest(caller.session.id)


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_log_out_is_told_by_a_digest(house: House) -> None:
    """Who has a token of the session knows it by its `sid`."""
    await house.add("ada")
    sid = await end(house)

    page = await house.services.revocation_feed.since(0, patience=LONG)

    assert [(one.kind, one.sid) for one in page.items] == [(Kind.SESSION, sid)]
    assert page.next == page.items[-1].number


async def test_nothing_new_is_an_empty_page(house: House) -> None:
    """At the end of the patience."""
    assert await house.services.revocation_feed.since(0, patience=AT_ONCE) == FeedPage((), 0)


async def test_who_waits_hears_at_once(house: House) -> None:
    """All who wait do, however far they have come."""
    await house.add("ada")
    await end(house)
    feed = house.services.revocation_feed
    waiting = [asyncio.create_task(feed.since(1, patience=LONG)) for _ in range(50)]
    await turns()

    sid = await end(house)

    pages = await asyncio.gather(*waiting)
    assert {tuple(one.sid for one in page.items) for page in pages} == {(sid,)}


async def test_a_thousand_readers_cost_one_read(house: House) -> None:
    """Each piece of news is read once for all who have come as far."""
    await house.add("ada")
    feed = house.services.revocation_feed
    waiting = [asyncio.create_task(feed.since(0, patience=LONG)) for _ in range(WAITERS_MAX)]
    await turns()

    with pytest.raises(UnavailableError):
        await feed.since(0, patience=LONG)

    await end(house)
    assert all(page.items for page in await asyncio.gather(*waiting))


async def test_places_come_back(house: House) -> None:
    """Who hangs up, and who waited in vain, leaves room for others."""
    feed = house.services.revocation_feed
    for _ in range(2):
        waiting = [asyncio.create_task(feed.since(0, patience=LONG)) for _ in range(WAITERS_MAX)]
        await turns()
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert await feed.since(0, patience=AT_ONCE) == FeedPage((), 0)


async def test_a_number_from_elsewhere_begins_again(house: House) -> None:
    """A database that was restored has given out fewer numbers than its readers know."""
    await house.add("ada")
    await end(house)

    page = await house.services.revocation_feed.since(99, patience=LONG)

    assert page == FeedPage((), 0, must_begin_again=True)


async def test_at_the_end_nobody_waits(house: House) -> None:
    """A server that stops is not held up by those who wait for news."""
    feed = house.services.revocation_feed
    waiting = asyncio.create_task(feed.since(0, patience=LONG))
    await turns()

    feed.close()

    assert await waiting == FeedPage((), 0)
    assert await feed.since(0, patience=LONG) == FeedPage((), 0)


async def test_a_database_that_goes_away_is_told(house: House) -> None:
    """Readers must not take silence for peace."""
    await house.add("ada")
    feed = house.services.revocation_feed
    waiting = asyncio.create_task(feed.since(0, patience=LONG))
    await turns()

    house.storage.broken = UnavailableError()
    house.storage.revocations.number += 1

    with pytest.raises(UnavailableError):
        await waiting


async def test_where_the_stamp_tells_not_all_the_database_is_asked(house: House) -> None:
    """Between nodes a revocation may not reach the stamp in time."""
    await house.add("ada")
    house.storage.revocations.lifetime = timedelta(seconds=0.9)
    feed = house.services.revocation_feed
    waiting = asyncio.create_task(feed.since(0, patience=LONG))
    await turns()
    stamp = house.storage.revocations.number
    sid = await end(house)
    house.storage.revocations.number = stamp

    page = await waiting

    assert [one.sid for one in page.items] == [sid]


async def test_distrusted_keys_are_told(house: House) -> None:
    """Whoever keeps our keys must fetch them anew."""
    await house.services.signing_keys.rotate(OPERATOR)
    await house.services.signing_keys.rotate(OPERATOR, distrust=True)

    page = await house.services.revocation_feed.since(0, patience=LONG)

    assert [one.kind for one in page.items] == [Kind.KEYS]


async def test_what_cannot_matter_any_more_goes(house: House) -> None:
    """When the session would have ended anyhow no token of it is good; clocks may differ."""
    await house.add("ada")
    await end(house)
    house.clock.advance(timedelta(days=30))
    newest = await end(house)
    await house.services.housekeeping.sweep()
    kept = await house.services.revocation_feed.since(0, patience=AT_ONCE)
    house.clock.advance(timedelta(hours=2))

    await house.services.housekeeping.sweep()

    page = await house.services.revocation_feed.since(0, patience=AT_ONCE)
    assert len(kept.items) == 2
    assert [one.sid for one in page.items] == [newest]
