"""Look at sessions and end them."""

from watchword.core.audit.model import Action, Event, event_by
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import AccountId, SessionId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork
from watchword.core.sessions.model import Session, session_label


class Sessions:
    """Lists sessions and ends them; when an end is answered, its tokens are dead."""

    def __init__(self, *, open_work: OpenWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def sign_out(self, actor: Actor) -> None:
        """End the caller's own session."""
        assert actor.session_id is not None
        assert actor.account_id is not None
        await self._end(actor, actor.account_id, actor.session_id)

    async def of(self, account_id: AccountId) -> tuple[Session, ...]:
        """Return an account's live sessions, newest first."""
        async with self._open_work() as work:
            return await work.sessions.of(account_id, at=self._clock.now())

    async def page(self, *, after: str | None = None, limit: int = PAGE_MAX) -> Page[Session]:
        """Return a page of all live sessions, newest first."""
        async with self._open_work() as work:
            return await work.sessions.page(
                at=self._clock.now(), after=after, limit=min(limit, PAGE_MAX)
            )

    async def end(self, actor: Actor, session_id: SessionId) -> Refused | None:
        """End one session of anybody, for an admin."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            session = await work.sessions.by_id(session_id)
        if session is None:
            return Refused(Refusal.NOT_FOUND)
        await self._end(actor, session.account_id, session.id)
        return None

    async def end_all_of(self, actor: Actor, account_id: AccountId) -> Refused | None:
        """End every session of an account, for an admin."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            if await work.accounts.by_id(account_id) is None:
                return Refused(Refusal.NOT_FOUND)
            work.sessions.end_all_of(account_id)
            work.audit.add(self._event(actor, account_id, "all"))
            await work.commit()
        return None

    async def _end(self, actor: Actor, account_id: AccountId, session_id: SessionId) -> None:
        async with self._open_work() as work:
            work.sessions.end(session_id)
            work.audit.add(self._event(actor, account_id, session_label(session_id)))
            await work.commit()

    def _event(self, actor: Actor, account_id: AccountId, detail: str) -> Event:
        at = self._clock.now()
        return event_by(actor, Action.SESSION_END, at=at, subject=account_id, detail=detail)
