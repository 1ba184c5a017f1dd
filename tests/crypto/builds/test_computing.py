"""What a build of Argon2 computes: each answers like the other."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.builds.held import BUILDS, build_called
from crypto.foreign.samples import ARGON2I
from crypto.test_argon2 import (
    EIGHT_LANES,
    LONG_SALT,
    MUCH_MEMORY,
    ONE_LANE,
    PASSWORD,
    SHORT_HASH,
    SHORT_SALT,
    TEN_PASSES,
    TWO_LANES,
)
from watchword.crypto.argon2 import read_cost
from watchword.crypto.builds.answers import answers_rightly
from watchword.crypto.builds.build import Build

MIB = 1024 * 1024
FOREIGN = (
    *(ONE_LANE, TWO_LANES, EIGHT_LANES, TEN_PASSES, MUCH_MEMORY),
    *(SHORT_SALT, LONG_SALT, SHORT_HASH),
)


@pytest.fixture(params=BUILDS)
def build(request: pytest.FixtureRequest) -> Build:
    return build_called(request.param)


@pytest.fixture(params=BUILDS)
def other(request: pytest.FixtureRequest) -> Build:
    return build_called(request.param)


@pytest.mark.parametrize("encoded", FOREIGN)
def test_hashes_of_other_programs_match(build: Build, encoded: str) -> None:
    """Of several lanes, with other salts and keys, and with more memory than a thread keeps."""
    assert build.matches(PASSWORD.encode(), encoded)
    assert not build.matches(b"wrong", encoded)


def test_a_hash_of_argon2i_matches(build: Build) -> None:
    """People who come from elsewhere have them."""
    assert build.matches(PASSWORD.encode(), ARGON2I)
    assert not build.matches(b"password", ARGON2I)


def test_a_build_checks_what_the_other_made(build: Build, other: Build) -> None:
    """So a database moves between machines, and a machine between builds."""
    encoded = build.compute(b"se\0cret", memory_kib=19 * 1024, passes=2)

    assert read_cost(encoded) is not None
    assert other.matches(b"se\0cret", encoded)
    assert not other.matches(b"se\0cre", encoded)
    assert not other.matches(b"", encoded)


@pytest.mark.parametrize("name", BUILDS)
@settings(deadline=None)  # tests carry no stopwatch
@given(password=st.binary(max_size=1100))
def test_any_octets_can_be_a_password(name: str, password: bytes) -> None:
    """Nothing is cut off, however long."""
    build = build_called(name)

    encoded = build.compute(password, memory_kib=8, passes=1)

    assert build.matches(password, encoded)
    assert not build.matches(password + b"\0", encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        ONE_LANE[:-1] + "R",  # bits past the last octet
        ONE_LANE.replace("MDEy", "M"),  # no octets end there
        ONE_LANE.replace("VwPirI", "VwPirJ"),
    ],
)
def test_a_spoilt_hash_matches_nothing(build: Build, encoded: str) -> None:
    """What does not spell octets in the one way is nobody's hash, in every build."""
    assert not build.matches(PASSWORD.encode(), encoded)


def test_threads_do_not_disturb_each_other(build: Build) -> None:
    """Each has memory of its own."""
    words = [b"%d" % number for number in range(24)]

    with ThreadPoolExecutor(4) as pool:
        hashes = list(pool.map(lambda it: build.compute(it, memory_kib=2048, passes=2), words))
        right = list(pool.map(build.matches, words, hashes))
        wrong = list(pool.map(build.matches, words, reversed(hashes)))

    assert all(right)
    assert not any(wrong)


def test_others_work_while_it_computes(build: Build) -> None:
    """The interpreter's lock is free: else the server would answer nobody during a hash."""
    done = threading.Event()
    begun = threading.Event()

    def hash_for_long() -> None:
        begun.set()
        build.compute(b"secret", memory_kib=64 * 1024, passes=10)
        done.set()

    thread = threading.Thread(target=hash_for_long)
    thread.start()
    begun.wait()
    clock = time.pthread_getcpuclockid(thread.ident or 0)
    # What its processor time was whenever we came to look. Were the lock held, we would come
    # before the hash and after it, and not five times in between.
    seen = [time.clock_gettime(clock)]
    while not done.is_set():
        if (now := time.clock_gettime(clock)) - seen[-1] > 0.005:
            seen.append(now)
    thread.join()

    assert len(seen) > 5


def resident() -> int:
    """Return how much memory this process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for the memory")
def test_a_hash_thread_keeps_its_memory_and_no_more(build: Build) -> None:
    """19 MiB a thread while it lives, whatever it hashed; nothing when it has ended."""
    at_first = resident()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            list(pool.map(lambda kib: build.compute(b"s", memory_kib=kib, passes=1), [19456] * 4))
            list(pool.map(lambda kib: build.compute(b"s", memory_kib=kib, passes=1), [65536] * 2))
        living = resident() - at_first
    ended = resident() - at_first

    assert living < (2 * 19 + 4) * MIB
    assert ended < 4 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for the memory")
def test_the_main_thread_keeps_nothing(build: Build) -> None:
    """It makes one hash when the server starts; an idle server does not pay for it."""
    at_first = resident()

    build.compute(b"secret", memory_kib=19456, passes=1)

    assert resident() - at_first < 2 * MIB


OUT_OF_MEMORY = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from crypto.builds.held import build_called
from watchword.core.kernel.errors import UnavailableError

build = build_called(sys.argv[1])
encoded = build.compute(b"right", memory_kib=19456, passes=1)
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]

def told(work):
    try:
        return work()
    except UnavailableError as error:
        return error.retry_after

tasks = (
    lambda: build.matches(b"right", encoded),
    lambda: build.compute(b"right", memory_kib=19456, passes=1),
)
resource.setrlimit(resource.RLIMIT_AS, (used + 4_000_000, hard))
print(*[told(task) for task in tasks], *[pool.submit(told, task).result() for task in tasks])
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
print(*[told(tasks[0]), pool.submit(told, tasks[0]).result()])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to limit the memory")
@pytest.mark.parametrize("name", BUILDS)
def test_no_memory_is_not_a_wrong_password(name: str) -> None:
    """It is "come back later" in every thread, and when memory is there again all is well."""
    build_called(name)
    command = [sys.executable, "-c", OUT_OF_MEMORY, name]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)

    assert said.stdout.splitlines() == ["1 1 1 1", "True True"]


class Fixed:
    """A build that gives one answer to everything."""

    name = "fixed"

    def __init__(self, *, answer: bool) -> None:
        self._answer = answer

    def compute(self, password: bytes, *, memory_kib: int, passes: int) -> str:  # noqa: ARG002
        return ONE_LANE

    def matches(self, password: bytes, encoded: str) -> bool:  # noqa: ARG002
        return self._answer


def test_known_answers_tell_right_from_wrong(build: Build) -> None:
    """A build that takes every password, or none, is not believed."""
    assert answers_rightly(build)
    assert not answers_rightly(Fixed(answer=True))
    assert not answers_rightly(Fixed(answer=False))
