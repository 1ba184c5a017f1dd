"""Copies a file into the folder of imports for one job alone, and clears away old copies."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import BinaryIO

import msgspec

from watchword.core.jobs.model import State
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import Randomness
from watchword.core.services.jobs import Jobs
from watchword.jobs.importfile import open_import
from watchword.storage.backup_disk import writing_to
from watchword.storage.private import give_to_owner_of, make_folder, sync_folder

FLOW = "accounts.import"

PORTION_BYTES = 2**20

LEFT_FOR = timedelta(days=1)
"""A copy that is younger may belong to a job that is just being started."""

_STEM = r"watchword-[0-9a-f]{32}"
_ENDING = re.compile(r"\.[a-z0-9]{1,10}")
_OURS = re.compile(rf"{_STEM}(\.[a-z0-9]{{1,10}})?|\.{_STEM}\.part")


@dataclass(frozen=True, slots=True)
class ImportCopy:
    """A file in the folder of imports. One that was there before is not `is_new`."""

    path: Path
    is_new: bool

    @property
    def name(self) -> str:
        return self.path.name

    def remove(self) -> None:
        """Take it away again, unless it was there before us."""
        if self.is_new:
            self.path.unlink(missing_ok=True)


def copy_for_import(
    folder: Path, source: BinaryIO, *, name: str, key: str, randomness: Randomness
) -> ImportCopy:
    """Copy what is left of a stream, durably and for nobody else's eyes.

    `name` is what the file was called: how it ends says how it is written. With the same
    `key` the same octets have the same name, so that the same wish is known again.

    Raises InvalidError("path") for what is no text, UnavailableError if it cannot be written.
    Whatever it raises, it leaves nothing behind.
    """
    with writing_to(folder):
        make_folder(folder)
        half = folder / f".watchword-{randomness.uuid().replace('-', '')}.part"
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with writing_to(folder), os.fdopen(descriptor, "wb") as stream:
            digest = _poured(source, stream, seed=key or randomness.uuid())
            give_to_owner_of(folder, descriptor)
            os.fsync(descriptor)
        open_import(folder, half.name).close()  # says what is wrong with it before there is a job
        return _named(half, f"watchword-{digest[:32]}{_ending(name)}")
    finally:
        half.unlink(missing_ok=True)


async def clear_copies(folder: Path, jobs: Jobs, actor: Actor, *, at: datetime) -> None:
    """Remove copies that no job will read any more: of runs that were cut off, of dry runs."""
    with suppress(OSError):
        if old := _old_copies(folder, at):
            wanted = await _wanted(jobs, actor)
            for path in old:
                if path.name not in wanted:
                    path.unlink(missing_ok=True)


def _poured(source: BinaryIO, stream: BinaryIO, *, seed: str) -> str:
    """Copy in portions. Returns the digest of seed and octets."""
    digest = hashlib.sha256(seed.encode() + b"\0")
    for portion in _portions(source):
        digest.update(portion)
        stream.write(portion)
    stream.flush()
    return digest.hexdigest()


def _portions(source: BinaryIO) -> Iterator[bytes]:
    try:
        while portion := source.read(PORTION_BYTES):
            yield portion
    except OSError as error:
        reason = error.strerror or error
        raise InvalidError("path", f"The file cannot be read: {reason}.") from error


def _named(half: Path, name: str) -> ImportCopy:
    whole = half.with_name(name)
    with writing_to(half.parent):
        try:
            # Not `rename`: a job may be reading the one of this name.
            os.link(half, whole)
        except FileExistsError:
            return ImportCopy(whole, is_new=False)
        sync_folder(half.parent)
    return ImportCopy(whole, is_new=True)


def _ending(name: str) -> str:
    ending = PurePath(name).suffix.lower()
    return ending if _ENDING.fullmatch(ending) else ""


def _old_copies(folder: Path, at: datetime) -> list[Path]:
    before = (at - LEFT_FOR).timestamp()
    ours = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    return [path for path in ours if path.is_file() and path.lstat().st_mtime < before]


async def _wanted(jobs: Jobs, actor: Actor) -> set[str]:
    """Return the files of all imports that are not done: one that failed can be started again."""
    wanted: set[str] = set()
    after: str | None = None
    while True:
        page = await jobs.page(actor, flow=FLOW, after=after)
        for job in page.items:
            if job.state is not State.COMPLETED:
                wanted.add(msgspec.json.decode(job.parameters)["path"])
        after = page.next
        if after is None:
            return wanted
