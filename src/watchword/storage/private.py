"""Makes files and folders that nobody else may read."""

import os
from pathlib import Path

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


def open_private(path: Path) -> int:
    """Open a file for reading and writing, making it for its owner alone if it is not there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        make_private(path)
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone; one that is there stays as it is."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    except FileExistsError:
        return
    try:
        # The umask may have taken away more than we want.
        os.fchmod(descriptor, _FILE_MODE)
        give_to_owner_of(path.parent, descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, with the ones above it; one that is there stays."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=_FOLDER_MODE)
    except FileExistsError:
        return
    path.chmod(_FOLDER_MODE)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        give_to_owner_of(path.parent, descriptor)
    finally:
        os.close(descriptor)


def give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Give what root made to whom its folder belongs."""
    # A command that root runs beside the server must not leave files the server cannot open.
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Have a name that was just given or taken survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
