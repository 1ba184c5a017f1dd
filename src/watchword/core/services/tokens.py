"""Make access tokens for sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.randomness import Randomness
from watchword.core.ports import Signer
from watchword.core.sessions.model import AccessToken, Session, token_end

TOKEN_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was made: told once and never stored."""

    token: str
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """Signs a token of a session; none outlives its session."""

    def __init__(self, *, signer: Signer, clock: Clock, randomness: Randomness) -> None:
        self._signer = signer
        self._clock = clock
        self._randomness = randomness

    async def issue(
        self, session: Session, *, lifetime: timedelta, client_id: str = "", audience: str = ""
    ) -> Issued:
        """Return a new token; it is the session's own dialect's unless another is named."""
        now = self._clock.now()
        token = AccessToken(
            id=self._randomness.token(TOKEN_ID_BYTES),
            session_id=session.id,
            account_id=session.account_id,
            client_id=client_id or session.dialect,
            issued_at=now.replace(microsecond=0),
            expires_at=token_end(now, lifetime=lifetime, session=session),
            audience=audience,
        )
        return Issued(await self._signer.sign(token), token.issued_at, token.expires_at)
