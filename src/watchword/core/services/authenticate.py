"""Say who holds a token, on every request."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Actor, Origin
from watchword.core.kernel.clock import Clock
from watchword.core.ports import OpenWork, Revocations, Signer, Witness
from watchword.core.sessions.model import AccessToken, Session


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a live session, as the store knew them at this request."""

    account: Account
    session: Session

    def actor(self, origin: Origin) -> Actor:
        """Return the same person as services ask for them."""
        return Actor(
            name=self.account.id,
            is_admin=self.account.is_admin,
            origin=origin,
            account_id=self.account.id,
            session_id=self.session.id,
        )


@dataclass(slots=True)
class _Known:
    """A token whose signature was right, and what the store last said of its session."""

    token: AccessToken
    caller: Caller
    stamp: int
    looked_at: datetime


class Authenticate:
    """Checks tokens: signature, type, issuer, expiry, and that session and account live.

    Right tokens are remembered, at most `cache_max` of them. What is remembered counts
    only while the revocation stamp is the one that was taken before the store was read,
    so a session that ends is dead for all processes at once.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        signer: Signer,
        revocations: Revocations,
        clock: Clock,
        cache_max: int,
        witness: Witness,
    ) -> None:
        self._open_work = open_work
        self._signer = signer
        self._revocations = revocations
        self._clock = clock
        self._cache_max = cache_max
        self._witness = witness
        self._known: dict[str, _Known] = {}

    async def token(self, text: str) -> Caller | None:
        """Return who holds this access token, None if it is not good now."""
        now = self._clock.now()
        known = self._known.get(text)
        is_known = known is not None and self._still_counts(known, now)
        self._witness.token_checked(was_known=is_known)
        if known is None:
            token = await self._signer.read(text)
        elif is_known and known.token.expires_at > now:
            return known.caller
        else:
            token = known.token if await self._signer.trusts(known.token) else None
        caller = await self._look(text, token, now) if token else None
        if caller is None:
            self._known.pop(text, None)
        return caller

    def _still_counts(self, known: _Known, now: datetime) -> bool:
        if known.stamp != self._revocations.stamp():
            return False
        lifetime = self._revocations.lifetime
        return lifetime is None or now - known.looked_at < lifetime

    async def _look(self, text: str, token: AccessToken, now: datetime) -> Caller | None:
        if token.expires_at <= now:
            return None
        # The stamp comes first: a revocation between it and the read makes it stale.
        stamp = self._revocations.stamp()
        async with self._open_work() as work:
            bearer = await work.bearer(token.session_id)
        if bearer is None or bearer.account.id != token.account_id:
            return None
        if not bearer.account.is_active or bearer.session.expires_at <= now:
            return None
        caller = Caller(bearer.account, bearer.session)
        if stamp is not None:
            self._remember(text, _Known(token, caller, stamp, now))
        return caller

    def _remember(self, text: str, known: _Known) -> None:
        if text not in self._known and len(self._known) >= self._cache_max:
            self._known.pop(next(iter(self._known)))
        self._known[text] = known
