"""What every counter of attempts promises (safety.md, Attempts)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contract.things import AT, DAY, SECOND, account, attempt, commit, keep
from watchword.core.policy.signin import DISTRUST_RETRY_S, AttemptLimits
from watchword.core.policy.store import Attempt
from watchword.core.ports import Storage

ADA = account("Ada")
LIMITS = AttemptLimits()
MINUTE = timedelta(minutes=1)


async def guess(storage: Storage, one: Attempt, limits: AttemptLimits = LIMITS) -> int:
    """Reserve and fail."""
    if wait := await storage.attempts.reserve(one, limits):
        return wait
    await commit(storage, lambda work: work.attempts.failed(one, limits))
    return 0


async def succeed(storage: Storage, one: Attempt, limits: AttemptLimits = LIMITS) -> int:
    """Reserve and get in."""
    if wait := await storage.attempts.reserve(one, limits):
        return wait
    await commit(storage, lambda work: work.attempts.succeeded(one, ADA.id))
    return 0


async def attack(storage: Storage, limits: AttemptLimits, *, subject: str = ADA.id) -> None:
    """Fail so often, each time from another address, that the name is locked."""
    for number in range(limits.per_name):
        assert await guess(storage, attempt(subject, f"203.0.113.{number}"), limits) == 0


async def test_the_first_failures_cost_nothing_and_then_waits_double(storage: Storage) -> None:
    """Five free, then 1 s, 2 s, 4 s and so on, to a quarter of an hour at most."""
    for _ in range(5):
        assert await guess(storage, attempt("a")) == 0
    waits, at = [], AT
    for _ in range(12):
        waits.append(await guess(storage, attempt("a", at=at)))
        at += SECOND * waits[-1]
        assert await guess(storage, attempt("a", at=at)) == 0

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


async def test_a_wait_ends_to_the_microsecond(storage: Storage) -> None:
    """At the end of the wait one guess is heard, a moment before it is not."""
    for _ in range(5):
        await guess(storage, attempt("a"))

    early = await storage.attempts.reserve(attempt("a", at=AT + SECOND - SECOND / 10**6), LIMITS)
    in_time = await storage.attempts.reserve(attempt("a", at=AT + SECOND), LIMITS)

    assert (early, in_time) == (1, 0)


async def test_a_refused_attempt_counts_nothing(storage: Storage) -> None:
    """Who asks during a wait makes it no longer."""
    for _ in range(5):
        await guess(storage, attempt("a"))
    for _ in range(50):
        assert await storage.attempts.reserve(attempt("a"), LIMITS) == 1

    assert await storage.attempts.reserve(attempt("a", at=AT + SECOND), LIMITS) == 0


async def test_a_reserved_attempt_counts_before_it_is_settled(storage: Storage) -> None:
    """Guesses that are still being looked at are failures until they are not."""
    reserved = [await storage.attempts.reserve(attempt("a"), LIMITS) for _ in range(7)]

    assert reserved == [0, 0, 0, 0, 0, 1, 1]


async def test_the_wait_begins_when_the_guess_is_known_to_be_wrong(storage: Storage) -> None:
    """Not when it was reserved: the hash takes its time."""
    for _ in range(5):
        await storage.attempts.reserve(attempt("a"), LIMITS)
    late = attempt("a", at=AT + 10 * SECOND)

    await commit(storage, lambda work: work.attempts.failed(late, LIMITS))

    assert await storage.attempts.reserve(late, LIMITS) == 1
    assert await storage.attempts.reserve(replace(late, at=AT + 11 * SECOND), LIMITS) == 0


async def test_names_and_addresses_wait_for_themselves_alone(storage: Storage) -> None:
    """Another name from there, or the same from elsewhere, is heard."""
    for _ in range(5):
        await guess(storage, attempt("a"))

    assert await storage.attempts.reserve(attempt("a"), LIMITS) == 1
    assert await storage.attempts.reserve(attempt("b"), LIMITS) == 0
    assert await storage.attempts.reserve(attempt("a", "198.51.100.1"), LIMITS) == 0


async def test_failures_are_forgotten_after_a_day_without_one(storage: Storage) -> None:
    """The next failure is the first again."""
    for _ in range(5):
        await guess(storage, attempt("a"))
    next_day = attempt("a", at=AT + LIMITS.memory + SECOND)

    waits = [await guess(storage, next_day) for _ in range(6)]

    assert waits == [0, 0, 0, 0, 0, 1]


async def test_who_gets_in_is_forgiven(storage: Storage) -> None:
    """The failures before a success are forgotten, from that address."""
    await keep(storage, ADA)
    for _ in range(3):
        for _ in range(4):
            assert await guess(storage, attempt(ADA.id)) == 0

        assert await succeed(storage, attempt(ADA.id)) == 0


async def test_what_nobody_looked_at_is_given_back(storage: Storage) -> None:
    """Of the name and of the address; what failed before counts on."""
    await keep(storage, ADA)
    for _ in range(4):
        await guess(storage, attempt(ADA.id))
    for _ in range(50):
        assert await storage.attempts.reserve(attempt(ADA.id), LIMITS) == 0
        await commit(storage, lambda work: work.attempts.withdraw(attempt(ADA.id)))
    fifth = await guess(storage, attempt(ADA.id))
    sixth = await guess(storage, attempt(ADA.id))

    assert (fifth, sixth) == (0, 1)


async def test_a_place_that_is_given_back_counts_for_no_address(storage: Storage) -> None:
    """So that a directory which is away locks nobody out."""
    few = AttemptLimits(per_address=2)
    for number in range(5):
        one = attempt(f"name {number}")
        assert await storage.attempts.reserve(one, few) == 0
        await commit(storage, lambda work: work.attempts.withdraw(one))  # noqa: B023 - awaited in this round
    waits = [await guess(storage, attempt(f"guess {number}"), few) for number in range(3)]

    assert waits[:2] == [0, 0]
    assert waits[2] > 0


async def test_a_forgotten_name_is_heard_again(storage: Storage) -> None:
    """An admin ends every wait of a name, whatever the address, and a locked one."""
    limits = replace(LIMITS, per_name=5)
    await keep(storage, ADA)
    await attack(storage, limits)
    assert await storage.attempts.reserve(attempt(ADA.id), limits) == DISTRUST_RETRY_S

    await commit(storage, lambda work: work.attempts.forget(ADA.id))

    assert await storage.attempts.reserve(attempt(ADA.id), limits) == 0


async def test_a_settled_attempt_of_a_forgotten_name_changes_nothing(storage: Storage) -> None:
    """Waits that were ended while a hash was computed do not come back with its result."""
    for _ in range(5):
        await storage.attempts.reserve(attempt("a"), LIMITS)
    await commit(storage, lambda work: work.attempts.forget("a"))

    await commit(storage, lambda work: work.attempts.failed(attempt("a"), LIMITS))

    assert await storage.attempts.reserve(attempt("a"), LIMITS) == 0


async def test_one_address_has_so_many_failures_in_a_window(storage: Storage) -> None:
    """The hundredth counts, the next waits for the end of the window that the first began."""
    for number in range(100):
        assert await guess(storage, attempt(f"n{number}", at=AT + number * SECOND)) == 0

    wait = await storage.attempts.reserve(attempt("x", at=AT + 5 * MINUTE), LIMITS)
    after = await storage.attempts.reserve(attempt("x", at=AT + 15 * MINUTE), LIMITS)

    assert wait == 600
    assert after == 0


async def test_an_address_gets_its_place_back_for_a_success(storage: Storage) -> None:
    """Right passwords use nothing up, and give nothing for free."""
    limits = replace(LIMITS, per_address=3)
    await keep(storage, ADA)
    for _ in range(9):
        assert await succeed(storage, attempt(ADA.id), limits) == 0

    waits = [await guess(storage, attempt(f"n{number}"), limits) for number in range(4)]

    assert waits == [0, 0, 0, 900]


async def test_an_exempt_address_is_not_counted_as_an_address(storage: Storage) -> None:
    """Its limit per name holds all the same, and its successes give nobody else places."""
    limits = replace(LIMITS, per_address=3)
    await keep(storage, ADA)
    for number in range(9):
        assert await guess(storage, attempt(f"n{number}", exempt=True), limits) == 0
    for _ in range(2):
        assert await guess(storage, attempt("x"), limits) == 0
    await succeed(storage, attempt(ADA.id, exempt=True), limits)

    waits = [await guess(storage, attempt("y", exempt=True), limits) for _ in range(6)]
    others = [await guess(storage, attempt("z"), limits) for _ in range(2)]

    assert waits == [0, 0, 0, 0, 0, 1]
    assert others == [0, 900]


async def test_a_locked_name_answers_to_those_who_know_it(storage: Storage) -> None:
    """Addresses that got in within 30 days are heard; strangers are not."""
    limits = replace(LIMITS, per_name=10)
    await keep(storage, ADA)
    await succeed(storage, attempt(ADA.id, "192.0.2.7"), limits)
    await attack(storage, limits)

    stranger = await storage.attempts.reserve(attempt(ADA.id, "198.51.100.1"), limits)
    known = await storage.attempts.reserve(attempt(ADA.id, "192.0.2.7"), limits)
    much_later = await storage.attempts.reserve(
        attempt(ADA.id, "192.0.2.7", at=AT + 31 * DAY), limits
    )

    assert (stranger, known, much_later) == (DISTRUST_RETRY_S, 0, DISTRUST_RETRY_S)


async def test_a_locked_name_stays_so_when_its_owner_gets_in(storage: Storage) -> None:
    """A success unlocks a name to nobody else, however often."""
    limits = replace(LIMITS, per_name=10)
    await keep(storage, ADA)
    await succeed(storage, attempt(ADA.id, "192.0.2.7"), limits)
    await attack(storage, limits)

    for _ in range(15):
        assert await succeed(storage, attempt(ADA.id, "192.0.2.7"), limits) == 0

    assert await storage.attempts.reserve(attempt(ADA.id), limits) == DISTRUST_RETRY_S


async def test_a_success_begins_the_row_of_failures_anew(storage: Storage) -> None:
    """Only failures in a row lock a name."""
    limits = replace(LIMITS, per_name=10)
    await keep(storage, ADA)
    for _ in range(3):
        for number in range(9):
            assert await guess(storage, attempt(ADA.id, f"203.0.113.{number}"), limits) == 0
        assert await succeed(storage, attempt(ADA.id, "192.0.2.7"), limits) == 0


async def test_right_guesses_that_come_together_lock_nothing(storage: Storage) -> None:
    """A hundred log-ins at once are failures only until they are settled."""
    limits = replace(LIMITS, per_name=10)
    await keep(storage, ADA)
    together = [attempt(ADA.id, f"203.0.113.{number}") for number in range(10)]
    for one in together:
        assert await storage.attempts.reserve(one, limits) == 0

    for one in together:
        await commit(storage, lambda work, one=one: work.attempts.succeeded(one, ADA.id))  # type: ignore[misc]

    assert await storage.attempts.reserve(attempt(ADA.id, "198.51.100.1"), limits) == 0


async def test_names_that_nobody_has_are_counted_alike(storage: Storage) -> None:
    """An unknown name waits and locks as a known one does."""
    limits = replace(LIMITS, per_name=10)

    await attack(storage, limits, subject="digest")

    assert await storage.attempts.reserve(attempt("digest"), limits) == DISTRUST_RETRY_S


async def test_places_of_a_window_are_taken_one_by_one(storage: Storage) -> None:
    """So many in each window, which begins with the first."""
    take = storage.attempts.take
    hour = timedelta(hours=1)
    waits = [
        await take("register", "192.0.2.1", at=AT + number * MINUTE, limit=3, window=hour)
        for number in range(5)
    ]
    next_window = await take("register", "192.0.2.1", at=AT + hour, limit=3, window=hour)

    assert waits == [0, 0, 0, 57 * 60, 56 * 60]
    assert next_window == 0


async def test_windows_are_told_apart_by_purpose_and_key(storage: Storage) -> None:
    """One who registers may still ask for a letter."""
    take = storage.attempts.take
    asked = [("register", "a"), ("register", "b"), ("letter", "a"), ("register", "a")]

    waits = [await take(*one, at=AT, limit=1, window=MINUTE) for one in asked]

    assert waits == [0, 0, 0, 60]


async def test_a_window_without_places_admits_nobody(storage: Storage) -> None:
    """A limit of nothing is a limit."""
    assert await storage.attempts.take("register", "a", at=AT, limit=0, window=MINUTE) == 60


async def test_what_is_old_is_purged_a_few_at_a_time(storage: Storage) -> None:
    """Up to so many of each kind; what is younger stays."""
    limits = AttemptLimits(free=1, wait_first=9 * DAY, wait_longest=9 * DAY, memory=99 * DAY)
    later = AT + DAY
    for number in range(3):
        await guess(storage, attempt(f"old{number}"), limits)
    await guess(storage, attempt("young", at=later), limits)

    await commit(storage, lambda work: work.attempts.purge(before=later, limit=2))
    old = [await storage.attempts.reserve(attempt(f"old{n}"), limits) for n in range(3)]
    young = await storage.attempts.reserve(attempt("young", at=later), limits)

    assert sorted(wait > 0 for wait in old) == [False, False, True]
    assert young > 0


async def test_time_does_not_end_the_lock_of_an_account(storage: Storage) -> None:
    """Purging forgets unknown names and known addresses, and no lock of anybody who is there."""
    limits = replace(LIMITS, per_name=10)
    await keep(storage, ADA)
    await succeed(storage, attempt(ADA.id, "192.0.2.7"), limits)
    await attack(storage, limits)
    await attack(storage, replace(limits, per_address=999), subject="digest")
    later = AT + DAY

    await commit(storage, lambda work: work.attempts.purge(before=later, limit=999))

    reserve = storage.attempts.reserve
    assert await reserve(attempt(ADA.id, "198.51.100.1", at=later), limits) == DISTRUST_RETRY_S
    assert await reserve(attempt(ADA.id, "192.0.2.7", at=later), limits) == DISTRUST_RETRY_S
    assert await reserve(attempt("digest", "198.51.100.1", at=later), limits) == 0


async def test_what_has_to_stay_keeps_nothing_else_there(storage: Storage) -> None:
    """A name that nobody has is purged in its turn, behind many accounts that are locked."""
    limits = replace(LIMITS, per_name=1)
    people = [account(f"n{number}") for number in range(7)]
    await keep(storage, *people)
    for number, one in enumerate(people):
        await guess(storage, attempt(one.id, at=AT + number * SECOND), limits)
    await guess(storage, attempt("digest", at=AT + 30 * SECOND), limits)
    later = AT + 2 * DAY

    for _ in range(4):
        await commit(storage, lambda work: work.attempts.purge(before=later, limit=2))

    far = [attempt(one, "198.51.100.1", at=later) for one in ("digest", people[0].id)]
    assert [await storage.attempts.reserve(one, limits) for one in far] == [0, DISTRUST_RETRY_S]


@pytest.mark.parametrize("exempt", [False, True])
async def test_failing_and_waiting_revoke_nothing(lonely: Storage, exempt: bool) -> None:  # noqa: FBT001 - a parameter
    """Guesses leave everybody's remembered tokens alone."""
    before = lonely.revocations.stamp()

    for _ in range(6):
        await guess(lonely, attempt("a", exempt=exempt))

    assert lonely.revocations.stamp() == before
