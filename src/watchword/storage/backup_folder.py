"""The folder of backups: what is ours in it, what is half made, and how many are kept."""

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from watchword.core.kernel.errors import InvalidError
from watchword.storage.private import give_to_owner_of, make_folder, sync_folder

COPY = "watchword-copy"
"""The stem of a file in which a database is copied; the name is gone before anything is in it."""

_NAME = r"watchword-\d{8}T\d{6}Z"
_OURS = re.compile(rf"{_NAME}\.wwb(?:\.age)?")
_HALF_MADE = re.compile(rf"\.(?:{_NAME}\.wwb(?:\.age)?|{COPY})\.[a-z0-9_]{{8}}\.part")


@dataclass(frozen=True, slots=True)
class HalfMade:
    """A file that is being written, under a name that says so, and locked by who writes it."""

    path: Path
    stream: BinaryIO

    def keep_as(self, name: str) -> Path:
        """Give it its name, for good: when this returns it survives a crash of the machine."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        whole = self.path.with_name(name)
        self.path.replace(whole)
        sync_folder(whole.parent)
        return whole


def file_name(name: str, *, is_encrypted: bool) -> str:
    """Return what a backup is called in its folder. Raises InvalidError("name")."""
    whole = f"{name}.wwb.age" if is_encrypted else f"{name}.wwb"
    if not _OURS.fullmatch(whole):
        raise InvalidError("name", "A backup is called watchword-YYYYMMDDTHHMMSSZ.")
    return whole


def tidy(folder: Path) -> None:
    """Make the folder if there is none, and take away what killed backups left half made."""
    make_folder(folder)
    for entry in os.scandir(folder):
        if _HALF_MADE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            # Where locks do not work nobody can tell what is left over, and it stays.
            with suppress(OSError):
                _remove_left(Path(entry.path))


@contextmanager
def half_made(folder: Path, stem: str) -> Iterator[HalfMade]:
    """Begin a file for us alone; unless it is kept it is gone at the end of the block."""
    made = _begin(folder, stem)
    try:
        give_to_owner_of(folder, made.stream.fileno())
        yield made
    finally:
        # It has another name by now if it was kept.
        made.path.unlink(missing_ok=True)
        # On a full disk what is left in memory cannot be written here either.
        with suppress(OSError):
            made.stream.close()


@contextmanager
def without_name(folder: Path) -> Iterator[BinaryIO]:
    """Begin a file that nobody else can open, and that is gone when we are, whatever ends us."""
    with half_made(folder, COPY) as made:
        made.path.unlink()
        yield made.stream


def keep_newest(folder: Path, count: int, *, spare: str) -> None:
    """Remove the oldest backups until so many are left. Zero keeps all; `spare` stays anyway."""
    ours = sorted(
        (entry.name for entry in os.scandir(folder) if _is_backup(entry)), key=_age, reverse=True
    )
    for name in ours[count:] if count else ():
        if name != spare:
            (folder / name).unlink(missing_ok=True)


def _is_backup(entry: "os.DirEntry[str]") -> bool:
    return bool(_OURS.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


def _age(name: str) -> str:
    return name.partition(".")[0]


def _begin(folder: Path, stem: str) -> HalfMade:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{stem}.", suffix=".part", dir=folder)
        stream = os.fdopen(descriptor, "w+b")
        # On a disk without locks it is as good, but nobody removes it if we are killed.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who was tidying up may have had it before we locked it.
        if os.fstat(descriptor).st_nlink:
            return HalfMade(Path(name), stream)
        stream.close()


def _remove_left(path: Path) -> None:
    """Remove a file unless somebody holds its lock; the kernel freed that of who was killed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    finally:
        os.close(descriptor)
