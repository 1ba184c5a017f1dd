"""What the doctor says of a database server's care."""

import pytest

from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.store import judge_durability


@pytest.mark.parametrize(
    ("synchronous_commit", "fsync", "grade"),
    [
        ("on", True, Grade.OK),
        ("remote_apply", True, Grade.OK),
        ("off", True, Grade.WARN),
        ("local", True, Grade.WARN),
        ("remote_write", True, Grade.WARN),
        ("on", False, Grade.WARN),
    ],
)
def test_acknowledged_work_survives(synchronous_commit: str, fsync: bool, grade: Grade) -> None:  # noqa: FBT001 - a row of the table
    """Only where the server waits for the disk, and for the stand-by if there is one."""
    finding = judge_durability(synchronous_commit, fsync=fsync)

    assert finding.grade is grade
    assert synchronous_commit in finding.found
