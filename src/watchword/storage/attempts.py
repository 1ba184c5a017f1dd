"""Attempts in SQL: taking places before a password is looked at, and settling them after."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.core.kernel.ids import AccountId
from watchword.core.policy.signin import DISTRUST_RETRY_S, AttemptLimits, seconds_until
from watchword.core.policy.store import Attempt
from watchword.storage import locks
from watchword.storage.engine import Engine
from watchword.storage.moments import moment, span, stored
from watchword.storage.statement import Batch, Row, Statement, Steps, Transaction

_FAILURES = "failures"
"""The purpose of the windows that count failures by address."""

_LEFT_ALONE = timedelta(days=30)
"""So much later a count that has to stay is looked at again."""

# One look at all that speaks for or against an attempt; a row comes back whatever is there.
_LOOK = (
    "SELECT a.failures, a.wait_until, a.updated_at, n.failures, k.last_signin_at,"
    " w.taken, w.ends_at FROM (SELECT 1 AS one) AS always"
    " LEFT JOIN attempts AS a ON a.subject = $1 AND a.address = $2"
    " LEFT JOIN name_failures AS n ON n.subject = $1"
    " LEFT JOIN known_addresses AS k ON k.account_id = $1 AND k.address = $2"
    " LEFT JOIN windows AS w ON w.purpose = 'failures' AND w.key = $2 AND w.ends_at > $3"
)
_COUNT_HERE = (
    "INSERT INTO attempts (subject, address, failures, wait_until, updated_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject, address) DO UPDATE"
    " SET failures = excluded.failures, wait_until = excluded.wait_until,"
    " updated_at = excluded.updated_at"
)
_COUNT_NAME = (
    "INSERT INTO name_failures (subject, failures, was_locked, updated_at)"
    " VALUES ($1, 1, $2, $3) ON CONFLICT (subject) DO UPDATE"
    " SET failures = name_failures.failures + 1, was_locked = excluded.was_locked,"
    " updated_at = excluded.updated_at"
)
_COUNT_WINDOW = (
    "INSERT INTO windows (purpose, key, taken, ends_at) VALUES ($1, $2, 1, $3)"
    " ON CONFLICT (purpose, key) DO UPDATE"
    " SET taken = CASE WHEN windows.ends_at > $4 THEN windows.taken + 1 ELSE 1 END,"
    " ends_at = CASE WHEN windows.ends_at > $4 THEN windows.ends_at ELSE excluded.ends_at END"
)


class SqlAttemptGate:
    """Implements AttemptGate."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reserve(self, attempt: Attempt, limits: AttemptLimits) -> int:
        keys = {locks.guesses(attempt.subject)}
        if not attempt.exempt:
            keys.add(locks.window(_FAILURES, attempt.address))
        return await self._engine.apply(
            Transaction(lambda: _reserve(attempt, limits), frozenset(keys))
        )

    async def take(
        self, purpose: str, key: str, *, at: datetime, limit: int, window: timedelta
    ) -> int:
        # Failures have rules of their own, and are counted by `reserve` alone.
        assert purpose != _FAILURES
        return await self._engine.apply(
            Transaction(
                lambda: _take(purpose, key, at, limit, at + window),
                frozenset({locks.window(purpose, key)}),
            )
        )


