"""Counts the uses of API keys in a table that all processes of a machine map into memory.

It is the generic cell rate algorithm (ITU-T I.371): of each key one moment is kept, until
which its share is spent. A use moves it on by a step; one that would move it further than a
whole share from now is refused. The table is held by a lock on its file for the few
microseconds of a use. Without the file each process counts for itself.
"""

import errno
import fcntl
import mmap
import os
import threading
import time
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from watchword.core.kernel.ids import ApiKeyId
from watchword.observability.log import get_logger
from watchword.storage.moments import stored
from watchword.storage.private import open_private

_CELLS = 16_384
_RUN = 16
"""In so many cells, one after the other, a key may lie; which ones, its hash says."""

_NUMBER_BYTES = 8
_FILE_BYTES = 2 * _CELLS * _NUMBER_BYTES

_MINUTE = 60_000_000
_SECOND = 1_000_000

_PATIENCE_S = 0.25
"""Somebody who holds the lock for longer was stopped in the middle; nobody waits for that."""

_PAUSE_S = 0.00005
_OPENINGS = 3
_AGAIN_AFTER_S = 1.0

_log = get_logger("watchword.storage")


class MappedKeyRates:
    """Implements KeyRates for the processes of one machine that name the same file.

    A lock belongs to an opening of the file. So each object has its own, and a process
    that was forked off opens it anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: _MappedFile | None = None
        # Memory that takes none before somebody writes to it; most never do.
        own = mmap.mmap(-1, _FILE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._own = _Cells(memoryview(own))
        self._look_at = 0.0
        self._has_told = False
        self._begin()

    def take(self, key_id: ApiKeyId, *, per_minute: int, at: datetime) -> int:
        if per_minute <= 0:
            return 0
        if self._process != os.getpid():
            self._begin()
        number = int.from_bytes(blake2b(key_id.encode(), digest_size=_NUMBER_BYTES).digest())
        with self._turn:
            file = self._locked()
            if file is None:
                return self._own.take(number, per_minute, stored(at))
            try:
                return file.cells.take(number, per_minute, stored(at))
            finally:
                file.unlock()

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self.close()
        self._process = os.getpid()
        # Another thread may have held the old one when this process was forked off.
        self._turn = threading.Lock()

    def _locked(self) -> "_MappedFile | None":
        """Hold the table of all processes; None where it cannot be had."""
        if self._look_at and time.monotonic() < self._look_at:
            return None
        try:
            file = self._lock()
        except OSError as error:
            self._count_alone(error)
            return None
        self._look_at = 0.0
        return file

    def _lock(self) -> "_MappedFile":
        for _ in range(_OPENINGS):
            if self._file is None:
                self._file = _MappedFile(self._path)
            if self._file.lock():
                return self._file
            # Somebody removed it or put another in its place.
            self.close()
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def _count_alone(self, error: OSError) -> None:
        self.close()
        self._look_at = time.monotonic() + _AGAIN_AFTER_S
        if not self._has_told:
            self._has_told = True
            _log.warning(
                "api key rates are counted by each process alone",
                file=str(self._path),
                reason=error.strerror or type(error).__name__,
            )


class _Cells:
    """A table of numbers, and beside each the moment until which its share is spent.

    A cell whose moment is past says nothing any more and is as good as free.
    """

    def __init__(self, table: "memoryview[int]") -> None:
        numbers = table.cast("Q")
        self._keys = numbers[:_CELLS]
        self._spent = numbers[_CELLS:]

    def take(self, number: int, per_minute: int, now: int) -> int:
        """Take one use, or return the seconds until the next."""
        step = max(1, _MINUTE // per_minute)
        share = step * per_minute
        cell, spent = self._find(number)
        # Further than a share ahead is only what was written before the clock was set back.
        spent = min(max(spent, now), now + share)
        wait = spent + step - share - now
        self._spent[cell] = spent if wait > 0 else spent + step
        self._keys[cell] = number
        return max(0, -(-wait // _SECOND))

    def _find(self, number: int) -> tuple[int, int]:
        begin = number % (_CELLS - _RUN + 1)
        keys = self._keys[begin : begin + _RUN].tolist()
        if number in keys:
            cell = begin + keys.index(number)
            return cell, self._spent[cell]
        # A free one if there is one; else the one whose share comes back first has to go.
        spent = self._spent[begin : begin + _RUN].tolist()
        return begin + spent.index(min(spent)), 0


class _MappedFile:
    """The file of the table, opened and mapped; made if it is not there."""

    def __init__(self, path: Path) -> None:
        self._descriptor = open_private(path)
        try:
            self._wait_for_lock()
            try:
                self.cells = _Cells(self._map())
            finally:
                self.unlock()
        except BaseException:
            os.close(self._descriptor)
            raise

    def lock(self) -> bool:
        """Hold the table; False if this is not the file any more, or was cut short."""
        self._wait_for_lock()
        status = os.fstat(self._descriptor)
        if status.st_nlink and status.st_size >= _FILE_BYTES:
            return True
        self.unlock()
        return False

    def unlock(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        # The mapping goes with the last view of it.
        os.close(self._descriptor)

    def _wait_for_lock(self) -> None:
        patience_ends = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > patience_ends:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def _map(self) -> "memoryview[int]":
        if os.fstat(self._descriptor).st_size < _FILE_BYTES:
            # Written, not stretched: a page with no room on the disk would kill us on touch.
            self._write_zeros()
        return memoryview(mmap.mmap(self._descriptor, _FILE_BYTES))

    def _write_zeros(self) -> None:
        if os.pwrite(self._descriptor, bytes(_FILE_BYTES), 0) < _FILE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
