"""Attempts in memory: the part of the database in memory that counts guesses."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from watchword.core.kernel.ids import AccountId
from watchword.core.policy.signin import DISTRUST_RETRY_S, AttemptLimits, seconds_until
from watchword.core.policy.store import Attempt

Key = TypeVar("Key")
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Failures:
    """What one name did from one address."""

    count: int
    wait_until: datetime
    at: datetime


@dataclass(frozen=True)
class NameFailures:
    """What one name did in a row; `was_locked` is what the last attempt found."""

    count: int
    was_locked: bool
    at: datetime


@dataclass(frozen=True)
class Window:
    """Places taken in a stretch of time."""

    taken: int
    ends_at: datetime


@dataclass
class AttemptRows:
    """All that is known of attempts."""

    here: dict[tuple[str, str], Failures] = field(default_factory=dict)
    names: dict[str, NameFailures] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    known: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def copy(self) -> "AttemptRows":
        return AttemptRows(dict(self.here), dict(self.names), dict(self.windows), dict(self.known))

    def drop_account(self, account_id: AccountId) -> None:
        self.forget(account_id)
        self.known = {key: at for key, at in self.known.items() if key[0] != account_id}

    def forget(self, subject: str) -> None:
        self.here = {key: one for key, one in self.here.items() if key[0] != subject}
        self.names.pop(subject, None)

    def take(self, key: tuple[str, str], at: datetime, limit: int, window: timedelta) -> int:
        """Take a place of a window, or return the seconds until it ends."""
        now = self.windows.get(key)
        if now is None or now.ends_at <= at:
            now = Window(0, at + window)
        if now.taken >= limit:
            return seconds_until(now.ends_at, at)
        self.windows[key] = replace(now, taken=now.taken + 1)
        return 0

    def give_back_window(self, attempt: Attempt) -> None:
        """Give back the place that an attempt has among those of its address."""
        window = self.windows.get(("failures", attempt.address))
        if window and window.taken and not attempt.exempt:
            given_back = replace(window, taken=window.taken - 1)
            self.windows["failures", attempt.address] = given_back

    def reserve(self, attempt: Attempt, limits: AttemptLimits) -> int:
        """Take a place for an attempt, or return the seconds to wait."""
        key = (attempt.subject, attempt.address)
        here = self.here.get(key)
        if here is not None and attempt.at - here.at > limits.memory:
            here = None
        if here is not None and limits.wait_after(here.count) and attempt.at < here.wait_until:
            return seconds_until(here.wait_until, attempt.at)
        name = self.names.get(attempt.subject, NameFailures(0, was_locked=False, at=attempt.at))
        is_locked = name.count >= limits.per_name
        if is_locked and not self._knows(key, since=attempt.at - limits.trust):
            return DISTRUST_RETRY_S
        if not attempt.exempt:
            window = ("failures", attempt.address)
            if wait := self.take(window, attempt.at, limits.per_address, limits.window):
                return wait
        count = (here.count if here else 0) + 1
        self.here[key] = Failures(count, attempt.at + limits.wait_after(count), attempt.at)
        self.names[attempt.subject] = NameFailures(name.count + 1, is_locked, attempt.at)
        return 0

    def _knows(self, key: tuple[str, str], *, since: datetime) -> bool:
        return key in self.known and self.known[key] >= since


AttemptWrite: TypeAlias = Callable[[AttemptRows, Collection[str]], None]
"""A change of attempts, told which accounts there are."""


class MemoryGate:
    """Implements AttemptGate."""

    def __init__(self, change: Callable[[Callable[[AttemptRows], None]], Awaitable[None]]) -> None:
        self._change = change

    async def reserve(self, attempt: Attempt, limits: AttemptLimits) -> int:
        return await self._wait(lambda rows: rows.reserve(attempt, limits))

    async def take(
        self, purpose: str, key: str, *, at: datetime, limit: int, window: timedelta
    ) -> int:
        return await self._wait(lambda rows: rows.take((purpose, key), at, limit, window))

    async def _wait(self, take: Callable[[AttemptRows], int]) -> int:
        waits: list[int] = []
        await self._change(lambda rows: waits.append(take(rows)))
        return waits[0]


@dataclass(frozen=True)
class MemoryAttempts:
    """Implements AttemptStore."""

    record: Callable[[AttemptWrite], None]

    def failed(self, attempt: Attempt, limits: AttemptLimits) -> None:
        def write(rows: AttemptRows, accounts: Collection[str]) -> None:
            del accounts
            key = (attempt.subject, attempt.address)
            if here := rows.here.get(key):
                wait_until = attempt.at + limits.wait_after(here.count)
                rows.here[key] = Failures(here.count, wait_until, attempt.at)

        self.record(write)

    def succeeded(self, attempt: Attempt, account_id: AccountId) -> None:
        def write(rows: AttemptRows, accounts: Collection[str]) -> None:
            rows.here.pop((attempt.subject, attempt.address), None)
            if name := rows.names.get(attempt.subject):
                count = name.count - 1 if name.was_locked else 0
                rows.names[attempt.subject] = replace(name, count=count, at=attempt.at)
            rows.give_back_window(attempt)
            if account_id in accounts:
                rows.known[account_id, attempt.address] = attempt.at

        self.record(write)

    def withdraw(self, attempt: Attempt) -> None:
        def write(rows: AttemptRows, accounts: Collection[str]) -> None:
            del accounts
            key = (attempt.subject, attempt.address)
            if (here := rows.here.get(key)) and here.count:
                rows.here[key] = Failures(here.count - 1, attempt.at, here.at)
            if (name := rows.names.get(attempt.subject)) and name.count:
                rows.names[attempt.subject] = replace(name, count=name.count - 1)
            rows.give_back_window(attempt)

        self.record(write)

    def forget(self, subject: str) -> None:
        self.record(lambda rows, _: rows.forget(subject))

    def purge(self, *, before: datetime, limit: int) -> None:
        def write(rows: AttemptRows, accounts: Collection[str]) -> None:
            _drop(rows.here, [key for key, one in rows.here.items() if one.at < before][:limit])
            _drop(
                rows.windows,
                [key for key, one in rows.windows.items() if one.ends_at < before][:limit],
            )
            _drop(rows.known, [key for key, at in rows.known.items() if at < before][:limit])
            old = [key for key, one in rows.names.items() if one.at < before]
            _drop(rows.names, [key for key in old if key not in accounts][:limit])

        self.record(write)


def _drop(rows: dict[Key, Kept], keys: list[Key]) -> None:
    for key in keys:
        del rows[key]
