"""Make tickets, show what one is for, and find the one that somebody presents."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchword.core.accounts.names import canonical
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import AccountId, TicketId
from watchword.core.kernel.randomness import Randomness
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.policy.store import AttemptGate
from watchword.core.ports import Digester, OpenWork, Work
from watchword.core.tickets.model import (
    CODE_BITS,
    CODE_LIFETIME,
    LINK_BYTES,
    Purpose,
    Ticket,
    read_code,
    spell_code,
    write_code,
)
from watchword.core.tickets.store import TicketDesk

OPEN_CHANGES = frozenset({Purpose.CONFIRM, Purpose.RESET, Purpose.CHANGE})
"""What ends when the address or the password changed in another way. An undo does not."""

_NO_LIMIT = 1_000_000_000
_LOOKED_AT = 5
"""So many accounts can wait for the same address to be confirmed with a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRules:
    """How long links last; codes end earlier. Without links, letters end with their codes.

    From one network address, `per_address` tickets are looked at in a `window`.
    """

    confirm: timedelta = timedelta(hours=24)
    reset: timedelta = timedelta(hours=2)
    change: timedelta = timedelta(hours=24)
    undo: timedelta = timedelta(days=7)
    join: timedelta = timedelta(days=7)
    has_links: bool = True
    per_address: int = 100
    window: timedelta = timedelta(minutes=15)

    def lifetime(self, purpose: Purpose) -> timedelta:
        """Return how long a link for this lasts."""
        lifetimes: dict[Purpose, timedelta] = {
            Purpose.CONFIRM: self.confirm,
            Purpose.RESET: self.reset,
            Purpose.CHANGE: self.change,
            Purpose.UNDO: self.undo,
            Purpose.JOIN: self.join,
        }
        return lifetimes[purpose]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new ticket with its secrets, which go into one letter and nowhere else."""

    ticket: Ticket
    secret: str = field(repr=False)
    code: str = field(repr=False)
    has_links: bool = True

    def letter(
        self,
        kind: LetterKind,
        *,
        name: str,
        language: str,
        to: str | None = None,
        about: str = "",
    ) -> Letter:
        """Return the letter that carries the ticket, to its own address if not to another's.

        An undo is offered for days, where no code may live: it has a link alone.
        """
        ticket = self.ticket
        is_undo = ticket.purpose is Purpose.UNDO
        return Letter(
            kind=kind,
            to=to or ticket.address,
            name=name,
            language=language,
            about=about,
            page=ticket.purpose.value,
            secret=self.secret,
            code="" if is_undo else spell_code(self.code),
            code_ends_at=None if is_undo else ticket.code_expires_at,
            ends_at=ticket.expires_at if self.has_links or is_undo else ticket.code_expires_at,
        )


@dataclass(frozen=True, slots=True)
class Offered:
    """What a ticket would do, for the page that asks first. `address` is what it is about."""

    purpose: Purpose
    name: str
    address: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """What somebody says beside a ticket: which account, or which address, it is about.

    By a link alone a ticket is found whoever presents it. A code is found only among
    those of an account or of an address. `is_nobodys` is what an unknown name leads to.
    """

    account_id: AccountId | None = None
    address: str | None = None
    is_nobodys: bool = False

    def fits(self, ticket: Ticket) -> bool:
        """Say whether the ticket is one of those."""
        if self.is_nobodys:
            return False
        if self.account_id is not None and ticket.account_id != self.account_id:
            return False
        return self.address is None or canonical(self.address) == canonical(ticket.address)


class Tickets:
    """Knows how secrets become digests, and judges what is presented."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        desk: TicketDesk,
        gate: AttemptGate,
        digester: Digester,
        clock: Clock,
        randomness: Randomness,
        rules: TicketRules,
        attempts: AttemptLimits,
    ) -> None:
        self._open_work = open_work
        self._desk = desk
        self._gate = gate
        self._digester = digester
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._attempts = attempts

    def issue(
        self,
        work: Work,
        purpose: Purpose,
        *,
        address: str,
        account_id: AccountId | None = None,
        detail: str = "",
    ) -> Issued:
        """Record a new ticket; the last one of its kind is void from the commit on."""
        now, secret = self._clock.now(), self._randomness.token(LINK_BYTES)
        ticket_id = TicketId(self._randomness.uuid())
        code = write_code(self._randomness.number(CODE_BITS))
        ticket = Ticket(
            id=ticket_id,
            purpose=purpose,
            address=address,
            link_digest=self._link_digest(secret),
            code_digest=self._code_digest(ticket_id, code),
            created_at=now,
            expires_at=now + self._rules.lifetime(purpose),
            code_expires_at=now + min(CODE_LIFETIME, self._rules.lifetime(purpose)),
            account_id=account_id,
            detail=detail,
        )
        work.tickets.add(ticket)
        return Issued(ticket, secret, code, self._rules.has_links)

    async def look(self, purpose: Purpose, secret: str) -> Offered | None:
        """Return what a link offers, None if it is of no use. Nothing is spent or counted."""
        async with self._open_work() as work:
            ticket = await self._linked(work, purpose, secret)
            if ticket is None:
                return None
            account = await work.accounts.by_id(ticket.account_id) if ticket.account_id else None
        if ticket.account_id is not None and (account is None or not account.is_active):
            return None
        name = account.name if account else ""
        return Offered(purpose, name, ticket.address, ticket.expires_at)

    async def find(
        self, purpose: Purpose, token: str, *, whose: Whose, origin: Origin
    ) -> Ticket | Refused:
        """Return the ticket that this link secret or code belongs to. It is not spent yet.

        Wrong, out of time, spent, of another account and never there are one refusal.
        """
        if wait := await self._take_place(origin):
            return Refused(Refusal.THROTTLED, retry_after=wait)
        code = read_code(token)
        if code is not None:
            found = await self._by_code(purpose, code, whose, origin)
        else:
            async with self._open_work() as work:
                found = await self._linked(work, purpose, token)
        if found is None or not whose.fits(found):
            return Refused(Refusal.TICKET_BAD)
        return found

    async def _take_place(self, origin: Origin) -> int:
        if origin.within(self._attempts.exempt):
            return 0
        return await self._gate.take(
            "ticket",
            origin.network,
            at=self._clock.now(),
            limit=self._rules.per_address,
            window=self._rules.window,
        )

    async def _linked(self, work: Work, purpose: Purpose, secret: str) -> Ticket | None:
        digest = self._link_digest(secret)
        ticket = await work.tickets.by_link(digest)
        if ticket is None or not hmac.compare_digest(ticket.link_digest, digest):
            return None
        is_good = ticket.purpose is purpose and ticket.expires_at > self._clock.now()
        return ticket if is_good else None

    async def _by_code(
        self, purpose: Purpose, code: str, whose: Whose, origin: Origin
    ) -> Ticket | None:
        now = self._clock.now()
        candidates = [one for one in await self._among(purpose, whose) if one.expires_at > now]
        for ticket in candidates:
            if await self._desk.guess(ticket.id, self._code_digest(ticket.id, code), at=now):
                return ticket
        if not candidates:
            # A wrong code for somebody who has a ticket costs a write: so does nobody's.
            await self._gate.take(
                "code", origin.network, at=now, limit=_NO_LIMIT, window=self._rules.window
            )
        return None

    async def _among(self, purpose: Purpose, whose: Whose) -> tuple[Ticket, ...]:
        async with self._open_work() as work:
            if whose.is_nobodys:
                return ()
            if whose.account_id is not None:
                ticket = await work.tickets.of(whose.account_id, purpose)
                return (ticket,) if ticket and whose.fits(ticket) else ()
            if whose.address is None:
                return ()
            return await work.tickets.about(whose.address, purpose, limit=_LOOKED_AT)

    def _link_digest(self, secret: str) -> str:
        return self._digester.digest("ticket", secret)

    def _code_digest(self, ticket_id: TicketId, code: str) -> str:
        return self._digester.digest("ticket-code", f"{ticket_id} {code}")
