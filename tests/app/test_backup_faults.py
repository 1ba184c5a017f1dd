"""What backups survive: `kill -9` anywhere, a full disk, and a store that is large."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.backing import Site, back_up, fill, is_good, listed, path_of, put
from contract.files import no_larger_files
from parts.backup_process import AT
from parts.processes import beside, line_of, tell
from watchword.app.house import StartError, open_house
from watchword.core.kernel.errors import UnavailableError
from watchword.settings.model import Settings

pytestmark = pytest.mark.slow

PROGRAM = "parts.backup_process"
GROWTH = """
import asyncio, resource, sqlite3, sys
from contextlib import closing
from pathlib import Path
from app.backing import Site, back_up, fill, path_of
from watchword.app.backup_reading import verify
from watchword.app.restoring import restore

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

site = Site(Path(sys.argv[1]), {})
here = site.settings("here")
asyncio.run(fill(here))
with closing(sqlite3.connect(here.folder / "watchword.db")) as database, database:
    database.execute("CREATE TABLE ballast (octets BLOB)")
    for _ in range(100):
        database.execute("INSERT INTO ballast VALUES (randomblob(1048576))")
before = peak()
for encrypt in (False, True):
    made = asyncio.run(back_up(here, encrypt=encrypt))
    assert made.size > 100 * 2**20
file = path_of(here, made)
verify(file, here, identity=site.key.identity)
restore(file, site.settings("there"), identity=site.key.identity)
print(peak() - before)
"""


def named(site: Site, name: str) -> list[str]:
    """Return the first arguments of the program: which store."""
    return [str(site.folder / name), site.databases.get(name, ""), site.key.recipient]


async def test_a_backup_that_is_killed_leaves_one_file_that_the_next_removes(site: Site) -> None:
    """Whichever step it was at: what it leaves is never taken for a backup."""
    here = site.settings()
    held = await fill(here)
    counts: list[int] = []
    # To what is written last it takes as many steps as there are pieces from pg_dump.
    for may_be_killed in (_after(0), _after(1), lambda: bool(listed(here.backup_folder))):
        with beside("create", *named(site, "here"), "encrypted", program=PROGRAM) as process:
            _kill_when(may_be_killed, process)
        left = listed(here.backup_folder)
        counts.append(len(left))
        assert all(name.startswith(".") and name.endswith(".part") for name in left)
        assert not any(name.endswith(".part") for name in listed(here.folder))

    made = await back_up(here, at=AT)

    assert (counts[0], counts[-1]) == (0, 1)
    assert listed(here.backup_folder) == {made.file}
    there = site.settings("there")
    await put(path_of(here, made), there, site)
    assert await is_good(there, held)


def _after(steps: int) -> Callable[[], bool]:
    """Say yes when it was asked so often before."""
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def _kill_when(may_be_killed: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Let it do its steps, and kill it where it waits after one of them."""
    assert line_of(process).split()[0].isdigit()
    while not may_be_killed():
        tell(process, "")
        assert line_of(process).split()[0].isdigit()
    process.kill()
    process.wait()


async def test_a_restore_that_is_killed_is_done_again(site: Site) -> None:
    """Nobody starts on what it left; the next one does all of it."""
    here, there = site.settings("here"), site.settings("there")
    held = await fill(here)
    file = path_of(here, await back_up(here))
    words = [*named(site, "there"), str(file), site.key.identity]
    for steps in (0, 3):
        with beside("restore", *words, program=PROGRAM) as process:
            _kill_when(_after(steps), process)
        with pytest.raises(StartError, match="did not come to its end"):
            await _open(there)

    await put(file, there, site)

    assert await is_good(there, held)
    assert "restore.partial" not in listed(there.folder)


async def _open(settings: Settings) -> None:
    async with open_house(settings):
        pass


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("room", [0.5, 1.0])
async def test_a_full_disk_is_told(site: Site, encrypt: bool, room: float) -> None:  # noqa: FBT001 - a parameter
    """While the store is copied or when the file is written: the next one needs no cleaning up."""
    here = site.settings()
    await fill(here)
    whole = (await back_up(here, encrypt=encrypt)).size
    shutil.rmtree(here.backup_folder)

    with no_larger_files(int(whole * room) - 600), pytest.raises(UnavailableError) as found:
        await back_up(here, encrypt=encrypt)

    assert "is full" in str(found.value)
    assert "Free some space there and start again." in str(found.value)
    assert listed(here.backup_folder) == set()
    assert (await back_up(here, encrypt=encrypt)).size > 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of a few megabytes, None where the machine does not let us have one."""
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(disk)]
    is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    yield disk if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_disk_that_is_full_before_or_becomes_so(
    site: Site, small_disk: Path | None
) -> None:
    """It is not begun where there is no room, and it gives all back where others take that."""
    folder = small_disk or site.folder / "folder"
    here = site.settings(folder=str(folder / "backups"))
    await fill(here)
    if small_disk is None:
        return await _check_under_limit(here)
    ballast = folder / "ballast"

    with pytest.raises(UnavailableError, match="is full") as later:
        await back_up(here, on_progress=lambda *_: _fill(ballast))
    left = listed(folder / "backups")
    with pytest.raises(UnavailableError, match="is full") as before:
        await back_up(here, encrypt=False)
    ballast.unlink()

    assert str(folder / "backups") in str(later.value)
    assert str(folder / "backups") in str(before.value)
    assert left == set()
    assert (await back_up(here)).is_encrypted
    return None


async def _check_under_limit(here: Settings) -> None:
    with no_larger_files(1000), pytest.raises(UnavailableError, match="is full"):
        await back_up(here)

    assert listed(here.backup_folder) == set()


def _fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_memory_does_not_grow_with_the_store(tmp_path: Path) -> None:
    """100 MB are backed up, looked into and restored in a few."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, tmp_path],
        env={"PYTHONPATH": f"{tests}:{tests.parent / 'src'}", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 40
