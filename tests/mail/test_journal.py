"""The journal of accepted letters: it outlives us, and no damage stops a start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts.loglines import LogLines
from parts.processes import TESTS
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.ports import Acceptances
from watchword.mail.journal import JournalFile

IDS = [LetterId(f"00000000-0000-4000-8000-{number:012d}") for number in range(5)]
NOBODY = 65534
OPENING = """
import os, resource, signal, sys
from pathlib import Path
from watchword.core.kernel.randomness import SystemRandomness
from watchword.mail.journal import JournalFile
path = Path(sys.argv[1])
journal = JournalFile(path, randomness=SystemRandomness())
"""
KILLED = """
for name in sys.argv[2:]:
    journal.note(name)
os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = """
most = path.stat().st_size + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
journal.note(sys.argv[3])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "letters-taken"


def opened(path: Path) -> Acceptances:
    return JournalFile(path, randomness=SystemRandomness())


def noted(path: Path) -> list[LetterId]:
    return list(opened(path).noted())


def test_what_was_noted_is_there_after_a_start(path: Path) -> None:
    """In order, each once, until it is cleared."""
    journal = opened(path)
    for letter_id in [*IDS, IDS[0]]:
        journal.note(letter_id)

    assert noted(path) == IDS
    assert list(journal.noted()) == IDS

    journal.clear()

    assert noted(path) == []
    assert list(journal.noted()) == []


def test_noting_goes_on_after_clearing(path: Path) -> None:
    """Only what came since is there."""
    journal = opened(path)
    journal.note(IDS[0])
    journal.clear()

    journal.note(IDS[1])

    assert noted(path) == [IDS[1]]


def test_it_survives_kill_9(path: Path) -> None:
    """Without any flush or farewell."""
    done = run(KILLED, path, *IDS)

    assert done.returncode == -signal.SIGKILL
    assert noted(path) == IDS


def test_the_holder_keeps_its_name(path: Path, tmp_path: Path) -> None:
    """Over restarts and clearing; another machine has another."""
    first = opened(path)
    first.note(IDS[0])
    first.clear()

    assert opened(path).holder == first.holder
    assert opened(tmp_path / "other").holder != first.holder
    assert path.read_text() == f"{first.holder}."


def test_two_that_start_at_once_are_one_holder(path: Path) -> None:
    """Both have the name of who was first, and see the same notes."""
    one, two = opened(path), opened(path)
    one.note(IDS[0])

    assert one.holder == two.holder
    assert two.noted() == (IDS[0],)


def test_it_is_for_its_owner_alone(path: Path) -> None:
    """Also if it was opened to others meanwhile; nothing else is left in the folder."""
    opened(path)
    path.chmod(0o644)
    opened(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_is_the_servers(path: Path) -> None:
    """A command that root runs first leaves no file that the server cannot open."""
    os.chown(path.parent, NOBODY, NOBODY)

    opened(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


@pytest.mark.parametrize("cut", range(1, 38))
def test_a_torn_last_entry_is_ignored(path: Path, cut: int) -> None:
    """Half an id could be another's; and what is noted after it counts."""
    journal = opened(path)
    journal.note(IDS[0])
    journal.note(IDS[1])
    os.truncate(path, path.stat().st_size - cut)

    before = noted(path)
    opened(path).note(IDS[2])

    assert before == [IDS[0]]
    assert noted(path) == [IDS[0], IDS[2]]


@pytest.mark.parametrize("content", [b"", b".", b"\n\n", b"\0" * 4096, b"no holder here\n", b"abc"])
def test_a_damaged_file_is_begun_anew(path: Path, content: bytes, log_lines: LogLines) -> None:
    """With a new name, and a line in the log."""
    path.write_bytes(content)

    journal = opened(path)
    journal.note(IDS[0])

    assert len(journal.holder) >= 16
    assert noted(path) == [IDS[0]]
    assert len(log_lines.all()) == 1


def test_what_can_be_read_of_a_damaged_file_still_counts(path: Path) -> None:
    """Each entry that is left is a letter that does not come twice."""
    journal = opened(path)
    for letter_id in IDS:
        journal.note(letter_id)
    content = path.read_bytes()
    place = content.index(IDS[2].encode())

    path.write_bytes(b"\xff" * 10 + content[10:place] + b"\0" * 36 + content[place + 36 :])

    assert noted(path) == [IDS[0], IDS[1], IDS[3], IDS[4]]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_content_stops_a_start(path: Path, content: bytes) -> None:
    """Whatever a disk makes of it."""
    path.write_bytes(content)
    journal = opened(path)

    journal.note(IDS[0])

    assert journal.noted()[-1] == IDS[0]
    journal.clear()
    assert journal.noted() == ()


def test_a_place_that_cannot_hold_it_is_told(tmp_path: Path) -> None:
    """At the start, with the path."""
    (tmp_path / "folder").mkdir()

    for place in (tmp_path / "folder", tmp_path / "nowhere/letters-taken"):
        with pytest.raises(UnavailableError, match=place.name):
            opened(place)


@pytest.mark.parametrize("room", [0, 20])
def test_a_full_disk_is_told_and_stops_nothing(path: Path, room: int) -> None:
    """The database still learns of the letter a moment later; half an entry counts for nothing."""
    done = run(FULL, path, str(room), IDS[0])

    assert done.returncode == 0, done.stderr
    assert '"event":"an accepted letter could not be noted"' in done.stderr
    assert IDS[0] in done.stderr
    assert noted(path) == []


def run(program: str, path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of ours that ends by itself, or kills itself."""
    return subprocess.run(
        [sys.executable, "-c", OPENING + program, path, *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent / "src")},
    )
