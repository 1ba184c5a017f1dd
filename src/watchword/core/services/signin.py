"""Turn a name and a password into a session and its first access token."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event
from watchword.core.credentials.model import PasswordCredential
from watchword.core.groups.model import Membership
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.passwords import PasswordPolicy
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import judge_signin
from watchword.core.policy.store import Attempt
from watchword.core.ports import Digester, Hasher, OpenWork, Witness, Work
from watchword.core.services.attempts import Guesses
from watchword.core.services.newpassword import policy_of
from watchword.core.services.sessionuses import SessionUses
from watchword.core.services.tokens import Tokens
from watchword.core.sessions.model import Kind, Session, is_client

SESSION_ID_BYTES = 16


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
class _Proven:
    account: Account
    credential: PasswordCredential
    password: str
    attempt: Attempt
    memberships: tuple[Membership, ...] = ()
    is_second: bool = False


class SignIn:
    """Checks a password and opens a session."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        hasher: Hasher,
        tokens: Tokens,
        digester: Digester,
        guesses: Guesses,
        clock: Clock,
        randomness: Randomness,
        limits: SessionLimits,
        policy: PasswordPolicy,
        uses: SessionUses,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._tokens = tokens
        self._digester = digester
        self._guesses = guesses
        self._clock = clock
        self._randomness = randomness
        self._limits = limits
        self._policy = policy
        self._uses = uses
        self._witness = witness

    async def with_password(
        self, identifier: str, password: str, *, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Sign in by user name or confirmed address.

        The attempt is reserved before the password is looked at, so parallel guesses
        cannot outrun the limit. The hash runs between two short transactions, never
        inside one, and for unknown names too: they cost the same.
        """
        if not is_client(terms.client):
            return Refused(Refusal.CLIENT_INVALID)
        key = canonical(identifier)
        account, credential = await self._find(key)
        subject = account.id if account else self._digester.digest("attempt", key)
        async with self._guesses.admit(subject, origin) as attempt:
            if isinstance(attempt, Refused):
                self._witness.refused(attempt.reason, origin)
                return attempt
            matches = await self._hasher.verify(
                password, credential.encoded if credential else self._hasher.decoy
            )
            if account is None or credential is None:
                return await self._refuse(attempt, Refusal.WRONG_CREDENTIALS, origin)
            if reason := judge_signin(matches=matches, is_active=account.is_active):
                return await self._refuse(attempt, reason, origin)
            proven = _Proven(account, credential, password, attempt)
            return await self._judge_age(proven, origin, terms)

    async def _find(self, key: str) -> tuple[Account | None, PasswordCredential | None]:
        async with self._open_work() as work:
            account = await work.accounts.by_identifier(key)
            credential = await work.credentials.password_of(account.id) if account else None
        return account, credential

    async def _refuse(self, attempt: Attempt, reason: Refusal, origin: Origin) -> Refused:
        now = self._clock.now()
        async with self._open_work() as work:
            work.attempts.failed(replace(attempt, at=now), self._guesses.limits)
            work.audit.add(self._refusal(attempt.subject, reason, origin, now))
            await work.commit()
        self._witness.refused(reason, origin)
        return Refused(reason)

    def _refusal(self, subject: str, reason: Refusal, origin: Origin, at: datetime) -> Event:
        return Event(
            at=at,
            action=Action.SESSION_SIGNIN_REFUSED,
            subject=subject,
            address=origin.address,
            dialect=origin.dialect,
            detail=reason,
        )

    async def _judge_age(
        self, proven: "_Proven", origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Let the owner in, unless the password has expired: only they are ever told so."""
        async with self._open_work() as work:
            memberships = await work.groups.of(proven.account.id)
        ends_at = policy_of(self._policy, memberships).end_of(proven.credential.changed_at)
        if ends_at is not None and ends_at <= self._clock.now():
            return await self._refuse_expired(proven, origin)
        outcome = await self._admit(replace(proven, memberships=memberships), origin, terms)
        if isinstance(outcome, Refused):
            return outcome
        return replace(outcome, password_ends_at=ends_at)

    async def _refuse_expired(self, proven: "_Proven", origin: Origin) -> Refused:
        # The password was right, so this is no failed guess.
        now, reason = self._clock.now(), Refusal.PASSWORD_EXPIRED
        async with self._open_work() as work:
            work.attempts.succeeded(replace(proven.attempt, at=now), proven.account.id)
            work.audit.add(self._refusal(proven.attempt.subject, reason, origin, now))
            await work.commit()
        self._witness.refused(reason, origin)
        return Refused(reason)

    async def _admit(self, proven: "_Proven", origin: Origin, terms: Terms) -> SignedIn | Refused:
        now, account, credential = self._clock.now(), proven.account, proven.credential
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
        try:
            await self._open(session, credential, proven.attempt, terms.dialect_max)
        except DeniedError:
            # Between our look and our commit the hash was replaced, or the account closed.
            if not proven.is_second and (again := await self._look_again(proven)):
                return await self._admit(again, origin, terms)
            return await self._refuse(proven.attempt, Refusal.WRONG_CREDENTIALS, origin)
        if self._hasher.is_outdated(credential.encoded):
            await self._rehash(credential, proven.password)
        self._witness.signed_in(account, origin)
        issued = await self._tokens.issue(session, lifetime=terms.lifetime)
        return SignedIn(
            account,
            session,
            issued.token,
            issued.issued_at,
            issued.expires_at,
            proven.memberships,
        )

    async def _look_again(self, proven: "_Proven") -> "_Proven | None":
        """Return the same proof of a newer hash, if it is still one.

        Another log-in may have made a stronger hash of the same password.
        """
        async with self._open_work() as work:
            account = await work.accounts.by_id(proven.account.id)
            credential = await work.credentials.password_of(proven.account.id)
        if account is None or credential is None or not account.is_active:
            return None
        if not await self._hasher.verify(proven.password, credential.encoded):
            return None
        return replace(proven, account=account, credential=credential, is_second=True)

    async def _open(
        self,
        session: Session,
        credential: PasswordCredential,
        attempt: Attempt,
        dialect_max: int | None,
    ) -> None:
        if dialect_max is not None:
            # Who was used least lately is decided by what was noted until now.
            await self._uses.write_of(session.account_id)
        async with self._open_work() as work:
            await self._make_room(work, session, dialect_max)
            work.credentials.require(session.account_id, encoded=credential.encoded)
            work.sessions.add(session)
            work.attempts.succeeded(attempt, session.account_id)
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

    async def _make_room(self, work: Work, session: Session, dialect_max: int | None) -> None:
        account_id, most = session.account_id, self._limits.per_account_max
        if await work.sessions.count_of(account_id) >= most:
            work.sessions.end_oldest_of(account_id, keep=most - 1)
        if dialect_max is not None:
            work.sessions.end_idlest_of(account_id, dialect=session.dialect, keep=dialect_max - 1)

    async def _rehash(self, credential: PasswordCredential, password: str) -> None:
        stronger = replace(credential, encoded=await self._hasher.hash(password))
        async with self._open_work() as work:
            work.credentials.rehash(stronger, replaces=credential.encoded)
            await work.commit()
