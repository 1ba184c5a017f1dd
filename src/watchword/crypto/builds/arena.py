"""Memory for hashes: aligned, on huge pages where the system has them, and kept by hash threads."""

import ctypes
import mmap
import threading
from contextlib import suppress

from watchword.crypto.builds.build import no_memory

HUGE_PAGE = 2 * 1024 * 1024
"""Of x86, and of ARM with pages of 4 KiB. Where it is another size, this is still aligned."""


class Arena:
    """A piece of memory of its own. The system gets it back when nobody holds this any more."""

    def __init__(self, size: int) -> None:
        try:
            # Its address is not ours to choose, so it is larger by what aligning it can cost;
            # what is never touched takes no memory.
            self._mapping = mmap.mmap(
                -1, size + HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            )
        except OSError as error:
            raise no_memory() from error
        begin = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))
        skipped = -begin % HUGE_PAGE
        self.address = begin + skipped
        self.size = size
        # Blocks lie all over it: with pages of 4 KiB the processor looks up most addresses anew.
        with suppress(OSError):  # a system without huge pages
            self._mapping.madvise(mmap.MADV_HUGEPAGE, skipped, size)


class Arenas(threading.local):
    """What each thread has: hash threads keep one arena between hashes, up to a size.

    To take memory from the system for each hash costs as much as the hash. The main thread
    keeps none: it computes one hash when the server starts, and no other.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._arena: Arena | None = None

    def get(self, size: int) -> Arena:
        """Return memory of at least this size. Raises UnavailableError."""
        if size > self._kept or threading.current_thread() is threading.main_thread():
            return Arena(size)
        if self._arena is None:
            self._arena = Arena(self._kept)
        return self._arena
