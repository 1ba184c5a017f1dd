"""Make groups, put accounts into them, and say what holds for their members."""

from dataclasses import dataclass, replace

from watchword.core.accounts.names import NAME_LENGTH_MAX, canonical, is_name
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.groups.model import (
    GROUPS_OF_ONE_MAX,
    MEMBER,
    Group,
    Membership,
)
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, NotFoundError
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """What shall become of a group: all of it, as it shall be."""

    name: str
    password_days: int | None = None
    password_history: int | None = None


class Groups:
    """Administers groups, for admins alone."""

    def __init__(self, *, open_work: OpenWork, clock: Clock, randomness: Randomness) -> None:
        self._open_work = open_work
        self._clock = clock
        self._randomness = randomness

    async def find(self, name: str) -> Group | None:
        """Return the group with this id or name; the id counts first."""
        async with self._open_work() as work:
            found = await work.groups.by_id(GroupId(name))
            return found or await work.groups.by_name(canonical(name))

    async def page(
        self, actor: Actor, *, after: str | None = None, limit: int = PAGE_MAX
    ) -> Page[Group] | Refused:
        """Return a page of groups, oldest first."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            return await work.groups.page(after=after, limit=min(limit, PAGE_MAX))

    async def of(self, account_id: AccountId) -> tuple[Membership, ...]:
        """Return what an account is, and where."""
        async with self._open_work() as work:
            return await work.groups.of(account_id)

    async def members(
        self, actor: Actor, group: Group, *, after: str | None = None, limit: int = PAGE_MAX
    ) -> Page[Membership] | Refused:
        """Return a page of a group's memberships."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            return await work.groups.members(group, after=after, limit=min(limit, PAGE_MAX))

    async def make(self, actor: Actor, wish: GroupChange) -> Group | Refused:
        """Make a group."""
        if refused := _judge(actor, wish.name):
            return refused
        group = Group(
            id=GroupId(self._randomness.uuid()),
            name=wish.name.strip(),
            created_at=self._clock.now(),
            password_days=wish.password_days,
            password_history=wish.password_history,
        )
        async with self._open_work() as work:
            work.groups.add(group)
            work.audit.add(self._event(actor, Action.GROUP_CREATE, group.id))
            return await _commit(work) or group

    async def change(self, actor: Actor, group: Group, change: GroupChange) -> Group | Refused:
        """Change a group's name and its policy."""
        if refused := _judge(actor, change.name):
            return refused
        changed = replace(
            group,
            name=change.name.strip(),
            password_days=change.password_days,
            password_history=change.password_history,
        )
        async with self._open_work() as work:
            work.groups.update(changed)
            work.audit.add(self._event(actor, Action.GROUP_CHANGE, group.id))
            return await _commit(work) or changed

    async def delete(self, actor: Actor, group: Group) -> Refused | None:
        """Delete a group; its members stay, as accounts."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            work.groups.delete(group.id)
            work.audit.add(self._event(actor, Action.GROUP_DELETE, group.id))
            return await _commit(work)

    async def put(
        self, actor: Actor, group: Group, account_id: AccountId, *, role: str = MEMBER
    ) -> Refused | None:
        """Give an account a role in a group; having it already is as good."""
        if refused := _judge(actor, role):
            return refused
        membership = Membership(group=group, account_id=account_id, role=role.strip())
        async with self._open_work() as work:
            work.groups.put_member(membership, most=GROUPS_OF_ONE_MAX)
            work.audit.add(self._event(actor, Action.GROUP_ADD, account_id, group.id))
            return await _commit(work)

    async def remove(
        self, actor: Actor, group: Group, account_id: AccountId, *, role: str | None = None
    ) -> Refused | None:
        """Take one role in a group from an account, or all."""
        if not actor.is_admin:
            return Refused(Refusal.NOT_ADMIN)
        async with self._open_work() as work:
            asked = role.strip() if role is not None else None
            work.groups.remove_member(group.id, account_id, role=asked)
            work.audit.add(self._event(actor, Action.GROUP_REMOVE, account_id, group.id))
            return await _commit(work)

    def _event(self, actor: Actor, action: Action, subject: str, detail: str = "") -> Event:
        return event_by(actor, action, at=self._clock.now(), subject=subject, detail=detail)


def _judge(actor: Actor, name: str) -> Refused | None:
    """Say what is wrong with the name of a group or of a role: both are as accounts' names."""
    if not actor.is_admin:
        return Refused(Refusal.NOT_ADMIN)
    if not is_name(name.strip()):
        return Refused(Refusal.GROUP_NAME_INVALID, number=NAME_LENGTH_MAX)
    return None


async def _commit(work: Work) -> Refused | None:
    try:
        await work.commit()
    except NotFoundError:
        return Refused(Refusal.NOT_FOUND)
    except ConflictError as error:
        full = error.field == "groups"
        return (
            Refused(Refusal.GROUP_LIMIT, number=GROUPS_OF_ONE_MAX)
            if full
            else Refused(Refusal.GROUP_NAME_TAKEN)
        )
    return None
