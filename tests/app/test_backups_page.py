"""The page about backups: what it says is in a file, and what it tells people to type."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.backing import Site, back_up, fill, listed, path_of
from watchword.app.occupancy import LOCK_FILE, workplace
from watchword.storage.backup_archive import DATABASES, MANIFEST, MASTER_KEY
from watchword.storage.backup_contents import INTERRUPTED

FOLDER = Path(__file__).parents[2] / "docs" / "operate"
PAGE = (FOLDER / "backups.md").read_text("utf-8")
DATABASES_PAGE = (FOLDER / "databases.md").read_text("utf-8")
EXAMPLE = "watchword-20270131T033000Z.wwb"


def test_the_names_are_right() -> None:
    """Of what is in a backup, and of what stands in the list of jobs afterwards."""
    assert {
        name for name in (MANIFEST, MASTER_KEY, *DATABASES.values()) if f"`{name}`" not in PAGE
    } == set()
    assert f"*{INTERRUPTED}*" in PAGE
    assert EXAMPLE in PAGE


def test_what_lies_in_the_data_folder_is_on_its_page(own_site: Site) -> None:
    """Whoever finds a file there can look it up."""
    assert f"`{LOCK_FILE}`" in DATABASES_PAGE
    assert f"`{workplace(own_site.settings()).name}/`" in DATABASES_PAGE


@pytest.mark.skipif(not shutil.which("age"), reason="no age here: install Debian's package `age`")
async def test_a_backup_is_opened_without_us(own_site: Site, tmp_path: Path) -> None:
    """The command on the page has its parts come out, for whoever has the identity."""
    here = own_site.settings()
    await fill(here)
    shutil.copyfile(path_of(here, await back_up(here)), tmp_path / f"{EXAMPLE}.age")
    (tmp_path / "identity.txt").write_text(own_site.key.identity)
    command = re.search(r"^age --decrypt .*$", PAGE, re.MULTILINE)

    assert command
    run_shell(command[0], tmp_path)

    assert listed(tmp_path) >= {MANIFEST, "watchword.db", MASTER_KEY}
    assert (tmp_path / MASTER_KEY).read_text() == (here.folder / MASTER_KEY).read_text()


def run_shell(command: str, folder: Path) -> None:
    subprocess.run(["sh", "-euc", command], cwd=folder, check=True)
