"""Open a session for somebody who has proved who they are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.core.accounts.model import Account
from watchword.core.audit.model import Action, Event
from watchword.core.groups.model import Membership
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.store import Attempt
from watchword.core.ports import OpenWork, Witness, Work
from watchword.core.services.sessionuses import SessionUses
from watchword.core.services.tokens import Tokens
from watchword.core.sessions.model import Kind, Session

SESSION_ID_BYTES = 16

COMING_IN_MAX = 64
"""So many of one account may come in between a look and a commit."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The caller is in. `token` is told once and never stored.

    `password_ends_at` is when the password expires, None if it never does.
    """

    account: Account
    session: Session
    token: str
    issued_at: datetime
    expires_at: datetime
    memberships: tuple[Membership, ...] = ()
    password_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lasts from its password on, and how many one account has."""

    lifetime: timedelta = timedelta(days=30)
    per_account_max: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What kind of session somebody asks for.

    `lifetime` is that of its first token. `client` is what the program calls itself.
    `dialect_max` is how many sessions of one account the dialect keeps; past it the one
    that was used least lately ends.
    """

    lifetime: timedelta
    kind: Kind = Kind.BEARER
    client: str = ""
    dialect_max: int | None = None


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who comes in. `require` makes the commit depend on the proof being good still.

    `attempt` is the guess that was right, None where nobody could have guessed.
    `session_count` is how many sessions the account had a moment ago, None if nobody looked.
    """

    account: Account
    require: Callable[[Work], None]
    attempt: Attempt | None = None
    memberships: tuple[Membership, ...] = ()
    session_count: int | None = None


class SessionDoor:
    """The one place where sessions begin, whatever the proof was."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tokens: Tokens,
        clock: Clock,
        randomness: Randomness,
        limits: SessionLimits,
        uses: SessionUses,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._tokens = tokens
        self._clock = clock
        self._randomness = randomness
        self._limits = limits
        self._uses = uses
        self._witness = witness

    async def enter(self, entrant: Entrant, *, origin: Origin, terms: Terms) -> SignedIn:
        """Open a session with its first token. Raises what the commit raises."""
        now, account = self._clock.now(), entrant.account
        session = Session(
            id=SessionId(self._randomness.token(SESSION_ID_BYTES)),
            account_id=account.id,
            dialect=origin.dialect,
            created_at=now,
            expires_at=now + self._limits.lifetime,
            address=origin.address,
            kind=terms.kind,
            client=terms.client,
        )
        await self._store(session, entrant, terms.dialect_max)
        self._witness.signed_in(account, origin)
        issued = await self._tokens.issue(session, lifetime=terms.lifetime)
        return SignedIn(
            account,
            session,
            issued.token,
            issued.issued_at,
            issued.expires_at,
            entrant.memberships,
        )

    async def _store(self, session: Session, entrant: Entrant, dialect_max: int | None) -> None:
        if dialect_max is not None:
            # Who was used least lately is decided by what was noted until now.
            await self._uses.write_of(session.account_id)
        async with self._open_work() as work:
            count = entrant.session_count
            if count is None:
                count = await work.sessions.count_of(session.account_id)
            self._make_room(work, session, count, dialect_max)
            entrant.require(work)
            work.sessions.add(session)
            if entrant.attempt is not None:
                work.attempts.succeeded(entrant.attempt, session.account_id)
            work.audit.add(
                Event(
                    at=session.created_at,
                    action=Action.SESSION_SIGNIN_OK,
                    subject=session.account_id,
                    actor=session.account_id,
                    address=session.address,
                    dialect=session.dialect,
                )
            )
            await work.commit()

    def _make_room(self, work: Work, session: Session, count: int, dialect_max: int | None) -> None:
        account_id, most = session.account_id, self._limits.per_account_max
        # The store counts once more, and exactly; others may have come since we looked.
        if count + COMING_IN_MAX >= most:
            work.sessions.end_oldest_of(account_id, keep=most - 1)
        if dialect_max is not None:
            work.sessions.end_idlest_of(account_id, dialect=session.dialect, keep=dialect_max - 1)