class SqlAttempts:
    """Implements AttemptStore."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def failed(self, attempt: Attempt, limits: AttemptLimits) -> None:
        self._batch.lock(locks.guesses(attempt.subject))
        self._batch.record_steps(lambda: _failed(attempt, limits))

    def succeeded(self, attempt: Attempt, account_id: AccountId) -> None:
        self._batch.lock(locks.guesses(attempt.subject))
        self._batch.record(
            "DELETE FROM attempts WHERE subject = $1 AND address = $2",
            attempt.subject,
            attempt.address,
            apart=True,
        )
        # A name that was locked when this attempt came in stays so: only its own place is
        # given back.
        self._batch.record(
            "UPDATE name_failures SET failures = CASE WHEN was_locked = 1 THEN failures - 1 ELSE 0"
            " END, updated_at = $2 WHERE subject = $1 AND failures > 0",
            attempt.subject,
            stored(attempt.at),
            apart=True,
        )
        if not attempt.exempt:
            self._give_back_window(attempt)
        self._batch.record(
            "INSERT INTO known_addresses (account_id, address, last_signin_at)"
            " SELECT id, $2, $3 FROM accounts WHERE id = $1"
            " ON CONFLICT (account_id, address) DO UPDATE"
            " SET last_signin_at = excluded.last_signin_at",
            account_id,
            attempt.address,
            stored(attempt.at),
            apart=True,
        )

    def _give_back_window(self, attempt: Attempt) -> None:
        self._batch.record(
            "UPDATE windows SET taken = taken - 1 WHERE purpose = $1 AND key = $2 AND taken > 0",
            _FAILURES,
            attempt.address,
            apart=True,
        )

    def withdraw(self, attempt: Attempt) -> None:
        self._batch.lock(locks.guesses(attempt.subject))
        # Whoever got a place had no wait left, so there is none to go back to.
        self._batch.record(
            "UPDATE attempts SET failures = failures - 1, wait_until = $3"
            " WHERE subject = $1 AND address = $2 AND failures > 0",
            attempt.subject,
            attempt.address,
            stored(attempt.at),
        )
        self._batch.record(
            "UPDATE name_failures SET failures = failures - 1 WHERE subject = $1 AND failures > 0",
            attempt.subject,
        )
        if not attempt.exempt:
            self._give_back_window(attempt)

    def forget(self, subject: str) -> None:
        self._batch.lock(locks.guesses(subject))
        self._batch.record("DELETE FROM attempts WHERE subject = $1", subject)
        self._batch.record("DELETE FROM name_failures WHERE subject = $1", subject)

    def purge(self, *, before: datetime, limit: int) -> None:
        oldest = stored(before)
        self._batch.record(
            "DELETE FROM attempts WHERE (subject, address) IN"
            " (SELECT subject, address FROM attempts WHERE updated_at < $1"
            " ORDER BY updated_at LIMIT $2)",
            oldest,
            limit,
        )
        # In the order in which a reservation takes its rows: else each could wait for the other.
        self._purge_names(before, limit)
        self._batch.record(
            "DELETE FROM windows WHERE (purpose, key) IN"
            " (SELECT purpose, key FROM windows WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)",
            oldest,
            limit,
        )
        self._batch.record(
            "DELETE FROM known_addresses WHERE (account_id, address) IN"
            " (SELECT account_id, address FROM known_addresses WHERE last_signin_at < $1"
            " ORDER BY last_signin_at LIMIT $2)",
            oldest,
            limit,
        )

    def _purge_names(self, before: datetime, limit: int) -> None:
        # A lock is known by its count alone, so the counts of existing accounts stay.
        self._batch.record(
            "DELETE FROM name_failures WHERE updated_at < $1 AND subject IN"
            " (SELECT n.subject FROM (SELECT subject, failures FROM name_failures"
            " WHERE updated_at < $1 ORDER BY updated_at LIMIT $2) AS n"
            " LEFT JOIN accounts AS a ON a.id = n.subject WHERE n.failures = 0 OR a.id IS NULL)",
            stored(before),
            limit,
        )
        # Those that stay get out of the way: else they would all be looked at each time.
        self._batch.record(
            "UPDATE name_failures SET updated_at = $3 WHERE updated_at < $1 AND subject IN"
            " (SELECT n.subject FROM (SELECT subject, failures FROM name_failures"
            " WHERE updated_at < $1 ORDER BY updated_at LIMIT $2) AS n WHERE n.failures > 0"
            " AND EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = n.subject))",
            stored(before),
            limit,
            stored(before + _LEFT_ALONE),
        )


@dataclass(frozen=True, slots=True)
class _Standing:
    """What speaks for or against an attempt; what is too old is left out."""

    failures: int
    wait_until: datetime | None
    is_locked: bool
    is_known: bool
    address_failures: int
    window_end: datetime

    @classmethod
    def read(cls, row: Row, attempt: Attempt, limits: AttemptLimits) -> "_Standing":
        failures, wait_until, updated_at, in_a_row, last_signin_at, taken, ends_at = row
        at = stored(attempt.at)
        is_fresh = updated_at is not None and at - updated_at <= span(limits.memory)
        is_known = last_signin_at is not None and at - last_signin_at <= span(limits.trust)
        return cls(
            failures=failures if is_fresh else 0,
            wait_until=moment(wait_until) if is_fresh else None,
            is_locked=(in_a_row or 0) >= limits.per_name,
            is_known=is_known,
            address_failures=taken or 0,
            window_end=moment(ends_at) if ends_at is not None else attempt.at + limits.window,
        )

    def wait(self, attempt: Attempt, limits: AttemptLimits) -> int:
        """Return how many seconds this attempt has to wait; 0 lets it in."""
        # A wait of nothing ends at the moment of the last attempt, and another process may have
        # read its clock before that one did.
        is_waiting = limits.wait_after(self.failures) > timedelta(0)
        if is_waiting and self.wait_until is not None and attempt.at < self.wait_until:
            return seconds_until(self.wait_until, attempt.at)
        if self.is_locked and not self.is_known:
            return DISTRUST_RETRY_S
        if not attempt.exempt and self.address_failures >= limits.per_address:
            return seconds_until(self.window_end, attempt.at)
        return 0


def _reserve(attempt: Attempt, limits: AttemptLimits) -> Steps[int]:
    at = stored(attempt.at)
    rows = yield Statement(_LOOK, (attempt.subject, attempt.address, at))
    standing = _Standing.read(rows[0], attempt, limits)
    if wait := standing.wait(attempt, limits):
        return wait
    failures = standing.failures + 1
    wait_until = stored(attempt.at + limits.wait_after(failures))
    here = (attempt.subject, attempt.address, failures, wait_until, at)
    counts = [
        Statement(_COUNT_HERE, here),
        Statement(_COUNT_NAME, (attempt.subject, int(standing.is_locked), at)),
    ]
    if not attempt.exempt:
        window = (_FAILURES, attempt.address, stored(standing.window_end), at)
        counts.append(Statement(_COUNT_WINDOW, window))
    yield tuple(counts)
    return 0


def _failed(attempt: Attempt, limits: AttemptLimits) -> Steps[None]:
    key = (attempt.subject, attempt.address)
    rows = yield Statement("SELECT failures FROM attempts WHERE subject = $1 AND address = $2", key)
    # No row: the waits of this name were ended while the hash was computed.
    for (failures,) in rows:
        wait_until = stored(attempt.at + limits.wait_after(failures))
        yield Statement(
            "UPDATE attempts SET wait_until = $3, updated_at = $4"
            " WHERE subject = $1 AND address = $2",
            (*key, wait_until, stored(attempt.at)),
        )


def _take(purpose: str, key: str, at: datetime, limit: int, end: datetime) -> Steps[int]:
    now = stored(at)
    rows = yield Statement(
        "SELECT taken, ends_at FROM windows WHERE purpose = $1 AND key = $2 AND ends_at > $3",
        (purpose, key, now),
    )
    taken, ends_at = rows[0] if rows else (0, stored(end))
    if taken >= limit:
        return seconds_until(moment(ends_at), at)
    yield Statement(_COUNT_WINDOW, (purpose, key, stored(end), now))
    return 0
