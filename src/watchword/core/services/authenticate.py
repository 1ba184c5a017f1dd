"""Say who holds a token, on every request."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import ApiKey, Scope
from watchword.core.kernel.caller import Actor, Origin
from watchword.core.kernel.clock import Clock
from watchword.core.ports import OpenWork, Revocations, Signer, Witness
from watchword.core.services.presence import Presence
from watchword.core.services.remembered import Remembered
from watchword.core.services.sessionuses import NOTED_EVERY, SessionUses
from watchword.core.sessions.model import AccessToken, Session


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a good credential, as the store knew them at this request.

    Who holds a token has a session; who holds an API key has the key instead.
    """

    account: Account
    session: Session | None = None
    token: AccessToken | None = None
    key: ApiKey | None = None

    def may(self, scope: Scope | None) -> bool:
        """Say whether the credential reaches so far; None is what no API key may do.

        A session may do all that its account may; what that is, services judge.
        """
        return self.key is None or self.key.allows(scope)

    def actor(self, origin: Origin) -> Actor:
        """Return the same person as services ask for them."""
        return Actor(
            name=self.account.id,
            is_admin=self.account.is_admin,
            origin=origin,
            account_id=self.account.id,
            session_id=self.session.id if self.session else None,
            key_id=self.key.id if self.key else None,
            scopes=frozenset(self.key.scopes) if self.key else frozenset(),
        )


@dataclass(slots=True)
class _Verified:
    """A token whose signature was right, who held it, and when its next use is noted."""

    token: AccessToken
    caller: Caller
    note_from: datetime


class Authenticate:
    """Checks tokens: signature, type, issuer, expiry, and that session and account live.

    Right tokens are remembered, at most `cache_max` of them.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        signer: Signer,
        revocations: Revocations,
        clock: Clock,
        cache_max: int,
        uses: SessionUses,
        presence: Presence,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._uses = uses
        self._presence = presence
        self._signer = signer
        self._clock = clock
        self._witness = witness
        self._remembered: Remembered[_Verified] = Remembered(revocations, most=cache_max)

    async def token(self, text: str) -> Caller | None:
        """Return who holds this access token, None if it is not good now.

        Raises UnavailableError while nobody can say whether they have left.
        """
        if caller := self.at_once(text):
            return caller
        caller = await self._holder(text, self._clock.now())
        return caller if caller and self._presence.knows(caller.account) else None

    def at_once(self, text: str) -> Caller | None:
        """Return the same of a token that memory alone can speak for; None of any other.

        Raises UnavailableError as `token` does.
        """
        now = self._clock.now()
        known = self._remembered.get(text)
        if known is None or not self._remembered.counts(known, now):
            return None
        verified = known.fact
        if verified.token.expires_at <= now or not self._presence.knows(verified.caller.account):
            return None
        self._witness.token_checked(was_known=True)
        self._note(verified, now)
        return verified.caller

    async def _holder(self, text: str, now: datetime) -> Caller | None:
        """Ask the signature, where it is not known, and the store."""
        self._witness.token_checked(was_known=False)
        known = self._remembered.get(text)
        if known is None:
            token = await self._signer.read(text)
        else:
            was = known.fact.token
            token = was if await self._signer.trusts(was) else None
        caller = await self._look(text, token, now) if token else None
        if caller is None:
            self._remembered.drop(text)
        return caller

    async def _look(self, text: str, token: AccessToken, now: datetime) -> Caller | None:
        if token.expires_at <= now:
            return None
        # The stamp comes first: a revocation between it and the read makes it stale.
        stamp = self._remembered.stamp()
        async with self._open_work() as work:
            bearer = await work.bearer(token.session_id)
        if bearer is None or bearer.account.id != token.account_id:
            return None
        if not bearer.account.is_active or bearer.session.expires_at <= now:
            return None
        caller = Caller(bearer.account, bearer.session, token)
        verified = _Verified(token, caller, now)
        self._note(verified, now)
        self._remembered.put(text, verified, stamp=stamp, now=now)
        return caller

    def _note(self, verified: _Verified, now: datetime) -> None:
        if now >= verified.note_from:
            verified.note_from = now + NOTED_EVERY
            self._uses.note(verified.token.session_id, now)
