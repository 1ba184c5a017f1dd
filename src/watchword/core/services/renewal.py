"""Keep a session going: another token of it, another session for it, a token for a service."""

from dataclasses import replace
from datetime import timedelta

from watchword.core.audit.model import Action, event_by
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.passwords import PasswordPolicy
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork
from watchword.core.services.authenticate import Caller
from watchword.core.services.newpassword import policy_of
from watchword.core.services.sessiondoor import SESSION_ID_BYTES, SignedIn
from watchword.core.services.tokens import Issued, Tokens
from watchword.core.sessions.model import AccessToken, Kind, Session, session_label

SHORTEST = timedelta(minutes=1)


class Renewal:
    """Makes tokens for who has a good one. No session ever ends later for it."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        tokens: Tokens,
        clock: Clock,
        randomness: Randomness,
        policy: PasswordPolicy,
        audiences: frozenset[str],
    ) -> None:
        self._open_work = open_work
        self._tokens = tokens
        self._clock = clock
        self._randomness = randomness
        self._policy = policy
        self._audiences = audiences

    async def renew(self, caller: Caller, *, origin: Origin, lifetime: timedelta) -> SignedIn:
        """Return another token of the same session; the one presented lives to its own end.

        So two renewals at once are both right, and nobody is logged out by the other.
        """
        session, token = _held(caller)
        issued = await self._tokens.issue(
            session,
            lifetime=_within(lifetime, token, origin),
            # Who made the first token of a chain stays written in all of them.
            client_id=token.client_id,
        )
        async with self._open_work() as work:
            memberships = await work.groups.of(caller.account.id)
            credential = await work.credentials.password_of(caller.account.id)
        policy = policy_of(self._policy, memberships)
        ends_at = policy.end_of(credential.changed_at) if credential else None
        return SignedIn(
            caller.account,
            session,
            issued.token,
            issued.issued_at,
            issued.expires_at,
            memberships,
            ends_at,
        )

    async def exchange(
        self, caller: Caller, *, origin: Origin, lifetime: timedelta, longest: timedelta
    ) -> Issued | Refused:
        """Open a new session for a token; the old session is dead with all its tokens.

        Of several exchanges of one session at once, one succeeds. The new session ends
        when the old one would have: a password was typed for it only once.
        """
        if not SHORTEST <= lifetime <= longest:
            return Refused(Refusal.LIFETIME_INVALID, number=int(longest.total_seconds()))
        old, _ = _held(caller)
        now = self._clock.now()
        new = replace(
            old,
            id=SessionId(self._randomness.token(SESSION_ID_BYTES)),
            dialect=origin.dialect,
            # The token is told to a program: it is not in a cookie, and has no CSRF token.
            kind=Kind.BEARER,
            created_at=now,
            address=origin.address,
            last_used_at=None,
        )
        if not await self._replace(caller, old, new, origin):
            return Refused(Refusal.WRONG_CREDENTIALS)
        return await self._tokens.issue(new, lifetime=lifetime)

    async def for_service(
        self, caller: Caller, audience: str, *, lifetime: timedelta, longest: timedelta
    ) -> Issued | Refused:
        """Return a token for one of the services that trust us.

        It belongs to the caller's session and dies with it. No dialect of ours accepts it.
        """
        if audience not in self._audiences:
            return Refused(Refusal.AUDIENCE_UNKNOWN)
        if not SHORTEST <= lifetime <= longest:
            return Refused(Refusal.LIFETIME_INVALID, number=int(longest.total_seconds()))
        session, token = _held(caller)
        return await self._tokens.issue(
            session, lifetime=lifetime, client_id=token.client_id, audience=audience
        )

    async def _replace(self, caller: Caller, old: Session, new: Session, origin: Origin) -> bool:
        at, account_id = new.created_at, old.account_id
        async with self._open_work() as work:
            work.sessions.require(old.id)
            work.sessions.end(old.id)
            work.sessions.add(new)
            work.audit.add(
                event_by(
                    caller.actor(origin),
                    Action.SESSION_EXCHANGE,
                    at=at,
                    subject=account_id,
                    detail=session_label(old.id),
                )
            )
            try:
                await work.commit()
            except (DeniedError, NotFoundError):
                # The session was ended, or the account deleted, since we looked.
                return False
        return True


def _held(caller: Caller) -> tuple[Session, AccessToken]:
    """Return the session of a caller; who came with an API key does not get here."""
    assert caller.session is not None
    assert caller.token is not None
    return caller.session, caller.token


def _within(lifetime: timedelta, token: AccessToken, origin: Origin) -> timedelta:
    """Return how long a renewed token lives: never longer than its maker's lived."""
    if token.client_id == origin.dialect:
        return lifetime
    return min(lifetime, token.expires_at - token.issued_at)
