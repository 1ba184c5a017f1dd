"""What the doctor says of memory, files and space."""

import resource
from pathlib import Path

import pytest

from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.machine import (
    free_memory_mib,
    judge_memory,
    judge_open_files,
    judge_space,
    look_at_space,
)


def test_memory_must_hold_every_hash() -> None:
    """Two workers with four threads each hold 312 MiB."""
    grades = [judge_memory(free, workers=2, threads=4).grade for free in (311, 312, None)]

    assert grades == [Grade.WARN, Grade.OK, Grade.OK]


def test_the_smaller_of_machine_and_container_counts(tmp_path: Path) -> None:
    """A container may have much less than the machine; a file that is missing says nothing."""
    meminfo, most, now = (tmp_path / name for name in ("meminfo", "max", "current"))
    nothing = free_memory_mib(meminfo, most, now)
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 2048000 kB\n")
    machine = free_memory_mib(meminfo, most, now)
    most.write_text("max\n")
    now.write_text("1048576\n")
    unlimited = free_memory_mib(meminfo, most, now)
    most.write_text(f"{101 * 1024 * 1024}\n")
    limited = free_memory_mib(meminfo, most, now)

    assert (nothing, machine, unlimited, limited) == (None, 2000, 2000, 100)


@pytest.mark.parametrize(
    ("most", "grade"),
    [(1355, Grade.WARN), (1356, Grade.OK), (resource.RLIM_INFINITY, Grade.OK)],
)
def test_open_files_must_hold_every_connection(most: int, grade: Grade) -> None:
    """A thousand connections need some more files than that."""
    assert judge_open_files(most, 1000).grade is grade


def test_a_disk_that_fills_up_is_seen_before_it_is_full() -> None:
    """First a warning, then a failure."""
    grades = [judge_space(mib, "x").grade for mib in (5000, 1000, 50)]

    assert grades == [Grade.OK, Grade.WARN, Grade.FAIL]


def test_space_is_known_before_the_folder_is_there(tmp_path: Path) -> None:
    """The nearest folder above is on the same disk."""
    finding = look_at_space(tmp_path / "not" / "yet" / "watchword.db")

    assert "MiB are free" in finding.found
    assert not (tmp_path / "not").exists()
