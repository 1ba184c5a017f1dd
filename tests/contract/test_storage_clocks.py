"""Processes read their clocks before they take turns: a later turn may bring an earlier moment."""

from datetime import timedelta

import pytest

from contract.things import AT, SECOND, attempt, commit
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Storage

LIMITS = AttemptLimits()
A_MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize("settled", [False, True], ids=["being looked at", "wrong"])
async def test_a_free_guess_waits_for_no_later_one(storage: Storage, *, settled: bool) -> None:
    """While there are free guesses nobody waits, in whatever order their moments come."""
    later, earlier = attempt("a", at=AT), attempt("a", at=AT - A_MOMENT)
    await storage.attempts.reserve(later, LIMITS)
    if settled:
        await commit(storage, lambda work: work.attempts.failed(later, LIMITS))

    assert await storage.attempts.reserve(earlier, LIMITS) == 0


async def test_a_wait_holds_for_an_earlier_moment_too(storage: Storage) -> None:
    """Once the free guesses are used up, a clock that is behind helps nobody."""
    for _ in range(LIMITS.free):
        await storage.attempts.reserve(attempt("a", at=AT), LIMITS)

    assert await storage.attempts.reserve(attempt("a", at=AT - SECOND), LIMITS) == 2
