"""The folder of backups: what is half made, what is kept, and what is left alone."""

import fcntl
import os
import signal
from pathlib import Path

import pytest

from contract.files import mode
from contract.things import AT, DAY
from parts.processes import beside, line_of
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import backup_name
from watchword.storage.backup_folder import file_name, half_made, keep_newest, tidy, without_name

NAMES = [file_name(backup_name(AT + n * DAY), is_encrypted=n % 2 == 1) for n in range(5)]
OTHERS = [
    "watchword-20300101T123015Z.wwb.bak",
    "watchword-2030.wwb",
    "watchword-20300101T123015Z.tar",
    "my watchword-20300101T123015Z.wwb",
    "notes.txt",
]


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_names_say_when() -> None:
    """In an order that sorting by name finds, and whether one is encrypted."""
    assert NAMES[:2] == ["watchword-20300101T123015Z.wwb", "watchword-20300102T123015Z.wwb.age"]
    assert sorted(NAMES) == NAMES


@pytest.mark.parametrize("name", ["", "backup", "../watchword-20300101T123015Z", "watchword-x"])
def test_other_names_are_refused(name: str) -> None:
    """A name never leads out of the folder, and all of ours can be told from others."""
    with pytest.raises(InvalidError) as found:
        file_name(name, is_encrypted=False)

    assert found.value.field == "name"


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """Before, it has another, and nobody else may read it."""
    with half_made(tmp_path, NAMES[0]) as half:
        half.stream.write(b"all")
        [part] = tmp_path.iterdir()
        modes = mode(part)
        half.keep_as(NAMES[0])

    assert part.name.startswith(".")
    assert modes == mode(tmp_path / NAMES[0]) == 0o600
    assert names(tmp_path) == {NAMES[0]}
    assert (tmp_path / NAMES[0]).read_bytes() == b"all"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """Whatever it was that went wrong."""

    def fail() -> None:
        with half_made(tmp_path, NAMES[0]) as half:
            half.stream.write(b"half")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert names(tmp_path) == set()


def test_a_copy_has_no_name(tmp_path: Path) -> None:
    """So that it is gone with the process, whatever ends that."""
    with without_name(tmp_path) as stream:
        stream.write(b"all")
        stream.seek(0)
        seen = names(tmp_path), stream.read()

    assert seen == (set(), b"all")


def test_what_a_killed_process_left_is_taken_away(tmp_path: Path) -> None:
    """What another one is writing now stays, and so does everything that is not ours."""
    left = [
        f".{NAMES[0]}.abcd1234.part",
        f".{NAMES[1]}.abcd_234.part",
        ".watchword-copy.x2345678.part",
    ]
    others = [".notes.abcd1234.part", f".{NAMES[0]}.abcd1234.part.bak", *OTHERS]
    fill(tmp_path, *left, *others, NAMES[2])
    folder = tmp_path / f".{NAMES[3]}.abcd1234.part"
    folder.mkdir()
    link = tmp_path / f".{NAMES[4]}.abcd1234.part"
    link.symlink_to(tmp_path / NAMES[2])

    with half_made(tmp_path, NAMES[3]) as half:
        tidy(tmp_path)

        assert names(tmp_path) == {*others, NAMES[2], folder.name, link.name, half.path.name}


def test_a_file_is_left_over_when_its_process_was_killed(tmp_path: Path) -> None:
    """The lock is the kernel's: it goes with the process, and only then."""
    with beside("half", str(tmp_path), NAMES[0]) as other:
        assert line_of(other) == "begun"
        [part] = names(tmp_path)
        tidy(tmp_path)
        while_it_lives = names(tmp_path)
        other.send_signal(signal.SIGKILL)
        other.wait()
        after = names(tmp_path)
        tidy(tmp_path)

    assert while_it_lives == after == {part}
    assert names(tmp_path) == set()


def test_a_lock_of_somebody_else_is_respected(tmp_path: Path) -> None:
    """Whoever reads a file that is left over may finish."""
    left = tmp_path / f".{NAMES[0]}.abcd1234.part"
    fill(tmp_path, left.name)
    reader = os.open(left, os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)

    tidy(tmp_path)
    before = names(tmp_path)
    os.close(reader)
    tidy(tmp_path)

    assert (before, names(tmp_path)) == ({left.name}, set())


def test_the_folder_is_made_for_us_alone(tmp_path: Path) -> None:
    """With those above it."""
    folder = tmp_path / "a" / "b"

    tidy(folder)

    assert mode(folder) == 0o700


@pytest.mark.parametrize(("count", "kept"), [(0, 5), (1, 1), (3, 3), (5, 5), (9, 5)])
def test_the_newest_are_kept(tmp_path: Path, count: int, kept: int) -> None:
    """As many as asked, encrypted or not; zero keeps all. What is not ours stays."""
    fill(tmp_path, *NAMES, *OTHERS)

    keep_newest(tmp_path, count, spare=NAMES[4])

    assert names(tmp_path) == {*NAMES[5 - kept :], *OTHERS}


def test_the_one_just_made_is_kept(tmp_path: Path) -> None:
    """Though its name be the oldest: a clock may have been wrong."""
    fill(tmp_path, *NAMES)

    keep_newest(tmp_path, 2, spare=NAMES[0])

    assert names(tmp_path) == {NAMES[0], NAMES[3], NAMES[4]}


def test_a_folder_of_the_name_of_a_backup_is_left_alone(tmp_path: Path) -> None:
    """And so is a link: only files that we made are removed."""
    (tmp_path / NAMES[0]).mkdir()
    fill(tmp_path, *NAMES[2:])
    (tmp_path / NAMES[1]).symlink_to(tmp_path / NAMES[2])

    keep_newest(tmp_path, 1, spare=NAMES[4])

    assert names(tmp_path) == {NAMES[0], NAMES[1], NAMES[4]}
