"""Commits a group of transactions to SQLite; lives in the writer's thread alone."""

from asyncio import Future
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Generic

import apsw

from watchword.core.kernel.errors import UnavailableError
from watchword.storage.migrate import APPLIED, SchemaError, known, missing
from watchword.storage.revocation import RevocationCounter
from watchword.storage.sqlite_file import UNWELL, DatabaseFile, Identity, translated
from watchword.storage.sqlite_words import placed
from watchword.storage.statement import Result, Run, Transaction


@dataclass(eq=False, slots=True)
class Job(Generic[Result]):
    """A transaction, who waits for it, and what came of it."""

    transaction: Transaction[Result]
    future: Future[Result]
    run: Run[Result] | None = None
    error: Exception | None = None

    @property
    def revoked(self) -> bool:
        return self.error is None and self.run is not None and self.run.revoked

    def wake(self) -> None:
        """Tell who waits, on the event loop."""
        if self.future.done():
            return  # They have gone away.
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            assert self.run is not None
            self.future.set_result(self.run.result)


class GroupCommitter:
    """Holds the connection that writes, and opens it again when that is needed.

    Nothing is acknowledged that went into a file which has lost its name: it would be
    gone with the last process that has it open.
    """

    def __init__(
        self,
        file: DatabaseFile,
        revocations: RevocationCounter,
        *,
        patience_ms: int,
        release_readers: Callable[[], None],
    ) -> None:
        self._file = file
        self._revocations = revocations
        self._patience_ms = patience_ms
        self._release_readers = release_readers
        self._connection: apsw.Connection | None = None
        self.identity: Identity | None = None

    def commit(
        self, first: list[Job[Any]], more: Callable[[], Iterator[Job[Any]]]
    ) -> list[Job[Any]]:
        """Do the first jobs and what else waits, and return them all settled."""
        jobs = first
        try:
            connection = self._begun()
            # Taken only now: what came while we waited for our turn belongs to the group.
            jobs.extend(more())
            for job in jobs:
                _apply(connection, job)
            self._finish(connection, revoked=any(job.revoked for job in jobs))
        except Exception as error:  # noqa: BLE001 - each caller gets it, and the thread lives on
            self._give_up(error)
            jobs.extend(more())
            for job in jobs:
                job.error = _copy(error)
        return jobs

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begun(self) -> apsw.Connection:
        identity = self._file.identity()
        if self._connection is None or identity != self.identity:
            self._connection = self._opened(identity)
            self.identity = identity
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def _opened(self, identity: Identity) -> apsw.Connection:
        is_another = self.identity not in (None, identity)
        self.close()
        if is_another:
            # The files beside the old database may serve the new one from now on, and SQLite
            # would cut them short under a connection that is still at the old one.
            self._release_readers()
        connection = self._file.connect(patience_ms=self._patience_ms)
        try:
            _set_up(connection)
            if is_another:
                _inspect(connection)
            self._check_identity(identity)
        except BaseException:
            connection.close()
            raise
        return connection

    def _finish(self, connection: apsw.Connection, *, revoked: bool) -> None:
        assert self.identity is not None
        with self._revocations.changing() if revoked else nullcontext():
            self._check_identity(self.identity)
            connection.execute("COMMIT")
        self._check_identity(self.identity)

    def _check_identity(self, identity: Identity) -> None:
        if self._file.identity() != identity:
            raise UnavailableError("The database file was replaced.")

    def _give_up(self, error: Exception) -> None:
        connection = self._connection
        if connection is None:
            return
        with suppress(apsw.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        # A connection that has only waited in vain is a good one.
        if connection.in_transaction or not isinstance(error, apsw.BusyError):
            self.close()


def _apply(connection: apsw.Connection, job: Job[Any]) -> None:
    """Do one job, or leave no trace of it but its error; raises what concerns the whole group."""
    connection.execute("SAVEPOINT job")
    job.run = run = Run(job.transaction)
    try:
        statements = run.first()
        while statements:
            statements = run.then(
                [connection.execute(placed(one.sql), one.values).fetchall() for one in statements]
            )
    except UNWELL:
        raise
    except apsw.Error as error:
        job.error = translated(error)
        job.error.__cause__ = error if job.error is not error else None
    except Exception as error:  # noqa: BLE001 - a condition that failed, or a mistake: for its caller
        job.error = error
    if job.error is not None:
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _set_up(connection: apsw.Connection) -> None:
    # Of a thousand new accounts each is on pages of its own. In memory until the commit, each
    # page is written once; and what a savepoint would need to go back needs no file at all.
    connection.execute("PRAGMA cache_spill = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")


def _inspect(connection: apsw.Connection) -> None:
    """Look at a database that was put in the place of ours."""
    # It may have come without its write-ahead log, or beside one that is not its own.
    if connection.pragma("quick_check", 1) != "ok":
        raise UnavailableError("The database is damaged.")
    if missing(connection.execute(APPLIED).fetchall(), known()):
        raise SchemaError("The database that was put in place is an older one.")


def _copy(error: Exception) -> Exception:
    """Return the error for one of several callers, each of whom adds a traceback to it."""
    if isinstance(error, apsw.Error):
        ours = translated(error)
    elif isinstance(error, OSError):
        ours = UnavailableError(f"The database does not work: {error.strerror}.")
    elif isinstance(error, UnavailableError):
        ours = type(error)(str(error), retry_after=error.retry_after)
    else:
        return error
    if ours is not error:
        ours.__cause__ = error
    return ours
