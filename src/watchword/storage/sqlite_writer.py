"""The one thread that writes to SQLite.

It takes the transactions that wait, applies each under a savepoint of its own, and
commits them as a group: one sync of the disk for all. Who asked is woken after that.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.handback import Handback
from watchword.storage.revocation import RevocationCounter
from watchword.storage.sqlite_file import DatabaseFile, Identity
from watchword.storage.sqlite_group import GroupCommitter, Job
from watchword.storage.statement import Result, Transaction

GROUP_MAX = 256

TURNS_MAX = 8
"""No write waits longer for others to come with it, in turns of the loop."""

WAITING_MAX = 2048
"""Past this a caller is refused at once: a slow disk has seconds of work in front of it."""

_READERS_PATIENCE_S = 5.0


class SqliteWriter:
    """Hands transactions to the thread and wakes who waits for them."""

    def __init__(
        self,
        file: DatabaseFile,
        revocations: RevocationCounter,
        *,
        patience_ms: int,
        close_reader: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._close_reader = close_reader
        self._jobs: queue.SimpleQueue[list[Job[Any]] | None] = queue.SimpleQueue()
        self._handback = Handback(self._loop)
        self._gathered: list[Job[Any]] = []
        self._waiting = 0
        self._is_closing = False
        self._has_seen_end = False
        self._ended = asyncio.Event()
        self._committer = GroupCommitter(
            file, revocations, patience_ms=patience_ms, release_readers=self._release_readers
        )
        # A daemon: what was acknowledged is on the disk already, so it may die with the process.
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    @property
    def identity(self) -> Identity | None:
        """Which file the writer has open, or last had."""
        return self._committer.identity

    async def apply(self, transaction: Transaction[Result]) -> Result:
        """Return what came of the transaction once its group is on the disk."""
        if self._is_closing:
            raise UnavailableError("The database is closed.")
        if self._waiting >= WAITING_MAX:
            raise UnavailableError("Too many writes wait for the disk.", retry_after=1)
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting += 1
        self._gathered.append(Job(transaction, future))
        if len(self._gathered) == 1:
            self._loop.call_soon(self._gather, 0, TURNS_MAX)
        return await future

    async def close(self) -> None:
        """Finish what waits, and end the thread."""
        if not self._is_closing:
            self._is_closing = True
            self._hand_over()
            self._jobs.put(None)
        await self._ended.wait()
        self._thread.join()

    def _gather(self, before: int, turns: int) -> None:
        """Hand over what was gathered, once a turn of the loop has added nothing to it.

        Whoever was woken together comes here in turns of the loop that follow each other.
        Handed over one by one they would wake the thread in the middle of the second.
        """
        count = len(self._gathered)
        if before < count < GROUP_MAX and turns:
            self._loop.call_soon(self._gather, count, turns - 1)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathered:
            self._jobs.put(self._gathered)
            self._gathered = []

    def _run(self) -> None:
        while (first := self._next()) is not None:
            jobs = self._committer.commit(first, self._others)
            self._handback.give([partial(self._wake, job) for job in jobs])
        self._committer.close()
        self._handback.give([self._ended.set])

    def _next(self) -> list[Job[Any]] | None:
        return None if self._has_seen_end else self._jobs.get()

    def _others(self) -> Iterator[Job[Any]]:
        """Return what waits beside the first ones, without waiting for more."""
        count = 0
        while count < GROUP_MAX:
            try:
                jobs = self._jobs.get_nowait()
            except queue.Empty:
                return
            if jobs is None:
                self._has_seen_end = True
                return
            count += len(jobs)
            yield from jobs

    def _wake(self, job: Job[Any]) -> None:
        self._waiting -= 1
        job.wake()

    def _release_readers(self) -> None:
        """Have the loop close its connection, and wait until it has."""
        done = threading.Event()
        self._handback.give([self._close_reader, done.set])
        if not done.wait(_READERS_PATIENCE_S):
            raise UnavailableError("A reader holds on to the database that was replaced.")
