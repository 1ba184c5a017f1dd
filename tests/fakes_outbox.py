"""The outbox in memory: the desk that hands letters to senders, and the store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fakes_rows import MemoryStore, Rows, Write, check_text, page_of
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.outbox.model import Entry, Standing
from watchword.storage.cursor import read_cursor
from watchword.storage.moments import LAST, stored


@dataclass(frozen=True)
class MemoryOutboxDesk:
    """Implements OutboxDesk."""

    change: Callable[[Write], Awaitable[None]]

    async def claim(
        self, holder: str, *, at: datetime, until: datetime, limit: int
    ) -> tuple[Entry, ...]:
        claimed: list[Entry] = []

        def write(rows: Rows) -> None:
            due = _due(rows, at)
            due.sort(key=lambda one: (one.next_at, one.created_at, one.id))
            claimed.extend(due[: max(0, min(limit, PAGE_MAX))])
            rows.leases.update({one.id: (holder, until) for one in claimed})

        await self.change(write)
        return tuple(claimed)

    async def release(self, holder: str) -> int:
        given: list[LetterId] = []

        def write(rows: Rows) -> None:
            given.extend(one for one, (who, _) in rows.leases.items() if who == holder)
            for one in given:
                del rows.leases[one]

        await self.change(write)
        return len(given)


class MemoryOutbox(MemoryStore):
    """Implements OutboxStore."""

    async def by_id(self, letter_id: LetterId) -> Entry | None:
        return self.look().letters.get(letter_id)

    async def page(
        self, *, standing: Standing | None = None, after: str | None = None, limit: int
    ) -> Page[Entry]:
        begin = (LAST, "") if after is None else read_cursor("letters", after)
        listed = sorted(
            (
                (stored(one.created_at), one.id, one)
                for one in self.look().letters.values()
                if standing in (None, one.standing)
            ),
            key=lambda item: item[:2],
            reverse=True,
        )
        return page_of("letters", [item for item in listed if item[:2] < begin], limit)

    async def count_waiting(self) -> int:
        letters = self.look().letters.values()
        return sum(one.standing is Standing.WAITING for one in letters)

    async def is_due(self, *, at: datetime) -> bool:
        return bool(_due(self.look(), at))

    async def is_held(self, holder: str) -> bool:
        return any(who == holder for who, _ in self.look().leases.values())

    def add(self, entry: Entry) -> None:
        def write(rows: Rows) -> None:
            if entry.id in rows.letters:
                raise ConflictError
            rows.letters[entry.id] = entry

        check_text(entry.to, entry.sealed, entry.reason)
        self.record(write)

    def settle(
        self, letter_id: LetterId, standing: Standing, *, at: datetime, reason: str, keeps: bool
    ) -> None:
        def write(rows: Rows) -> None:
            entry = rows.letters.get(letter_id)
            if entry is None or entry.standing is Standing.SENT:
                return
            if Standing.WAITING in (entry.standing, standing) or standing is Standing.SENT:
                sealed = entry.sealed if keeps else ""
                _change(rows, entry, standing=standing, settled_at=at, reason=reason, sealed=sealed)

        assert standing is not Standing.WAITING
        check_text(reason)
        self.record(write)

    def withdraw(self, letter_id: LetterId) -> None:
        def write(rows: Rows) -> None:
            entry = rows.letters.get(letter_id)
            is_waiting = entry is not None and entry.standing is Standing.WAITING
            if is_waiting and letter_id not in rows.leases:
                del rows.letters[letter_id]

        self.record(write)

    def defer(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        def write(rows: Rows) -> None:
            entry = rows.letters.get(letter_id)
            if entry is not None and entry.standing is Standing.WAITING:
                _change(rows, entry, next_at=next_at, reason=reason, tries=entry.tries + 1)

        check_text(reason)
        self.record(write)

    def put_back(self, letter_id: LetterId, *, next_at: datetime, reason: str) -> None:
        def write(rows: Rows) -> None:
            entry = rows.letters.get(letter_id)
            if entry is not None and entry.standing is Standing.WAITING:
                _change(rows, entry, next_at=next_at, reason=reason)

        self.record(write)

    def retry(self, letter_id: LetterId, *, at: datetime) -> None:
        def write(rows: Rows) -> None:
            entry = rows.letters.get(letter_id)
            if entry is None:
                raise NotFoundError
            if entry.standing is Standing.SENT or not entry.sealed:
                raise DeniedError
            # Who has it now keeps it: two would send it.
            rows.letters[letter_id] = replace(
                entry, standing=Standing.WAITING, next_at=at, settled_at=None
            )

        self.record(write)

    def purge(self, *, before: datetime, limit: int) -> None:
        def write(rows: Rows) -> None:
            old = [
                (one.settled_at, one.id)
                for one in rows.letters.values()
                if one.settled_at is not None and one.settled_at < before
            ]
            for _, letter_id in sorted(old)[: max(0, limit)]:
                del rows.letters[letter_id]

        self.record(write)


def _due(rows: Rows, at: datetime) -> list[Entry]:
    return [
        one
        for one in rows.letters.values()
        if one.standing is Standing.WAITING
        and one.next_at <= at
        and (one.id not in rows.leases or rows.leases[one.id][1] <= at)
    ]


def _change(rows: Rows, entry: Entry, **fields: Any) -> None:  # noqa: ANN401 - fields of the dataclass
    """Replace a letter, which is nobody's any more."""
    rows.letters[entry.id] = replace(entry, **fields)
    rows.leases.pop(entry.id, None)
