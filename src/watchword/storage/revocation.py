"""The number by which all processes of a machine feel a revocation.

It lies in a file that each process maps into memory, so a look costs next to nothing.
Whoever revokes makes it odd before the commit and even after it, holding a lock on the
file in between; while it is odd nobody trusts what they remember. A process that dies in
between leaves it odd and the lock free, and whoever sees that for a second repairs it.
"""

import asyncio
import errno
import fcntl
import mmap
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from watchword.core.kernel.errors import UnavailableError
from watchword.storage.private import open_private

_NUMBER_BYTES = 8
_REPAIR_AFTER_S = 1.0
_PAUSE_S = 0.002
_PATIENCE_S = 5.0

_LOOK_EVERY_S = 0.5
"""How often we look whether the file is still the one that we have mapped."""

_GENERATION = 2**64
"""More than the file can hold: another file, or other news, never gives an old stamp again."""


@dataclass(frozen=True, slots=True)
class _Mapping:
    number: "memoryview[int]"
    device: int
    inode: int

    def is_of(self, status: os.stat_result) -> bool:
        return (self.device, self.inode) == (status.st_dev, status.st_ino)


@dataclass(frozen=True, slots=True)
class _Turn:
    lock: ExitStack
    number: "memoryview[int]"

    def end(self) -> None:
        self.number[0] += 1
        self.lock.close()


class RevocationCounter:
    """Implements Revocations for the processes of one machine.

    Each holder of the lock opens the file anew: a lock belongs to the opening, so one
    that a thread shared with another would not keep them apart.
    """

    def __init__(self, path: Path, *, lifetime: timedelta | None = None) -> None:
        self._path = path
        self._lifetime = lifetime
        self._mapping: _Mapping | None = None
        self._mapping_change = threading.Lock()
        self._turn = asyncio.Lock()
        self._generation = 0
        self._odd: tuple[int, float] = (0, 0.0)
        self._look_at = 0.0

    @property
    def lifetime(self) -> timedelta | None:
        return self._lifetime

    def stamp(self) -> int | None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY_S
            self._look_at_file()
        mapping = self._mapping
        if mapping is None:
            return None
        number = mapping.number[0]
        if number % 2:
            self._wait_or_repair(number, now)
            return None
        return self._generation + number

    def renew(self) -> None:
        """Change the stamp of this process alone: there may be news that it missed."""
        with self._mapping_change:
            self._generation += _GENERATION

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the number odd, for a thread that may wait.

        Raises UnavailableError when the others do not let go in time.
        """
        patience_ends = time.monotonic() + _PATIENCE_S
        while (turn := self._begin()) is None:
            if time.monotonic() > patience_ends:
                raise UnavailableError
            time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            turn.end()

    @asynccontextmanager
    async def changing_on_loop(self) -> AsyncIterator[None]:
        """Do the same without keeping the event loop waiting."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                turn = await self._begin_on_loop()
        except TimeoutError as error:
            raise UnavailableError from error
        try:
            yield
        finally:
            turn.end()
            self._turn.release()

    def close(self) -> None:
        """Let go of the file. Nothing is trusted from now on."""
        self._look_at = float("inf")
        self._mapping = None

    async def _begin_on_loop(self) -> _Turn:
        await self._turn.acquire()
        try:
            while (turn := self._begin()) is None:  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(_PAUSE_S)
        except BaseException:
            self._turn.release()
            raise
        return turn

    def _begin(self) -> _Turn | None:
        """Make the number odd; None while another process holds the lock."""
        with ExitStack() as stack:
            descriptor = stack.enter_context(_locked(self._path))
            if descriptor is None:
                return None
            number = self._map(descriptor).number
            # Odd already: whoever held the lock before us died. Nobody has seen the next one.
            number[0] += 1 + number[0] % 2
            return _Turn(stack.pop_all(), number)

    def _look_at_file(self) -> None:
        """Map the file that is there now. Without one, nothing is trusted."""
        mapping = self._mapping
        with suppress(OSError):
            if mapping is not None and mapping.is_of(self._path.stat()):
                return
            with _locked(self._path) as descriptor:
                if descriptor is not None:
                    self._map(descriptor)
                    return
        self._mapping = None
        self._look_at = 0.0

    def _wait_or_repair(self, number: int, now: float) -> None:
        seen, since = self._odd
        if number != seen:
            self._odd = (number, now)
        elif now - since > _REPAIR_AFTER_S:
            self._repair(number)

    def _repair(self, number: int) -> None:
        """Do what somebody who died left undone; whoever lives still holds the lock."""
        with suppress(OSError), _locked(self._path) as descriptor:
            if descriptor is not None:
                now = self._map(descriptor).number
                if now[0] == number:
                    now[0] = number + 1

    def _map(self, locked: int) -> _Mapping:
        """Return the mapping of a file whose lock we hold, making it if it is new to us."""
        status = os.fstat(locked)
        with self._mapping_change:
            mapping = self._mapping
            if mapping is not None and mapping.is_of(status):
                return mapping
            if status.st_size < _NUMBER_BYTES:
                # Written, not stretched: a page with no room on the disk would kill us on touch.
                _write_zero(locked)
            number = memoryview(mmap.mmap(locked, _NUMBER_BYTES)).cast("Q")
            mapping = self._mapping = _Mapping(number, status.st_dev, status.st_ino)
            self._generation += _GENERATION
            return mapping


def _write_zero(locked: int) -> None:
    if os.pwrite(locked, bytes(_NUMBER_BYTES), 0) < _NUMBER_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Open the file and hold its lock; None while somebody else has it."""
    descriptor = open_private(path)
    try:
        yield descriptor if _lock(descriptor, path) else None
    finally:
        # Closing is not enough: a mapping keeps a copy of the descriptor, and the lock with it.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Somebody may have put another file in its place before we had the lock.
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
