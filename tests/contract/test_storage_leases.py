"""What every keeper of leases promises to the queue that gives jobs to workers."""

from datetime import datetime

import pytest

from contract.things import AT, DAY, SECOND
from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Storage

HEAVY, LIGHT = Lane.HEAVY, Lane.LIGHT
BOTH = (HEAVY, LIGHT)
UNTIL = AT + 10 * SECOND


async def put(storage: Storage, *numbers: int, lane: Lane = HEAVY, at: datetime = AT) -> None:
    for number in numbers:
        await storage.lease_desk.put(JobId(number), lane, at=at)


async def claim(
    storage: Storage,
    holder: str = "a",
    *lanes: Lane,
    at: datetime = AT,
    until: datetime = UNTIL,
    limit: int = 100,
) -> list[int]:
    claimed = await storage.lease_desk.claim(holder, lanes or BOTH, at=at, until=until, limit=limit)
    return list(claimed)


async def done(storage: Storage, holder: str, number: int, *, at: datetime = AT) -> None:
    await storage.lease_desk.done(holder, JobId(number), at=at)


async def test_a_job_that_waits_is_held_by_who_claims_it(storage: Storage) -> None:
    """It is there once, however often it was put, and gone when it is done."""
    await put(storage, 1, 1, 1)

    claimed = await claim(storage)
    await done(storage, "a", 1)

    assert claimed == [1]
    assert await claim(storage, at=AT + DAY, until=AT + 2 * DAY) == []


async def test_the_largest_number_is_held_as_well(storage: Storage) -> None:
    """As jobs are numbered."""
    await put(storage, 2**63 - 1)

    assert await claim(storage) == [2**63 - 1]


async def test_the_longest_waiting_go_first(storage: Storage) -> None:
    """Then by number; a few at a time if asked. What is put again keeps its place."""
    await put(storage, 5, 4)
    await put(storage, 3, 2, at=AT - SECOND)
    await put(storage, 1, at=AT - DAY)
    await put(storage, 2, 1)

    handed = [await claim(storage, limit=limit) for limit in (0, -1, 2, 2, 2)]

    assert handed == [[], [], [1, 2], [3, 4], [5]]


async def test_a_job_waits_from_the_moment_it_was_put_for(storage: Storage) -> None:
    """At the moment itself it does."""
    await put(storage, 1, at=AT + SECOND)

    assert await claim(storage) == []
    assert await claim(storage, at=AT + SECOND) == [1]


async def test_who_asks_for_a_lane_gets_jobs_of_it(storage: Storage) -> None:
    """Or of several; who asks for none gets none."""
    await put(storage, 1, 2)
    await put(storage, 3, 4, lane=LIGHT)

    assert await storage.lease_desk.claim("a", (), at=AT, until=UNTIL, limit=9) == ()
    assert await claim(storage, "a", LIGHT, limit=1) == [3]
    assert await claim(storage, "b", HEAVY, HEAVY) == [1, 2]
    assert await claim(storage, "c") == [4]


async def test_nothing_is_claimed_without_end(storage: Storage) -> None:
    """However many were asked for."""
    await put(storage, *range(1, PAGE_MAX + 3))

    assert len(await claim(storage, limit=10**9)) == PAGE_MAX


async def test_nobody_else_gets_a_job_that_is_held(storage: Storage) -> None:
    """Until the lease is over, to the moment; then it waits, and who comes first has it."""
    await put(storage, 1)
    just_before = UNTIL - SECOND

    assert await claim(storage) == [1]
    assert await claim(storage, "b", at=just_before) == []
    assert await claim(storage, "a", at=just_before) == []
    assert await claim(storage, "b", at=UNTIL, until=UNTIL + SECOND) == [1]
    assert await claim(storage, "a", at=UNTIL) == []


async def test_a_beat_holds_for_longer_what_is_held(storage: Storage) -> None:
    """All of it and no more; others keep their own ends."""
    await put(storage, 3, 1, 2)
    await claim(storage, "a", limit=2)
    await claim(storage, "b")
    later = UNTIL + 10 * SECOND

    kept = await storage.lease_desk.beat("a", at=AT + SECOND, until=later)

    assert kept == (1, 2)
    assert await storage.lease_desk.beat("nobody", at=AT, until=later) == ()
    assert await claim(storage, "c", at=UNTIL, until=later) == [3]
    assert await claim(storage, "c", at=later, until=later + SECOND) == [1, 2, 3]


