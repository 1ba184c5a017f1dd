"""The hasher: off the loop, bounded in threads, memory and waiting callers."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter

import pytest

from crypto.held import Gate, HeldPassword
from parts.waiting import eventually
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.argon2 import CURRENT, Cost, compute, read_cost
from watchword.crypto.passwords import PLACES_PER_THREAD, Argon2Hasher, usable_cores

CHEAP = Cost(memory_kib=8, passes=1)
HERE = "192.0.2.1"


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    made = Argon2Hasher(randomness=SystemRandomness(), threads=2, places_max=8, cost=CHEAP)
    yield made
    made.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


async def test_the_right_password_matches(hasher: Argon2Hasher) -> None:
    """A hash matches its own password and no other."""
    encoded = await hasher.hash("correct horse")

    assert await hasher.verify("correct horse", encoded)
    assert not await hasher.verify("correct hors", encoded)


@pytest.mark.parametrize(
    "encoded",
    ["", "password", "$2b$12$" + "a" * 53, "$argon2id$v=19$m=65537,t=2,p=1$c2FsdHNhbHQ$aGFzaA"],
)
async def test_a_hash_past_our_limits_matches_nothing(
    hasher: Argon2Hasher, gate: Gate, encoded: str
) -> None:
    """What is malformed or too costly is refused before anything is computed."""
    assert not await hasher.verify(HeldPassword("secret", gate), encoded)
    assert gate.begun == 0


async def test_nobody_knows_the_decoy(hasher: Argon2Hasher) -> None:
    """The decoy costs what a real hash costs, matches no guess, and is new at each start."""
    other = Argon2Hasher(randomness=SystemRandomness(), threads=1, cost=CHEAP)
    other.close()

    assert read_cost(hasher.decoy) == CHEAP
    assert hasher.decoy != other.decoy
    assert not await hasher.verify("", hasher.decoy)


async def test_the_default_cost_is_the_current_one() -> None:
    """Without a choice the hasher works with what OWASP asks for, on every usable core."""
    hasher = Argon2Hasher(randomness=SystemRandomness())
    hasher.close()

    assert read_cost(hasher.decoy) == CURRENT
    assert hasher.threads == usable_cores() >= 1
    assert PLACES_PER_THREAD >= 4


def test_a_weaker_hash_is_outdated() -> None:
    """A hash with less memory or fewer passes, or of no kind we know, should be made anew."""
    hasher = Argon2Hasher(randomness=SystemRandomness(), threads=1, cost=Cost(64, 2))
    hasher.close()

    outdated = [compute("x", cost) for cost in (Cost(32, 2), Cost(64, 1), Cost(128, 1))]
    current = [compute("x", cost) for cost in (Cost(64, 2), Cost(128, 2), Cost(64, 3))]

    assert all(hasher.is_outdated(encoded) for encoded in [*outdated, "", "$2b$12$abc"])
    assert not any(hasher.is_outdated(encoded) for encoded in current)


async def test_no_more_hashes_run_than_there_are_threads(hasher: Argon2Hasher, gate: Gate) -> None:
    """However many wait, two threads hold the memory of two hashes."""
    waiting = [asyncio.ensure_future(hasher.hash(HeldPassword("x", gate))) for _ in range(10)]
    await eventually(lambda: _is(gate, inside=2))

    gate.open()
    await asyncio.gather(*waiting)

    assert gate.begun == 10
    assert gate.inside_most == 2


async def test_large_hashes_run_one_at_a_time(hasher: Argon2Hasher, gate: Gate) -> None:
    """Stored hashes that need more memory than ours share one line of their own."""
    large = compute("x", Cost(memory_kib=64, passes=1))
    waiting = [
        asyncio.ensure_future(hasher.verify(HeldPassword("x", gate), large)) for _ in range(4)
    ]
    await eventually(lambda: _is(gate, inside=1))

    others = await asyncio.gather(*(hasher.hash("y") for _ in range(4)))
    gate.open()
    matched = await asyncio.gather(*waiting)

    assert len(others) == 4
    assert matched == [True] * 4
    assert gate.inside_most == 1


async def test_the_loop_runs_while_a_hash_is_computed() -> None:
    """libsodium works outside the interpreter's lock, so requests go on."""
    hasher = Argon2Hasher(
        randomness=SystemRandomness(), threads=1, cost=Cost(memory_kib=64 * 1024, passes=8)
    )
    hashing = asyncio.ensure_future(hasher.hash("x"))
    started = last = perf_counter()
    longest_gap = 0.0
    while not hashing.done():
        await asyncio.sleep(0)
        now = perf_counter()
        longest_gap, last = max(longest_gap, now - last), now
    hasher.close()

    assert longest_gap < (last - started) / 2


