"""The file of the master key: made once, for its owner alone."""

import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from contextlib import ExitStack
from pathlib import Path

import pytest

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.keyfile import open_master_key
from watchword.crypto.master import MasterKey

KEY = urlsafe_b64encode(b"k" * 32)


def opened(path: Path) -> MasterKey:
    return open_master_key(path, randomness=SystemRandomness())


def test_the_first_start_makes_a_key(tmp_path: Path) -> None:
    """A new file is for its owner alone, and the next start finds the same key in it."""
    path = tmp_path / "master.key"

    first, second = opened(path), opened(path)

    assert first.digest("x", "y") == second.digest("x", "y")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["master.key"]
    assert str(path) in first.source


def test_two_folders_have_two_keys(tmp_path: Path) -> None:
    """Each key is drawn anew."""
    first, second = opened(tmp_path / "a.key"), opened(tmp_path / "b.key")

    assert first.digest("x", "y") != second.digest("x", "y")


def test_a_key_that_is_there_is_kept(tmp_path: Path) -> None:
    """A key that was put there by hand or from a backup is used and not touched."""
    path = tmp_path / "master.key"
    path.write_bytes(KEY + b"\n")
    path.chmod(0o400)

    key = opened(path)

    given = MasterKey(b"k" * 32, source="", randomness=SystemRandomness())
    assert key.digest("x", "y") == given.digest("x", "y")
    assert path.read_bytes() == KEY + b"\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o602])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The error gives the command that repairs it."""
    path = tmp_path / "master.key"
    path.write_bytes(KEY)
    path.chmod(mode)

    with pytest.raises(InvalidError) as refusal:
        opened(path)

    assert refusal.value.field == "master_key"
    assert f"chmod 600 {path}" in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 30, b"A" * 100_000])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, cut off or foreign: the error names the file, and the file stays as it was."""
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InvalidError) as refusal:
        opened(path)

    assert str(path) in str(refusal.value)
    assert len(str(refusal.value)) < len(str(path)) + 100
    assert path.read_bytes() == content


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, a missing folder: an error and no waiting."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")

    for path in (tmp_path, pipe, tmp_path / "missing" / "master.key", dangling):
        with pytest.raises(InvalidError) as refusal:
            opened(path)

        assert str(path) in str(refusal.value)


def test_further_lines_are_retired_keys(tmp_path: Path) -> None:
    """The first line is the current key; empty lines and remarks say nothing."""
    path = tmp_path / "master.key"
    old, oldest = urlsafe_b64encode(b"o" * 32), urlsafe_b64encode(b"p" * 32)
    path.write_bytes(
        b"# changed in \xc3\xa4pril\n\n  " + KEY + b" \r\n#" + KEY + b"\n" + old + b"\n\n" + oldest
    )
    path.chmod(0o600)

    key = opened(path)

    given = MasterKey(
        b"k" * 32, source="", randomness=SystemRandomness(), retired=[b"o" * 32, b"p" * 32]
    )
    assert key.digest("x", "y") == given.digest("x", "y")
    assert key.digests("x", "y") == given.digests("x", "y")


def test_the_file_that_we_make_has_one_key(tmp_path: Path) -> None:
    """Nothing is retired at the first start."""
    assert not opened(tmp_path / "master.key").has_retired


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# nothing but a remark\n", "The file .* holds 0"),
        (KEY + b"\n" + KEY[:20] + b"\n", "Line 2 of .* holds 15"),
        (KEY + b"\n\n" + KEY + b" # old\n", "Line 3 of .* is not base64"),
        ((KEY + b"\n") * 9, "at most 8 keys"),
        (KEY + b"\n#" + b"x" * 5000 + b"\n" + KEY, "at most 8 keys"),
    ],
)
def test_lines_that_are_no_keys_are_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """The error says which line, and nothing of what stands there."""
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InvalidError, match=why) as refusal:
        opened(path)

    assert refusal.value.field == "master_key"
    assert str(path) in str(refusal.value)
    assert KEY[:10].decode() not in str(refusal.value)


PROCESS = """
import sys
from pathlib import Path
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.keyfile import open_master_key

print("ready", flush=True)
sys.stdin.read()
print(open_master_key(Path(sys.argv[1]), randomness=SystemRandomness()).digest("x", "y"))
"""


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """Four processes find no key and make one each: one of them counts for all."""
    path = tmp_path / "master.key"
    command = [sys.executable, "-c", PROCESS, str(path)]
    pipe = subprocess.PIPE

    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.close()
        digests = {process.stdout.read() for process in processes if process.stdout}
        codes = [process.wait(timeout=10) for process in processes]

    assert codes == [0] * 4
    assert len(digests) == 1
    assert [found.name for found in tmp_path.iterdir()] == ["master.key"]
