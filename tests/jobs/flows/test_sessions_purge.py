"""The job that takes out sessions: which, how many it says, and what a kill changes."""

from datetime import timedelta

import pytest

from jobs.turning import Bench, bench
from unit.core.conftest import House
from unit.core.opening import open_sessions
from watchword.core.audit.model import Action, Event
from watchword.core.jobs.model import Lane
from watchword.core.kernel.errors import DeniedError, InvalidError
from watchword.core.services.housekeeping import BATCH_MAX
from watchword.core.services.sessionpurge import LOOKED_AT_ONCE
from watchword.jobs.book import Book
from watchword.jobs.flow import CancelledError, Turn
from watchword.jobs.flows import sessions_purge
from watchword.jobs.flows.sessions_purge import PurgeParameters

DAY = timedelta(days=1)
NAME = "sessions.purge"


@pytest.fixture
async def desk(house: House) -> Bench:
    return await bench(house, NAME)


async def run(turn: Turn, idle_days: int | None = None) -> object:
    return await sessions_purge.flow().run(PurgeParameters(idle_days=idle_days), turn)


async def trail(house: House) -> list[Event]:
    return list((await house.services.audit.page(action=Action.SESSION_PURGE)).items)


def test_what_it_is() -> None:
    """Light, each night, and one at a time."""
    flow = sessions_purge.flow()

    assert (flow.name, flow.lane, flow.runs_alone) == (NAME, Lane.LIGHT, True)
    assert flow.schedule == "17 3 * * *"


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "7", True])
def test_days_that_make_no_sense_are_refused(days: object) -> None:
    """Nobody means all sessions when they say 0."""
    book = Book(lambda: [sessions_purge.flow()], list)

    with pytest.raises(InvalidError, match="idle_days"):
        book.read(NAME, {"idle_days": days})


async def test_all_that_is_over_goes(house: House, desk: Bench) -> None:
    """However many portions that takes; a live session stays, idle or not."""
    await open_sessions(house, BATCH_MAX + 5)
    house.clock.advance(31 * DAY)
    [live] = await open_sessions(house, 1)
    house.clock.advance(20 * DAY)

    result = await run(await desk.turn())

    assert result == {"sessions": BATCH_MAX + 5}
    assert list(house.storage.rows.sessions) == [live]
    assert [one.detail for one in await trail(house)] == [str(BATCH_MAX + 5)]
    assert (await desk.now()).progress.counts == {"sessions": BATCH_MAX + 5}


async def test_idle_ones_end_too_if_asked(house: House, desk: Bench) -> None:
    """One whose use this process has only noted is not idle."""
    *idle, used = await open_sessions(house, 4)
    house.clock.advance(7 * DAY)
    house.services.session_uses.note(used, house.clock.now())
    [new] = await open_sessions(house, 1)
    house.clock.advance(DAY / 2)

    result = await run(await desk.turn(), 7)

    assert result == {"sessions": len(idle)}
    assert sorted(house.storage.rows.sessions) == sorted([used, new])


async def test_nothing_to_do_is_told_too(house: House, desk: Bench) -> None:
    """Who looks at the audit trail sees that it ran."""
    await open_sessions(house, 2)

    assert await run(await desk.turn(), 1) == {"sessions": 0}
    assert [one.subject for one in await trail(house)] == [str(desk.job.id)]


async def test_after_a_kill_it_goes_on(house: House, desk: Bench) -> None:
    """It counts on, and tells the audit trail once."""
    await open_sessions(house, 2 * LOOKED_AT_ONCE + 3)
    house.clock.advance(3 * DAY)
    first = await desk.turn()
    first.cancel()
    with pytest.raises(CancelledError):
        await run(first, 1)
    left = len(house.storage.rows.sessions)

    second, third = await run(await desk.turn(), 1), await run(await desk.turn(), 1)

    assert left == LOOKED_AT_ONCE + 3
    assert second == third == {"sessions": 2 * LOOKED_AT_ONCE + 3}
    assert house.storage.rows.sessions == {}
    assert [one.detail for one in await trail(house)] == [str(2 * LOOKED_AT_ONCE + 3)]


async def test_one_that_was_taken_over_ends_nothing(house: House, desk: Bench) -> None:
    """Nor does it tell anything."""
    await open_sessions(house, 3)
    house.clock.advance(3 * DAY)
    old = await desk.turn()
    await desk.turn()

    with pytest.raises(DeniedError):
        await run(old, 1)

    assert len(house.storage.rows.sessions) == 3
    assert await trail(house) == []
