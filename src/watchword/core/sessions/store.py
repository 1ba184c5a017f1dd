"""What the core asks of whoever keeps sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.kernel.page import Page
from watchword.core.sessions.model import Session


@dataclass(frozen=True, slots=True)
class SessionUse:
    """That a session was used, and when."""

    session_id: SessionId
    at: datetime


class SessionStore(Protocol):
    """Keeps sessions until they end. An ended session is gone; the audit trail remembers.

    Every method that ends a session is felt by all processes of this machine before
    `commit` returns, and by other nodes within a second. The same commit puts it into the
    RevocationLog.
    """

    async def by_id(self, session_id: SessionId) -> Session | None: ...

    async def of(self, account_id: AccountId, *, at: datetime) -> tuple[Session, ...]:
        """Return the account's live sessions, newest first, PAGE_MAX at most."""

    async def page(self, *, at: datetime, after: str | None = None, limit: int) -> Page[Session]:
        """Return all live sessions, newest first."""

    async def count_of(self, account_id: AccountId, *, dialect: str | None = None) -> int:
        """Count the account's stored sessions, those of one dialect if asked."""

    async def count_expired(self, *, at: datetime) -> int:
        """Count the sessions whose time is over and that are still stored."""

    def add(self, session: Session) -> None:
        """Record a new session. At commit: NotFoundError if the account is gone."""

    def require(self, session_id: SessionId) -> None:
        """Make the commit depend on the session being there. At commit: DeniedError otherwise."""

    def end(self, session_id: SessionId) -> None:
        """Record the end of one session; ending it twice is no error."""

    def end_all_of(self, account_id: AccountId, *, but: SessionId | None = None) -> None:
        """Record the end of the account's sessions, except one if asked."""

    def end_oldest_of(self, account_id: AccountId, *, keep: int) -> None:
        """Record the end of all but the `keep` newest sessions of the account."""

    def end_idlest_of(self, account_id: AccountId, *, dialect: str, keep: int) -> None:
        """Record the end of all but `keep` of the account's sessions that a dialect made.

        The one that was used least lately goes first; one that was never used counts from
        when it was made.
        """

    def end_idle(self, session_ids: Sequence[SessionId], *, since: datetime) -> None:
        """Record the end of those of these sessions that are idle: see `Session.is_idle`.

        One that is used before the commit lives on.
        """

    def used(self, uses: Sequence[SessionUse]) -> None:
        """Record when sessions were last used; a later moment that is stored stays.

        Sessions that are gone are left out. This revokes nothing.
        """

    def end_expired(self, *, at: datetime, limit: int) -> None:
        """Record the removal of up to `limit` sessions whose time is over.

        An expired session is dead already, so this revokes nothing.
        """
