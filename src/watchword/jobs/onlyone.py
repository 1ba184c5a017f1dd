"""Lets one process of this machine do something, however many there are."""

import fcntl
import os
from pathlib import Path


class OnlyOne:
    """A lock on a file. The kernel frees it when its holder ends, by `kill -9` too.

    A lock belongs to an opening of the file: a process that was forked off must not use
    its parent's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Hold the lock, or return False at once. Raises OSError where the file cannot be used."""
        assert self._descriptor is None
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _give_to_owner_of(self._path.parent, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever removed the file meanwhile made a lock that the next one would not see.
            is_ours = os.fstat(descriptor).st_nlink > 0
        except BlockingIOError:
            is_ours = False
        except BaseException:
            os.close(descriptor)
            raise
        if not is_ours:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    @property
    def is_gone(self) -> bool:
        """Whether the file was removed while we hold it: others cannot see the lock any more."""
        assert self._descriptor is not None
        return os.fstat(self._descriptor).st_nlink == 0

    def give(self) -> None:
        """Let go, so that another process may hold it."""
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Give a file that root made to whom its folder belongs, who must be able to lock it too."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
