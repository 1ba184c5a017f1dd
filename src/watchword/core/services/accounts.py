"""Look at accounts, change and delete them."""

from watchword.core.accounts.model import Account, Role, State
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.directory.model import Closed
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork, Work


class Accounts:
    """Administers accounts. Who is no admin is refused here, whatever the surface.

    The last enabled admin stays one; only `force`, from the machine's own command line,
    can take it away.
    """

    def __init__(self, *, open_work: OpenWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def find(self, name: str) -> Account | None:
        """Return the account with this id, name or confirmed address.

        The id counts first: anybody may call themselves by another's.
        """
        async with self._open_work() as work:
            found = await work.accounts.by_id(AccountId(name))
            return found or await work.accounts.by_identifier(canonical(name))

    async def page(
        self,
        actor: Actor,
        *,
        prefix: str | None = None,
        after: str | None = None,
        limit: int = PAGE_MAX,
    ) -> Page[Account] | Refused:
        """Return a page of accounts, oldest first.

        With a prefix: those whose name or confirmed address begins so, in that order.
        """
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        most = min(limit, PAGE_MAX)
        async with self._open_work() as work:
            if prefix is None:
                return await work.accounts.page(after=after, limit=most)
            return await work.accounts.search(canonical(prefix), after=after, limit=most)

    async def count(self, actor: Actor) -> int | Refused:
        """Return how many accounts there are."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            return await work.accounts.count()

    async def has_admin(self) -> bool:
        """Say whether anybody can administer accounts over the network."""
        async with self._open_work() as work:
            return await work.accounts.has_admin()

    async def change(
        self,
        actor: Actor,
        account_id: AccountId,
        *,
        role: str | None = None,
        active: bool | None = None,
        force: bool = False,
    ) -> Account | Refused:
        """Change role or state, or both; what is None stays.

        The new role counts for the tokens that exist; a disabled account's sessions end.
        An API key makes nobody an admin.
        """
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        if actor.key_id is not None and role not in {None, Role.USER}:
            return Refused(Refusal.KEY_SCOPE)
        if role is not None and role not in set(Role):
            return Refused(Refusal.ROLE_UNKNOWN)
        async with self._open_work() as work:
            before = await work.accounts.by_id(account_id)
            if before is None or (active and await self._is_kept_closed(work, before)):
                return Refused(Refusal.DIRECTORY_KEEPS if before else Refusal.NOT_FOUND)
            after = self._changed(before, role, active)
            if after == before:
                return before
            self._record(work, actor, before, after, force=force)
            return await self._commit(work) or after

    async def delete(
        self, actor: Actor, account_id: AccountId, *, force: bool = False
    ) -> Refused | None:
        """Delete an account with everything that belongs to it; audit events stay."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        if actor.account_id == account_id:
            return Refused(Refusal.SELF)
        async with self._open_work() as work:
            if await work.accounts.by_id(account_id) is None:
                return Refused(Refusal.NOT_FOUND)
            if not force:
                work.accounts.require_not_last_admin(account_id)
            work.accounts.delete(account_id)
            work.audit.add(self._event(actor, Action.ACCOUNT_DELETE, account_id))
            return await self._commit(work)

    async def unlock(self, actor: Actor, account_id: AccountId) -> Refused | None:
        """End every wait that failed log-ins brought upon an account."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            if await work.accounts.by_id(account_id) is None:
                return Refused(Refusal.NOT_FOUND)
            work.attempts.forget(account_id)
            work.audit.add(self._event(actor, Action.ACCOUNT_UNLOCK, account_id))
            await work.commit()
        return None

    async def _is_kept_closed(self, work: Work, account: Account) -> bool:
        """Say whether its directory lets nobody in by this account: it would close it again."""
        link = await work.links.of(account.id) if account.directory else None
        return link is not None and link.closed is not Closed.OPEN

    def _changed(self, account: Account, role: str | None, active: bool | None) -> Account:  # noqa: FBT001 - private, and None means "as it is"
        now = self._clock.now()
        if role is not None:
            account = account.with_role(Role(role), now)
        if active is not None:
            account = account.with_state(State.ACTIVE if active else State.DISABLED, now)
        return account

    def _record(
        self, work: Work, actor: Actor, before: Account, after: Account, *, force: bool
    ) -> None:
        # Asked whatever we saw: the account may have become an admin since we looked.
        if not after.keeps_the_house and not force:
            work.accounts.require_not_last_admin(before.id)
        work.accounts.update(after, before=before)
        if after.role is not before.role:
            work.audit.add(self._event(actor, Action.ACCOUNT_ROLE, after.id, after.role))
        if before.is_active and not after.is_active:
            work.sessions.end_all_of(after.id)
            work.audit.add(self._event(actor, Action.ACCOUNT_DISABLE, after.id))
        if after.is_active and not before.is_active:
            work.audit.add(self._event(actor, Action.ACCOUNT_ENABLE, after.id))

    async def _commit(self, work: Work) -> Refused | None:
        try:
            await work.commit()
        except DeniedError:
            return Refused(Refusal.LAST_ADMIN)
        except NotFoundError:
            return Refused(Refusal.NOT_FOUND)
        return None

    def _event(self, actor: Actor, action: Action, subject: AccountId, detail: str = "") -> Event:
        return event_by(actor, action, at=self._clock.now(), subject=subject, detail=detail)
