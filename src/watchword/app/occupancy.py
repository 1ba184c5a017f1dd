"""Who works on a data folder now: servers and commands side by side, or one restore alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchword.core.kernel.errors import UnavailableError
from watchword.settings.model import Settings
from watchword.storage.private import open_private

LOCK_FILE = "in-use.lock"
"""The kernel frees its locks when a process ends, by `kill -9` too."""

_RESTORE_FOLDER = "restore.partial"
"""There as long as a restore has not come to its end."""


@contextmanager
def sharing(settings: Settings) -> Iterator[None]:
    """Work beside others. Raises UnavailableError while a restore needs the folder for itself."""
    folder, unfinished = settings.folder, workplace(settings)
    with _locked(folder, fcntl.LOCK_SH) as is_ours:
        if not is_ours:
            raise UnavailableError(f"A backup is being restored into {folder}. Wait for its end.")
        if unfinished.exists():
            raise UnavailableError(
                f"A restore into {folder} did not come to its end. Start it again; or if the"
                f" store is to stay as it is, remove {unfinished}."
            )
        yield


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Work on a folder on which nobody else does. Raises UnavailableError if somebody does."""
    with _locked(settings.folder, fcntl.LOCK_EX) as is_ours:
        if not is_ours:
            raise UnavailableError(
                f"A server or a command of ours works on {settings.folder}: stop it before you"
                " restore."
            )
        yield


def workplace(settings: Settings) -> Path:
    """Return the folder in which a restore works: on the same disk as what it puts in place."""
    file = settings.database_file
    return (file.parent if file else settings.folder) / _RESTORE_FOLDER


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[bool]:
    """Hold a lock on the folder, and say whether it could be had."""
    descriptor = _open(folder / LOCK_FILE)
    try:
        yield descriptor is None or _lock(descriptor, kind)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open(path: Path) -> int | None:
    # A folder that cannot be written is for others to complain of.
    with suppress(OSError):
        return open_private(path)
    return None


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # There are disks without locks. SQLite does not work there either.
        return True
    return True
