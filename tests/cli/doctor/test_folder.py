"""What the doctor says of the data folder."""

import os
from pathlib import Path

import pytest

from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.folder import look_at_folder

ME = os.geteuid()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_closed_folder_is_fine(folder: Path) -> None:
    """Nobody else gets in, so the modes of the files in it do not matter."""
    (folder / "watchword.db").touch(mode=0o644)

    findings = look_at_folder(folder, user=ME)

    assert [(one.check, one.grade) for one in findings] == [
        ("data_folder", Grade.OK),
        ("owner", Grade.OK),
    ]


def test_an_open_folder_with_closed_files_is_a_warning(folder: Path) -> None:
    """Others see names only; the advice is a command."""
    (folder / "master.key").touch(mode=0o600)
    folder.chmod(0o755)

    finding, _ = look_at_folder(folder, user=ME)

    assert finding.grade is Grade.WARN
    assert finding.advice == f"Run: chmod 700 {folder}"


def test_an_open_folder_with_an_open_file_fails(folder: Path) -> None:
    """The file is named, for what was in it may be known."""
    (folder / "master.key").touch()
    (folder / "master.key").chmod(0o640)
    folder.chmod(0o750)

    finding, _ = look_at_folder(folder, user=ME)

    assert finding.grade is Grade.FAIL
    assert "master.key" in finding.found


def test_a_folder_that_is_missing_is_a_warning_and_stays_missing(tmp_path: Path) -> None:
    """The first start makes it."""
    [finding] = look_at_folder(tmp_path / "missing", user=ME)

    assert finding.grade is Grade.WARN
    assert not (tmp_path / "missing").exists()


def test_a_file_in_its_place_fails(tmp_path: Path) -> None:
    """It must go before a server can start."""
    (tmp_path / "data").touch()

    [finding] = look_at_folder(tmp_path / "data", user=ME)

    assert finding.grade is Grade.FAIL


def test_a_folder_of_somebody_else_is_a_warning(folder: Path) -> None:
    """What we make in it the server could not open; the advice says as whom to work."""
    owner = folder.stat().st_uid

    _, finding = look_at_folder(folder, user=owner + 1)

    assert finding.grade is Grade.WARN
    assert f"sudo -u '#{owner}'" in finding.advice
