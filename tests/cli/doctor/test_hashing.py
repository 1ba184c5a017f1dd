"""What the doctor says of the hash rate."""

from datetime import timedelta

import pytest

from fakes import HandClock, PlainHasher
from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.hashing import Measured, judge_rate, measure

SECOND = timedelta(seconds=1)


def measured(hashes: int, threads: int) -> Measured:
    return Measured(hashes, threads, passed=SECOND, ticked=SECOND)


def test_the_rate_is_told_as_log_ins() -> None:
    """A hundred hashes a second on four threads: 40 ms each, and no more log-ins than that."""
    finding = judge_rate(measured(100, threads=4), "native", could_be_native=False)

    assert finding.grade is Grade.OK
    assert "100 hashes/s on 4 thread(s)" in finding.found
    assert "40 ms" in finding.found
    assert finding.found.endswith("computed by native")
    assert finding.advice == ""


def test_a_slow_machine_is_a_warning() -> None:
    """A handful of people would notice."""
    finding = judge_rate(measured(4, threads=2), "native", could_be_native=False)

    assert finding.grade is Grade.WARN
    assert "make native" not in finding.advice


@pytest.mark.parametrize(("hashes", "grade"), [(4, Grade.WARN), (100, Grade.OK)])
def test_who_could_hash_faster_is_told_how(hashes: int, grade: Grade) -> None:
    """Where the build for this processor is not there, the doctor names the verb that makes it."""
    finding = judge_rate(measured(hashes, threads=2), "libsodium", could_be_native=True)

    assert finding.grade is grade
    assert "make native" in finding.advice


async def test_every_thread_hashes_at_least_once() -> None:
    """However little time there is, the rate is a number."""
    found = await measure(PlainHasher(), HandClock(), threads=3, seconds=0)

    assert found.hashes == 3
    assert found.rate > 0
    assert found.passed == timedelta(0)
