"""Turn a name and a password into a session and its first access token."""

from dataclasses import dataclass, replace

from watchword.core.accounts.model import Account
from watchword.core.accounts.names import canonical
from watchword.core.credentials.model import PasswordCredential
from watchword.core.groups.model import Membership
from watchword.core.joined import Claimed
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError
from watchword.core.policy.passwords import PasswordPolicy
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import judge_signin
from watchword.core.policy.store import Attempt
from watchword.core.ports import Digester, Hasher, OpenWork
from watchword.core.services.attempts import Guesses
from watchword.core.services.directorysignin import DirectorySignIn
from watchword.core.services.newpassword import policy_of
from watchword.core.services.sessiondoor import Entrant, SessionDoor, SignedIn, Terms
from watchword.core.services.turnaway import TurnAway
from watchword.core.sessions.model import is_client


@dataclass(frozen=True, slots=True)
class _Proven:
    account: Account
    credential: PasswordCredential
    memberships: tuple[Membership, ...]
    session_count: int
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
        door: SessionDoor,
        turn_away: TurnAway,
        directories: DirectorySignIn,
        digester: Digester,
        guesses: Guesses,
        clock: Clock,
        policy: PasswordPolicy,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._door = door
        self._turn_away = turn_away
        self._directories = directories
        self._digester = digester
        self._guesses = guesses
        self._clock = clock
        self._policy = policy

    async def with_password(
        self, identifier: str, password: str, *, origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Sign in by user name or confirmed address.

        Who is here by a directory is asked for there, and so is a name that nobody has here;
        a local account's password goes to no directory. The attempt is reserved before the
        password is looked at, so parallel guesses cannot outrun the limit. The hash runs
        between two short transactions, never inside one, and for unknown names too: they
        cost the same.
        """
        if not is_client(terms.client):
            return Refused(Refusal.CLIENT_INVALID)
        key = canonical(identifier)
        claimed = await self._find(key)
        account = claimed.account if claimed else None
        if account is not None and account.directory:
            asking = self._directories.of_account
            return await asking(account, identifier, password, origin=origin, terms=terms)
        if account is None and self._directories.may_know(identifier):
            return await self._directories.with_password(
                identifier, password, origin=origin, terms=terms
            )
        subject = account.id if account else self._digester.digest("attempt", key)
        async with self._guesses.admit(subject, origin) as attempt:
            if isinstance(attempt, Refused):
                return self._turn_away.unheard(attempt, origin)
            proven = await self._prove(claimed, password, attempt)
            if isinstance(proven, Refusal):
                return await self._turn_away.failed(attempt, proven, origin)
            return await self._judge_age(proven, origin, terms)

    async def _find(self, key: str) -> Claimed | None:
        async with self._open_work() as work:
            return await work.claimed(key)

    async def _prove(
        self, claimed: Claimed | None, password: str, attempt: Attempt
    ) -> "_Proven | Refusal":
        """Look at the password, with as much work for a name that nobody has."""
        credential = claimed.credential if claimed else None
        matches = await self._hasher.verify(
            password, credential.encoded if credential else self._hasher.decoy
        )
        is_active = claimed is None or claimed.account.is_active
        reason = judge_signin(matches=matches, is_active=is_active)
        if claimed is None or credential is None or reason:
            return reason or Refusal.WRONG_CREDENTIALS
        return _Proven(
            claimed.account,
            credential,
            claimed.memberships,
            claimed.session_count,
            password,
            attempt,
        )

    async def _judge_age(
        self, proven: "_Proven", origin: Origin, terms: Terms
    ) -> SignedIn | Refused:
        """Let the owner in, unless the password has expired: only they are ever told so."""
        policy = policy_of(self._policy, proven.memberships)
        ends_at = policy.end_of(proven.credential.changed_at)
        if ends_at is not None and ends_at <= self._clock.now():
            return await self._turn_away.known(
                proven.attempt, proven.account.id, Refusal.PASSWORD_EXPIRED, origin
            )
        outcome = await self._admit(proven, origin, terms)
        if isinstance(outcome, Refused) or ends_at is None:
            return outcome
        return replace(outcome, password_ends_at=ends_at)

    async def _admit(self, proven: "_Proven", origin: Origin, terms: Terms) -> SignedIn | Refused:
        account, credential = proven.account, proven.credential
        entrant = Entrant(
            account,
            lambda work: work.credentials.require(account.id, encoded=credential.encoded),
            proven.attempt,
            proven.memberships,
            proven.session_count,
        )
        try:
            signed_in = await self._door.enter(entrant, origin=origin, terms=terms)
        except DeniedError:
            # Between our look and our commit the hash was replaced, or the account closed.
            if not proven.is_second and (again := await self._look_again(proven)):
                return await self._admit(again, origin, terms)
            return await self._turn_away.failed(proven.attempt, Refusal.WRONG_CREDENTIALS, origin)
        if self._hasher.is_outdated(credential.encoded):
            await self._rehash(credential, proven.password)
        return signed_in

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

    async def _rehash(self, credential: PasswordCredential, password: str) -> None:
        stronger = replace(credential, encoded=await self._hasher.hash(password))
        async with self._open_work() as work:
            work.credentials.rehash(stronger, replaces=credential.encoded)
            await work.commit()
