"""A lock that one process of a machine holds, and that does not outlive it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from parts.program import PATHS
from watchword.jobs.onlyone import OnlyOne

NOBODY = 65534

HOLDER = """
import sys
from pathlib import Path
from watchword.jobs.onlyone import OnlyOne
print(OnlyOne(Path(sys.argv[1])).take(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_only_one_holds_it(path: Path) -> None:
    """The second is told at once, and gets it when the first lets go."""
    first, second = OnlyOne(path), OnlyOne(path)

    taken = [first.take(), second.take()]
    first.give()

    assert taken == [True, False]
    assert second.take()


def test_it_goes_with_its_holder(path: Path) -> None:
    """After `kill -9` nobody has to clear anything away."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": PATHS}
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        while_it_lives = OnlyOne(path).take()
        holder.send_signal(signal.SIGKILL)
        holder.wait()

    assert not while_it_lives
    assert OnlyOne(path).take()


def test_it_is_ours_alone(path: Path) -> None:
    """Nobody else could hold it for ever."""
    assert OnlyOne(path).take()

    assert path.stat().st_mode & 0o777 == 0o600


def test_its_holder_knows_when_the_file_is_gone(path: Path) -> None:
    """A folder that got another name is where it was for us."""
    lock = OnlyOne(path)
    lock.take()

    gone = [lock.is_gone]
    path.rename(path.with_name("elsewhere"))
    gone.append(lock.is_gone)
    path.with_name("elsewhere").unlink()
    gone.append(lock.is_gone)

    assert gone == [False, False, True]


def test_a_link_is_not_followed(path: Path) -> None:
    """No file of anybody else is made or locked."""
    path.symlink_to(path.with_name("elsewhere"))

    with pytest.raises(OSError, match="symbolic"):
        OnlyOne(path).take()

    assert not path.with_name("elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are not its own")
def test_a_lock_that_root_made_belongs_to_whom_its_folder_does(tmp_path: Path) -> None:
    """Else a server that runs as somebody else could never hold it again."""
    home = tmp_path / "data"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)

    assert OnlyOne(home / "lock").take()

    made = (home / "lock").stat()
    assert (made.st_uid, made.st_gid) == (NOBODY, NOBODY)
