"""What the doctor says of the clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchword.cli.doctor.clock import (
    judge_database_clock,
    judge_jump,
    judge_moments,
    last_changed,
)
from watchword.cli.doctor.findings import Grade

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_clock_behind_what_happened_fails() -> None:
    """Something that was recorded later than now means that the clock went back."""
    finding = judge_moments("clock", NOW, {"the newest audit event": NOW + 61 * SECOND})

    assert finding.grade is Grade.FAIL
    assert "the newest audit event is 61 s ahead" in finding.found
    assert finding.advice


def test_moments_that_are_over_or_unknown_are_fine() -> None:
    """So is a difference that two machines may have."""
    known = {"long ago": NOW - 1000 * SECOND, "never": None, "just now": NOW + 4 * SECOND}

    assert judge_moments("clock", NOW, known).grade is Grade.OK


def test_a_jump_while_we_look_is_seen() -> None:
    """Forward or back; the steady clock tells."""
    grades = [judge_jump(passed=passed * SECOND, ticked=SECOND).grade for passed in (1, 1.2, 3, -5)]

    assert grades == [Grade.OK, Grade.OK, Grade.WARN, Grade.WARN]


def test_the_database_servers_clock_is_compared() -> None:
    """A file has none."""
    near = judge_database_clock(NOW, NOW + SECOND)
    far = judge_database_clock(NOW, NOW - 60 * SECOND)

    assert near is not None
    assert far is not None
    assert (near.grade, far.grade) == (Grade.OK, Grade.WARN)
    assert judge_database_clock(NOW, None) is None


def test_a_file_that_is_missing_says_nothing(tmp_path: Path) -> None:
    """One that is there says when it changed."""
    changed = last_changed(tmp_path)

    assert changed is not None
    assert abs(changed - datetime.now(UTC)) < timedelta(minutes=1)
    assert last_changed(tmp_path / "missing") is None
