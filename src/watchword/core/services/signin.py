"""Turn a name and a password into a session and its first access token."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event
from watchword.core.credentials.model import PasswordCredential
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import judge_signin
from watchword.core.policy.store import Attempt
from watchword.core.ports import Digester, Hasher, OpenWork, Signer, Witness
from watchword.core.services.attempts import Guesses
from watchword.core.sessions.model import AccessToken, Session, token_end

SESSION_ID_BYTES = 16
TOKEN_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The caller is in. `token` is told once and never stored."""

    account: Account
    session: Session
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lasts from its password on, and how many one account has."""

    lifetime: timedelta = timedelta(days=30)
    per_account_max: int = 1000


@dataclass(frozen=True, slots=True)
class _Proven:
    account: Account
    credential: PasswordCredential
    password: str
    attempt: Attempt
    is_second: bool = False


class SignIn:
    """Checks a password and opens a session."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        hasher: Hasher,
        signer: Signer,
        digester: Digester,
        guesses: Guesses,
        clock: Clock,
        randomness: Randomness,
        limits: SessionLimits,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._signer = signer
        self._digester = digester
        self._guesses = guesses
        self._clock = clock
        self._randomness = randomness
        self._limits = limits
        self._witness = witness

    async def with_password(
        self, identifier: str, password: str, *, origin: Origin, lifetime: timedelta
    ) -> SignedIn | Refused:
        """Sign in by user name or confirmed address.

        The attempt is reserved before the password is looked at, so parallel guesses
        cannot outrun the limit. The hash runs between two short transactions, never
        inside one, and for unknown names too: they cost the same.
        """
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
            return await self._admit(proven, origin, lifetime)

    async def _find(self, key: str) -> tuple[Account | None, PasswordCredential | None]:
        async with self._open_work() as work:
            account = await work.accounts.by_identifier(key)
            credential = await work.credentials.password_of(account.id) if account else None
        return account, credential

    async def _refuse(self, attempt: Attempt, reason: Refusal, origin: Origin) -> Refused:
        now = self._clock.now()
        async with self._open_work() as work:
            work.attempts.failed(replace(attempt, at=now), self._guesses.limits)
            work.audit.add(
                Event(
                    at=now,
                    action=Action.SESSION_SIGNIN_REFUSED,
                    subject=attempt.subject,
                    address=origin.address,
                    dialect=origin.dialect,
                    detail=reason,
                )
            )
            await work.commit()
        self._witness.refused(reason, origin)
        return Refused(reason)

    async def _admit(
        self, proven: "_Proven", origin: Origin, lifetime: timedelta
    ) -> SignedIn | Refused:
        now, account, credential = self._clock.now(), proven.account, proven.credential
        session = Session(
            id=SessionId(self._randomness.token(SESSION_ID_BYTES)),
            account_id=account.id,
            dialect=origin.dialect,
            created_at=now,
            expires_at=now + self._limits.lifetime,
            address=origin.address,
        )
        try:
            await self._open(session, credential, proven.attempt)
        except DeniedError:
            # Between our look and our commit the hash was replaced, or the account closed.
            if not proven.is_second and (again := await self._look_again(proven)):
                return await self._admit(again, origin, lifetime)
            return await self._refuse(proven.attempt, Refusal.WRONG_CREDENTIALS, origin)
        if self._hasher.is_outdated(credential.encoded):
            await self._rehash(credential, proven.password)
        self._witness.signed_in(account, origin)
        return await self._signed_in(account, session, lifetime)

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
        return _Proven(account, credential, proven.password, proven.attempt, is_second=True)

    async def _open(
        self, session: Session, credential: PasswordCredential, attempt: Attempt
    ) -> None:
        most = self._limits.per_account_max
        async with self._open_work() as work:
            work.credentials.require(session.account_id, encoded=credential.encoded)
            if await work.sessions.count_of(session.account_id) >= most:
                work.sessions.end_oldest_of(session.account_id, keep=most - 1)
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

    async def _rehash(self, credential: PasswordCredential, password: str) -> None:
        stronger = replace(credential, encoded=await self._hasher.hash(password))
        async with self._open_work() as work:
            work.credentials.rehash(stronger, replaces=credential.encoded)
            await work.commit()

    async def _signed_in(self, account: Account, session: Session, lifetime: timedelta) -> SignedIn:
        token = AccessToken(
            id=self._randomness.token(TOKEN_ID_BYTES),
            session_id=session.id,
            account_id=account.id,
            client_id=session.dialect,
            issued_at=session.created_at.replace(microsecond=0),
            expires_at=token_end(session.created_at, lifetime=lifetime, session=session),
        )
        return SignedIn(account, session, await self._signer.sign(token), token.expires_at)
