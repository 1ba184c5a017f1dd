"""A queue of lanes: each has places of its own, and all of them begin and end together."""

import asyncio

import pytest

from contract.queues import Hands, at_work, put
from fakes_storage import MemoryStorage
from jobs.queues import PlainQueue
from watchword.core.jobs.model import Lane
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.randomness import SystemRandomness
from watchword.jobs.lanesqueue import LanesQueue
from watchword.jobs.leasequeue import AT_ONCE, LeaseQueue

HEAVY, LIGHT = Lane.HEAVY, Lane.LIGHT
FULL = range(1, AT_ONCE + 1)
LETTER = AT_ONCE + 1


@pytest.fixture
def lanes() -> LanesQueue:
    """A queue over leases for each lane."""
    desk = MemoryStorage().lease_desk
    clock, randomness = SystemClock(), SystemRandomness()
    return LanesQueue({lane: LeaseQueue(desk, clock=clock, randomness=randomness) for lane in Lane})


async def test_a_lane_that_is_full_keeps_no_other_waiting(lanes: LanesQueue) -> None:
    """Long imports everywhere, and letters go out."""
    hands = Hands()
    async with at_work(lanes, hands, HEAVY, LIGHT):
        await put(lanes, *FULL, lane=HEAVY)
        await hands.have_begun(*FULL)

        await put(lanes, LETTER, lane=LIGHT)

        await hands.have_begun(*FULL, LETTER, within=5)
    assert sorted(hands.ended) == [*FULL, LETTER]


async def test_only_the_lanes_that_were_asked_for_are_worked_on(lanes: LanesQueue) -> None:
    """The others are for somebody else."""
    hands = Hands()
    async with at_work(lanes, hands, LIGHT):
        await put(lanes, 1, lane=HEAVY)
        await put(lanes, 2, lane=LIGHT)

        await hands.have_begun(2)

    assert hands.ended == [2]


async def test_one_that_breaks_ends_all() -> None:
    """With what broke it: whoever began them begins them anew."""
    heavy, light = PlainQueue(breaks=[RuntimeError("a bug")]), PlainQueue()
    lanes = LanesQueue({HEAVY: heavy, LIGHT: light})

    with pytest.raises(RuntimeError, match="a bug"):
        await lanes.work([HEAVY, LIGHT], Hands().run, until=asyncio.Event())

    assert (heavy.begun, light.begun) == ([[HEAVY]], [[LIGHT]])


async def test_to_cut_it_off_cuts_off_what_runs(lanes: LanesQueue) -> None:
    """In each lane."""
    hands = Hands()
    async with at_work(lanes, hands, HEAVY, LIGHT, graceful=False):
        await put(lanes, 1, lane=HEAVY)
        await put(lanes, 2, lane=LIGHT)
        await hands.have_begun(1, 2)

    assert sorted(hands.cut) == [1, 2]


async def test_all_are_closed() -> None:
    """When it is."""
    queues = {lane: PlainQueue() for lane in Lane}

    await LanesQueue(queues).close()

    assert all(queue.is_closed for queue in queues.values())
