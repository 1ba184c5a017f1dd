"""What a disk says that is full or cannot be written, in words of what to do."""

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from watchword.core.kernel.errors import UnavailableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MEGABYTE = 1_000_000


def require_room(needs: Sequence[tuple[Path, int]]) -> None:
    """Raise UnavailableError if these folders cannot take so many bytes each.

    A disk that we fill fails the server on it as well, so it is better not to begin.
    """
    on_disk: dict[int, int] = {}
    for folder, size in needs:
        disk = folder.stat().st_dev
        on_disk[disk] = on_disk.get(disk, 0) + size
        if shutil.disk_usage(folder).free < on_disk[disk]:
            raise UnavailableError(_full(folder, on_disk[disk]))


@contextmanager
def writing_to(folder: Path, *, needs: int | None = None) -> Iterator[None]:
    """Turn what the disk under a folder says into UnavailableError."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UnavailableError(_full(folder, needs)) from error
        message = f"The folder {folder} cannot be used: {error.strerror or error}."
        raise UnavailableError(message) from error


def _full(folder: Path, needs: int | None) -> str:
    free = f"{_megabytes(shutil.disk_usage(folder).free)} MB are free"
    wanted = f"about {_megabytes(needs) + 1} MB are needed and {free}" if needs else free
    return f"The disk with {folder} is full: {wanted}. Free some space there and start again."


def _megabytes(size: int) -> int:
    return size // _MEGABYTE