async def test_a_beat_that_comes_too_late_holds_nothing(storage: Storage) -> None:
    """The lease was over at that moment, whether or not somebody else has the job by now."""
    await put(storage, 1, 2)
    await claim(storage, "a")
    await claim(storage, "b", at=UNTIL, until=UNTIL + DAY, limit=1)

    kept = await storage.lease_desk.beat("a", at=UNTIL, until=UNTIL + DAY)

    assert kept == ()
    assert await claim(storage, "c", at=UNTIL) == [2]


async def test_a_job_that_was_put_while_it_was_held_comes_once_more(storage: Storage) -> None:
    """When it is done; the moment that it waits from is then. Only once, however often."""
    await put(storage, 1)
    await claim(storage)
    await put(storage, 1, 1, 1)
    at = AT + SECOND

    await done(storage, "a", 1, at=at)

    assert await claim(storage, "b", at=AT) == []
    assert await claim(storage, "b", at=at) == [1]
    await done(storage, "b", 1, at=at)
    assert await claim(storage, "c", at=AT + DAY, until=AT + 3 * DAY) == []


async def test_a_job_that_was_put_again_and_then_lost_comes_once(storage: Storage) -> None:
    """Whoever takes it over does what was asked for again."""
    await put(storage, 1)
    await claim(storage)
    await put(storage, 1)
    assert await claim(storage, "b", at=UNTIL, until=UNTIL + DAY) == [1]

    await done(storage, "b", 1, at=UNTIL)

    assert await claim(storage, "c", at=AT + 2 * DAY, until=AT + 3 * DAY) == []


async def test_what_is_put_when_its_lease_is_over_waits(storage: Storage) -> None:
    """Who had it can do nothing to it, so it is not lost."""
    await put(storage, 1)
    await claim(storage)
    await put(storage, 1, at=UNTIL)

    await done(storage, "a", 1, at=UNTIL)

    assert await claim(storage, "b", at=UNTIL, until=UNTIL + DAY) == [1]


@pytest.mark.parametrize("at", [UNTIL, UNTIL + DAY])
async def test_who_has_a_job_no_more_does_nothing_to_it(storage: Storage, at: datetime) -> None:
    """Whether it waits, is another's or is gone."""
    await put(storage, 1, 2)
    await claim(storage, "slow")
    await claim(storage, "quick", at=UNTIL, until=UNTIL + 2 * DAY, limit=1)

    for number in (1, 2, 3):
        await done(storage, "slow", number, at=at)
        assert await storage.lease_desk.give_back("slow", JobId(number), at=at) == 0
    given = await storage.lease_desk.give_back("slow", None, at=at)

    assert given == 0
    assert await storage.lease_desk.beat("quick", at=at, until=at + 2 * DAY) == (1,)
    assert await claim(storage, "third", at=at, until=at + DAY) == [2]


async def test_a_job_that_is_given_back_waits_at_once(storage: Storage) -> None:
    """That one alone; as one that was put just now, behind those that wait longer."""
    await put(storage, 1, 2)
    await claim(storage)
    await put(storage, 3)
    at = AT + SECOND

    given = await storage.lease_desk.give_back("a", JobId(1), at=at)

    assert given == 1
    assert await claim(storage, "b", at=at) == [3, 1]
    assert await storage.lease_desk.beat("a", at=at, until=UNTIL) == (2,)


async def test_who_goes_gives_back_all_that_is_its_own(storage: Storage) -> None:
    """What was done is not among it, and others keep theirs. To go twice changes nothing."""
    await put(storage, 1, 2, 3, 4)
    await claim(storage, "a", limit=3)
    await claim(storage, "b")
    await done(storage, "a", 2)

    given = [await storage.lease_desk.give_back(who, None, at=AT) for who in ("a", "a", "nobody")]

    assert given == [2, 0, 0]
    assert await claim(storage, "c") == [1, 3]


async def test_what_is_given_back_after_it_was_put_again_comes_once(storage: Storage) -> None:
    """It comes once more anyway."""
    await put(storage, 1, 2)
    await claim(storage)
    await put(storage, 1, 2)

    await storage.lease_desk.give_back("a", JobId(1), at=AT)
    await storage.lease_desk.give_back("a", None, at=AT)
    assert await claim(storage, "b") == [1, 2]
    for number in (1, 2):
        await done(storage, "b", number)

    assert await claim(storage, "c", at=AT + DAY, until=AT + 3 * DAY) == []
