"""A store of signing keys alone, with a revocation stamp that a test can hold."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from watchword.core.kernel.errors import ConflictError, UnavailableError
from watchword.core.ports import Work
from watchword.core.signing.model import SigningKey


class KeyShelf:
    """Opens works over keys in memory, and is the Revocations beside them."""

    def __init__(self) -> None:
        self.keys: tuple[SigningKey, ...] = ()
        self.reads = 0
        self.is_down = False
        self.lifetime: timedelta | None = None
        self.even = 0
        self.is_odd = False
        self.before_commit: Callable[[], None] | None = None

    def stamp(self) -> int | None:
        return None if self.is_odd else self.even

    @asynccontextmanager
    async def open_work(self) -> AsyncIterator[Work]:
        # A work with one store only: nothing else of it is asked for here.
        yield cast("Work", _KeyWork(self))

    def put(self, *keys: SigningKey) -> None:
        """Replace what is stored, as another process would: the stamp changes."""
        self.keys = keys
        self.even += 2


class _KeyWork:
    """Records changes of keys and applies them at commit."""

    def __init__(self, shelf: KeyShelf) -> None:
        self._shelf = shelf
        self._writes: list[Callable[[], None]] = []
        self.signing_keys = self

    async def all(self) -> tuple[SigningKey, ...]:
        if self._shelf.is_down:
            raise UnavailableError
        self._shelf.reads += 1
        return self._shelf.keys

    def add_first(self, key: SigningKey) -> None:
        def write() -> None:
            if self._shelf.keys:
                raise ConflictError("signing_key")
            self._shelf.put(key)

        self._writes.append(write)

    def rotate(self, key: SigningKey) -> None:
        def write() -> None:
            older = (old.retire(key.created_at) for old in self._shelf.keys)
            self._shelf.put(key, *older)

        self._writes.append(write)

    async def commit(self) -> None:
        if (meanwhile := self._shelf.before_commit) is not None:
            self._shelf.before_commit = None
            meanwhile()
        for write in self._writes:
            write()


def retired(key: SigningKey, at: datetime) -> SigningKey:
    return replace(key, retired_at=at)
