"""The hasher with foreign hashes: off the loop, large ones one at a time, never for long."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

import pytest

from crypto.foreign.samples import ARGON2ID, PRINTED, SALT, SAMPLES, Sample, bcrypted, pbkdf2, phc
from crypto.held import Gate, HeldPassword
from parts.waiting import eventually
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.argon2 import Cost
from watchword.crypto.foreign.reasons import Reason
from watchword.crypto.passwords import Argon2Hasher

LARGE = f"$pbkdf2-sha256$i=250001${phc(SALT)}${phc(pbkdf2('sha256', 250_001))}"


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    made = Argon2Hasher(randomness=SystemRandomness(), threads=2, cost=Cost(64, 2))
    yield made
    made.close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
async def test_an_adopted_hash_is_verified_and_outdated(
    hasher: Argon2Hasher, sample: Sample
) -> None:
    """Who comes from elsewhere logs in with their password, and gets a hash of ours."""
    encoded = hasher.adopt(sample.text, hints=PRINTED)

    assert await hasher.verify(sample.password, encoded)
    assert not await hasher.verify("!" + sample.password, encoded)
    assert hasher.is_outdated(encoded)


async def test_the_largest_hash_is_verified(hasher: Argon2Hasher) -> None:
    """64 MiB are just allowed (an example of passlib's pages)."""
    encoded = hasher.adopt(
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"
    )

    assert await hasher.verify("password", encoded)
    assert not await hasher.verify("passwort", encoded)


def test_an_argon2id_hash_as_good_as_ours_is_kept(hasher: Argon2Hasher) -> None:
    """There is nothing to gain from a new hash of the same kind and cost."""
    encoded = hasher.adopt(ARGON2ID.replace("t=1", "t=2"))

    assert not hasher.is_outdated(encoded)


def test_what_is_refused_says_why(hasher: Argon2Hasher) -> None:
    """The reasons for a hash and for the parameters that were given with it come through."""
    with pytest.raises(InvalidError, match=Reason.PLAIN):
        hasher.adopt("{CLEARTEXT}secret")
    with pytest.raises(InvalidError, match=Reason.FIREBASE_NEEDS):
        hasher.adopt(SAMPLES["Firebase's columns"].text)
    with pytest.raises(InvalidError, match=Reason.FIREBASE_PARAMETERS):
        hasher.adopt(SAMPLES["bcrypt 2b"].text, hints="{}")

    assert hasher.adopt("!") == ""


async def test_what_was_not_adopted_matches_nothing(hasher: Argon2Hasher, gate: Gate) -> None:
    """A stored text past the limits, or in the spelling of its origin, is not computed."""
    texts = ["", "!", "{SHA}" + "A" * 27 + "=", LARGE.replace("250001", "5000001")]

    matched = [await hasher.verify(HeldPassword("secret", gate), text) for text in texts]

    assert matched == [False] * 4
    assert gate.begun == 0


async def test_small_ones_run_beside_each_other(hasher: Argon2Hasher, gate: Gate) -> None:
    """Cheap foreign hashes use the threads that ours use, and the loop goes on."""
    encoded = hasher.adopt(bcrypted(b"x"))
    waiting = [
        asyncio.ensure_future(hasher.verify(HeldPassword("x", gate), encoded)) for _ in range(4)
    ]
    await eventually(lambda: _is(gate, inside=2))

    gate.open()
    matched = await asyncio.gather(*waiting)

    assert matched == [True] * 4
    assert gate.inside_most == 2


async def test_large_ones_run_one_at_a_time(hasher: Argon2Hasher, gate: Gate) -> None:
    """Those that take long wait for each other, and hold up nobody else."""
    encoded = hasher.adopt(LARGE)
    waiting = [
        asyncio.ensure_future(hasher.verify(HeldPassword("x", gate), encoded)) for _ in range(3)
    ]
    await eventually(lambda: _is(gate, inside=1))

    others = await asyncio.gather(*(hasher.hash("y") for _ in range(4)))
    gate.open()
    matched = await asyncio.gather(*waiting)

    assert len(others) == 4
    assert matched == [False] * 3
    assert gate.inside_most == 1


@pytest.mark.parametrize(
    "text",
    [
        "$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        LARGE.replace("250001", "1000000"),
        f"$scrypt$ln=16,r=8,p=2${phc(SALT)}${phc(bytes(32))}",
    ],
    ids=["bcrypt", "pbkdf2", "scrypt"],
)
async def test_the_loop_runs_while_a_foreign_hash_is_computed(
    hasher: Argon2Hasher, text: str
) -> None:
    """The libraries work outside the interpreter's lock, so requests go on."""
    verifying = asyncio.ensure_future(hasher.verify("x", hasher.adopt(text)))
    started = last = perf_counter()
    longest_gap = 0.0
    while not verifying.done():
        await asyncio.sleep(0)
        now = perf_counter()
        longest_gap, last = max(longest_gap, now - last), now

    assert longest_gap < (last - started) / 2


OUT_OF_MEMORY = """
import resource
from watchword.core.kernel.errors import UnavailableError
from watchword.crypto.foreign.adoption import read_kept

kept = read_kept("$scrypt$ln=15,r=8,p=1$c2FsdA$" + "A" * 43)
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (used + 4_000_000, hard))
try:
    print("answered", kept.matches("x"))
except UnavailableError as error:
    print("unavailable", error.retry_after)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to limit the memory")
def test_no_memory_is_not_a_wrong_password() -> None:
    """A server out of memory says that it is busy; it does not count a failed attempt."""
    said = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY], check=True, capture_output=True, text=True
    )

    assert said.stdout.splitlines() == ["unavailable 1"]


async def _is(gate: Gate, *, inside: int) -> bool:
    return gate.inside == inside
