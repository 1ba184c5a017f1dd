"""What the doctor says of the hash rate."""

from datetime import timedelta

from fakes import HandClock, PlainHasher
from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.hashing import Measured, judge_rate, measure

SECOND = timedelta(seconds=1)


def measured(hashes: int, threads: int) -> Measured:
    return Measured(hashes, threads, passed=SECOND, ticked=SECOND)


def test_the_rate_is_told_as_log_ins() -> None:
    """A hundred hashes a second on four threads: 40 ms each, and no more log-ins than that."""
    finding = judge_rate(measured(100, threads=4))

    assert finding.grade is Grade.OK
    assert "100 hashes/s on 4 thread(s)" in finding.found
    assert "40 ms" in finding.found


def test_a_slow_machine_is_a_warning() -> None:
    """A handful of people would notice."""
    assert judge_rate(measured(4, threads=2)).grade is Grade.WARN


async def test_every_thread_hashes_at_least_once() -> None:
    """However little time there is, the rate is a number."""
    found = await measure(PlainHasher(), HandClock(), threads=3, seconds=0)

    assert found.hashes == 3
    assert found.rate > 0
    assert found.passed == timedelta(0)
