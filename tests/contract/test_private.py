"""Files and folders that nobody else may read, whoever makes them."""

import os
import stat
from pathlib import Path

import pytest

from watchword.storage.private import make_folder, make_private

NOBODY = 65_534


def test_only_their_owner_gets_in(tmp_path: Path) -> None:
    """Whatever the umask says; what is there stays as it is."""
    folder, file = tmp_path / "above" / "folder", tmp_path / "above" / "folder" / "file"
    before = os.umask(0o777)
    try:
        (tmp_path / "above").mkdir(mode=0o700)
        (tmp_path / "above").chmod(0o700)
        make_folder(folder)
        make_private(file)
    finally:
        os.umask(before)
    file.write_text("kept")

    make_folder(folder)
    make_private(file)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == "kept"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_the_owner_of_its_place(tmp_path: Path) -> None:
    """A server that runs as somebody else must be able to use it."""
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)

    make_folder(home / "imports")
    make_private(home / "imports" / "file")

    made = [(home / "imports").stat(), (home / "imports" / "file").stat()]
    assert [(one.st_uid, one.st_gid) for one in made] == [(NOBODY, NOBODY)] * 2