async def test_a_caller_who_goes_away_frees_the_place_and_the_work(
    hasher: Argon2Hasher, gate: Gate
) -> None:
    """A hash that has not begun when its caller is gone is never computed."""
    running = [asyncio.ensure_future(_in_place(hasher, gate, HERE)) for _ in range(2)]
    await eventually(lambda: _is(gate, inside=2))
    leaving = asyncio.ensure_future(_in_place(hasher, gate, "198.51.100.1"))
    await asyncio.sleep(0)
    held = hasher.waiting

    leaving.cancel()
    await asyncio.wait([leaving])
    left = hasher.waiting
    gate.open()
    await asyncio.gather(*running)
    await hasher.hash("y")

    assert (held, left, hasher.waiting) == (3, 2, 0)
    assert gate.begun == 2


async def test_a_caller_past_the_last_place_is_sent_away(hasher: Argon2Hasher, gate: Gate) -> None:
    """The ninth caller of eight places hears at once when to come back, and nothing is hashed."""
    waiting = [
        asyncio.ensure_future(_in_place(hasher, gate, f"192.0.2.{number}")) for number in range(8)
    ]
    await eventually(lambda: _is(gate, inside=2))

    with pytest.raises(UnavailableError) as refusal:
        await _in_place(hasher, gate, "198.51.100.1")
    gate.open()
    await asyncio.gather(*waiting)

    assert refusal.value.retry_after >= 1
    assert gate.begun == 8
    assert hasher.waiting == 0


async def test_slow_hashes_make_the_wait_longer(gate: Gate) -> None:
    """Who is sent away is told to wait as long as hashes take now, not as they took at start."""
    hasher = Argon2Hasher(randomness=SystemRandomness(), threads=1, places_max=200, cost=CHEAP)
    started = perf_counter()
    slow = asyncio.ensure_future(hasher.hash(HeldPassword("x", gate)))
    await eventually(lambda: _is_later(started + 0.3))
    gate.open()
    await slow

    with ExitStack() as line:
        for _ in range(200):
            line.enter_context(hasher.place(HERE, exempt=True))
        with pytest.raises(UnavailableError) as refusal, hasher.place(HERE, exempt=True):
            pass
    hasher.close()

    assert refusal.value.retry_after >= 200 * 0.3 // 10


async def test_one_address_holds_a_quarter(hasher: Argon2Hasher) -> None:
    """The third of eight places is not for the same address, unless it is exempt."""
    with hasher.place(HERE), hasher.place(HERE):
        with pytest.raises(UnavailableError), hasher.place(HERE):
            pass
        with hasher.place(HERE, exempt=True), hasher.place("198.51.100.1"):
            taken = hasher.waiting

    assert taken == 4


async def test_the_line_is_dropped_at_the_end(gate: Gate) -> None:
    """Closing waits for the hash that runs and drops those behind it."""
    hasher = Argon2Hasher(randomness=SystemRandomness(), threads=1, cost=CHEAP)
    running = asyncio.ensure_future(hasher.hash(HeldPassword("x", gate)))
    behind = asyncio.ensure_future(hasher.hash(HeldPassword("x", gate)))
    await eventually(lambda: _is(gate, inside=1))

    closing = asyncio.ensure_future(asyncio.to_thread(hasher.close))
    await asyncio.wait([behind], timeout=5)
    gate.open()
    await closing

    assert behind.cancelled()
    assert read_cost(await running) == CHEAP
    assert gate.begun == 1


async def _in_place(hasher: Argon2Hasher, gate: Gate, address: str) -> str:
    with hasher.place(address):
        return await hasher.hash(HeldPassword("x", gate))


async def _is_later(than: float) -> bool:
    return perf_counter() > than


async def _is(gate: Gate, *, inside: int) -> bool:
    return gate.inside == inside
