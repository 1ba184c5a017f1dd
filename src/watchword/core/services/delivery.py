"""Hand letters from the outbox to the mail server, each once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.outbox.model import (
    GIVE_UP_AFTER,
    Entry,
    Standing,
    defer_for,
    read_letter,
)
from watchword.core.outbox.store import OutboxDesk
from watchword.core.ports import (
    Acceptances,
    LetterSafe,
    Mailer,
    OpenWork,
    Outcome,
    Posting,
    Witness,
)

CLAIM = timedelta(minutes=30)
"""Longer than a mail server may take for all its answers; else somebody sends a letter that is
being sent. The last one alone may take 10 minutes (RFC 5321, 4.5.3.2.6)."""

_ENDS = {Outcome.ACCEPTED: Standing.SENT, Outcome.REFUSED: Standing.REFUSED}

_UNREADABLE = "The letter cannot be read: the master key that it was sealed with is gone."
_TOO_OLD = "The mail server did not take it for {days} days."


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the mail server made of a letter, and where the letter stands now.

    The two differ: a letter that nobody takes for days is refused by us in the end.
    """

    outcome: Outcome
    standing: Standing


class Delivery:
    """Takes one letter after the other. Several may run it at once, each its own letters.

    The mail server's yes is noted on this machine before anything else happens, so a crash
    between it and our commit sends nothing twice. What no sender can know is whether a
    letter was taken if it died before the answer came: that one is sent again, under the
    same Message-ID.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        desk: OutboxDesk,
        mailer: Mailer,
        safe: LetterSafe,
        acceptances: Acceptances,
        clock: Clock,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._desk = desk
        self._mailer = mailer
        self._safe = safe
        self._acceptances = acceptances
        self._clock = clock
        self._witness = witness
        self._noted: set[LetterId] = set()  # the mail server has them, the database may not know
        self._left: set[LetterId] = set()  # those of them that nobody is about to settle

    async def has_left(self) -> bool:
        """Say whether `begin` has something to do, or somebody here is sending. Cheap."""
        if self._acceptances.noted():
            return True
        async with self._open_work() as work:
            return await work.outbox.is_held(self._acceptances.holder)

    async def begin(self) -> None:
        """Take up what a sender of this machine left when it ended, however it ended.

        To be called before the first letter, and only while nobody else on this machine
        sends: a letter that is on its way would be given to the next who asks.
        """
        self._noted.update(self._acceptances.noted())
        self._left |= self._noted
        await self._settle_noted()
        await self._desk.release(self._acceptances.holder)

    async def deliver(self) -> Delivered | None:
        """Send the letter that waits longest; return what became of it, None if none is due.

        Raises UnavailableError when the database does not answer; then no letter is lost,
        and none that was taken is sent again.
        """
        await self._settle_noted()
        now = self._clock.now()
        claimed = await self._desk.claim(
            self._acceptances.holder, at=now, until=now + CLAIM, limit=1
        )
        return await self._send(claimed[0]) if claimed else None

    async def _settle_noted(self) -> None:
        """Commit what was accepted while the database did not answer."""
        while self._left:
            settled = set(islice(self._left, PAGE_MAX))
            async with self._open_work() as work:
                for letter_id in settled:
                    work.outbox.settle(
                        letter_id,
                        Standing.SENT,
                        at=self._clock.now(),
                        reason="",
                        keeps=self._mailer.is_last,
                    )
                await work.commit()
            self._forget(settled)

    async def _send(self, entry: Entry) -> Delivered:
        text = self._safe.reveal(entry.sealed, about=entry.id)
        if text is None:
            return await self._settle(entry, Posting(Outcome.REFUSED, _UNREADABLE))
        letter, now = read_letter(text), self._clock.now()
        if letter.ends_at is not None and letter.ends_at <= now:
            return await self._lay_aside(entry)
        try:
            posting = await self._mailer.send(
                entry.id, letter, at=now, on_yes=partial(self._note, entry.id)
            )
            if entry.id in self._noted:
                # Whatever happened since, such as an end of patience, it was taken.
                posting = replace(posting, outcome=Outcome.ACCEPTED)
            return await self._settle(entry, posting)
        finally:
            self._left |= self._noted & {entry.id}

    def _note(self, letter_id: LetterId) -> None:
        self._noted.add(letter_id)
        self._acceptances.note(letter_id)

    async def _settle(self, entry: Entry, posting: Posting) -> Delivered:
        self._witness.posted(entry, posting)
        now, reason, outcome = self._clock.now(), posting.reason, posting.outcome
        if outcome in {Outcome.DEFERRED, Outcome.UNREACHABLE} and _is_old(entry, now):
            days = GIVE_UP_AFTER.days
            reason = f"{_TOO_OLD.format(days=days)} {reason}".strip()
            outcome = Outcome.REFUSED
        async with self._open_work() as work:
            if standing := _ENDS.get(outcome):
                keeps = outcome is Outcome.REFUSED or self._mailer.is_last
                work.outbox.settle(entry.id, standing, at=now, reason=reason, keeps=keeps)
            elif outcome is Outcome.DEFERRED:
                next_at = now + defer_for(entry.tries + 1)
                work.outbox.defer(entry.id, next_at=next_at, reason=reason)
            else:
                work.outbox.put_back(entry.id, next_at=now, reason=reason)
            await work.commit()
        self._forget({entry.id})
        return Delivered(posting.outcome, standing or Standing.WAITING)

    async def _lay_aside(self, entry: Entry) -> Delivered:
        async with self._open_work() as work:
            work.outbox.settle(
                entry.id, Standing.STALE, at=self._clock.now(), reason="", keeps=False
            )
            await work.commit()
        return Delivered(Outcome.REFUSED, Standing.STALE)

    def _forget(self, settled: set[LetterId]) -> None:
        self._left -= settled
        if settled & self._noted:
            self._noted -= settled
            if not self._noted:
                self._acceptances.clear()


def _is_old(entry: Entry, now: datetime) -> bool:
    return now - entry.created_at > GIVE_UP_AFTER
