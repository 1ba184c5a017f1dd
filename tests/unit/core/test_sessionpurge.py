"""What ends idle sessions: a portion at a time, told to whoever records it, and audited."""

from datetime import datetime, timedelta

import pytest

from unit.core.conftest import HERE, House
from unit.core.opening import open_sessions
from watchword.core.audit.model import Action
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.ids import SessionId
from watchword.core.ports import Work
from watchword.core.services.jobs import HOUSE
from watchword.core.services.sessionpurge import LOOKED_AT_ONCE

DAY = timedelta(days=1)
BY_HOUSE = Actor(name=HOUSE, is_admin=True, origin=HERE)


class Told:
    """Remembers what was told along with each commit."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def __call__(self, work: Work, count: int, following: str | None) -> None:
        del work, following
        self.counts.append(count)


async def purge(house: House, since: datetime, told: Told) -> None:
    after = None
    while True:
        after = await house.services.session_purge.end_idle(since=since, after=after, along=told)
        if after is None:
            return


async def test_idle_sessions_end_in_portions(house: House) -> None:
    """Each commit says how many; the end of each is felt and enters the feed."""
    await open_sessions(house, LOOKED_AT_ONCE + 7)
    house.clock.advance(3 * DAY)
    kept = await open_sessions(house, 2)
    before, told = house.storage.revocations.number, Told()

    await purge(house, house.clock.now() - DAY, told)

    assert told.counts == [LOOKED_AT_ONCE - 2, 9]
    assert sorted(house.storage.rows.sessions) == sorted(kept)
    assert house.storage.revocations.number > before
    assert len(house.storage.rows.revocations) == LOOKED_AT_ONCE + 7


async def test_one_that_was_used_lately_lives_on(house: House) -> None:
    """Though it is old, and though the use is only noted so far."""
    old, noted, unused = await open_sessions(house, 3)
    house.clock.advance(3 * DAY)
    house.services.session_uses.note(old, house.clock.now())
    await house.services.session_uses.write()
    house.services.session_uses.note(noted, house.clock.now())

    await house.services.session_purge.write_uses()
    await purge(house, house.clock.now() - DAY, told := Told())

    assert told.counts == [1]
    assert unused not in house.storage.rows.sessions
    assert {old, noted} <= set(house.storage.rows.sessions)


async def test_without_idle_ones_nothing_is_written(house: House) -> None:
    """Not even that there were none."""
    await open_sessions(house, 3)
    before = house.storage.rows

    await purge(house, house.clock.now() - DAY, told := Told())

    assert told.counts == []
    assert house.storage.rows is before


async def test_whoever_may_not_record_ends_nothing(house: House) -> None:
    """Another has the job by now, and does it."""

    def along(work: Work, count: int, following: str | None) -> None:
        del count, following
        work.sessions.require(SessionId("not there"))

    sessions = await open_sessions(house, 3)
    house.clock.advance(3 * DAY)

    with pytest.raises(DeniedError):
        await house.services.session_purge.end_idle(
            since=house.clock.now(), after=None, along=along
        )

    assert sorted(house.storage.rows.sessions) == sorted(sessions)


async def test_expired_ones_are_counted_and_swept(house: House) -> None:
    """Those that were over at a moment, until none is left."""
    await open_sessions(house, 3)
    house.clock.advance(31 * DAY)
    at = house.clock.now()

    before = await house.services.session_purge.count_expired(at=at)
    await house.services.session_purge.sweep()

    assert before == 3
    assert await house.services.session_purge.count_expired(at=at) == 0


async def test_the_audit_trail_is_told_once(house: House) -> None:
    """By whom, in which job and how many."""
    ended = SessionId("its own")

    await house.services.session_purge.tell(
        BY_HOUSE, "17", 12, along=lambda work: work.sessions.end(ended)
    )

    trail = await house.services.audit.page(action=Action.SESSION_PURGE)
    assert [(one.actor, one.subject, one.detail) for one in trail.items] == [(HOUSE, "17", "12")]
