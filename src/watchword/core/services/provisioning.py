"""Make accounts for people of a directory, and keep those up that have one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from watchword.core.accounts.model import Account, Role, Source
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, Event, event_by
from watchword.core.directory.model import Closed, Link, Person
from watchword.core.groups.model import GROUPS_OF_ONE_MAX, MEMBER, Group, Membership
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.kernel.ids import AccountId, GroupId
from watchword.core.kernel.randomness import Randomness, ordered_uuid
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import OpenWork, Work
from watchword.core.services.directoryplan import (
    Known,
    Plan,
    email_of,
    link_of,
    name_of,
    plan,
    role_at_first,
    shown,
    verdict_on,
)
from watchword.core.services.directoryrules import DirectoryRules
from watchword.core.services.signup import judge_names

ROUNDS = 5
"""So often others may change the same account, or take the name, between look and commit."""

_REFUSAL_OF = {
    Closed.NOT_ADMITTED: Refusal.NOT_ADMITTED,
    Closed.EXPIRED: Refusal.ACCOUNT_EXPIRED,
    Closed.DISABLED: Refusal.DISABLED,
    Closed.GONE: Refusal.DISABLED,
}


def nothing(work: Work) -> None:
    """Record nothing beside."""
    del work


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An account that is to be made for a person, with its link and its groups."""

    account: Account
    link: Link
    groups: tuple[Group, ...] = ()


class Provisioning:
    """The one way from a person of a directory to an account here.

    A person is known by their objectGUID: a rename changes the account's name, and no
    account that somebody else has is taken over.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        rules: Mapping[str, DirectoryRules],
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._open_work = open_work
        self._rules = rules
        self._clock = clock
        self._randomness = randomness

    def rules_of(self, directory: str) -> DirectoryRules:
        return self._rules[directory]

    @property
    def now(self) -> datetime:
        return self._clock.now()

    async def known(self, person: Person) -> Known | None:
        """Return the account of a person, None if there is none."""
        async with self._open_work() as work:
            for link in await work.links.by_guids(person.directory, [person.guid]):
                account = await work.accounts.by_id(link.account_id)
                if account is not None:
                    memberships = await work.groups.of(account.id)
                    return Known(account=account, link=link, memberships=memberships)
        return None

    async def receive(
        self, person: Person, actor: Callable[[Account], Actor], *, creates: bool
    ) -> Known | Refused:
        """Return the account of a person who may come in, as the directory says it is now.

        It is made if there is none and `creates` allows it. `actor` is on whose behalf, once
        the account is known.
        """
        for _ in range(ROUNDS):
            known = await self.known(person)
            if known is None:
                made = await self.make(person, actor) if creates else Refusal.NOT_ADMITTED
                # Of several first log-ins at once one makes the account, for all of them.
                if isinstance(made, Refusal) and await self.known(person) is None:
                    return Refused(made)
                continue  # it is read as others see it
            planned = await self.plan(known, person)
            along = await self._have_all_looked_at(person.directory) if planned.opens else nothing
            after = await self.apply(planned, actor(known.account), along=along)
            if after is not None:
                return self._entering(after, person)
        return Refused(Refusal.NAME_HELD)

    async def _have_all_looked_at(self, directory: str) -> Callable[[Work], None]:
        """Have the next synchronisation look at everybody.

        What one controller says now may be older than what another said to the last one.
        """
        async with self._open_work() as work:
            mark = await work.links.mark(directory)
        if mark is None:
            return nothing
        return lambda work: work.links.put_mark(replace(mark, cursor=""))

    async def plan(self, known: Known, person: Person) -> Plan:
        """Return what follows for this account from what is said of the person now."""
        rules = self.rules_of(person.directory)
        groups = await self.groups_of(person.directory)
        return plan(known, person, rules, groups, self._clock.now())

    async def make(
        self, person: Person, actor: Callable[[Account], Actor], *, role: Role | None = None
    ) -> Account | Refusal:
        """Make an account for a person who has none."""
        groups = await self.groups_of(person.directory)
        newcomer = self.newcomer(person, groups, role=role)
        if isinstance(newcomer, Refusal):
            return newcomer
        for _ in range(ROUNDS):
            async with self._open_work() as work:
                self.record_new(work, newcomer, actor(newcomer.account))
                try:
                    await work.commit()
                except ConflictError as error:
                    if error.field not in {"email", "groups"}:
                        return Refusal.NAME_HELD
                    newcomer = _lesser(newcomer, error.field)
                else:
                    return newcomer.account
        return Refusal.NAME_HELD

    async def obstacle(self, person: Person) -> Refusal | None:
        """Return why a person without an account would get none, None if they would."""
        newcomer = self.newcomer(person, {})
        if isinstance(newcomer, Refusal):
            return newcomer
        async with self._open_work() as work:
            holder = await work.accounts.by_identifier(canonical(newcomer.account.name))
        return Refusal.NAME_HELD if holder else None

    def newcomer(
        self, person: Person, groups: Mapping[str, Group], *, role: Role | None = None
    ) -> Newcomer | Refusal:
        """Return the account that a person would get, or why they get none."""
        rules = self.rules_of(person.directory)
        closed = verdict_on(person, rules)
        if closed is not Closed.OPEN:
            return _REFUSAL_OF[closed]
        name, email, now = name_of(person), email_of(person), self._clock.now()
        if judge_names(name, "", "", ""):
            return Refusal.NAME_INVALID
        account = Account(
            id=AccountId(ordered_uuid(now, self._randomness)),
            name=name,
            created_at=now,
            updated_at=now,
            role=role_at_first(person, rules, role),
            source=Source.DIRECTORY,
            directory=person.directory,
            email=email,
            email_confirmed_at=now if email and rules.trusts_mail else None,
            first_name=shown(person.first_name),
            last_name=shown(person.last_name),
        )
        joined = rules.groups_of(person.groups)
        return Newcomer(
            account,
            link_of(person, account),
            tuple(group for name, group in groups.items() if name in joined),
        )

    def record_new(self, work: Work, newcomer: Newcomer, actor: Actor) -> None:
        """Record a new account with all that belongs to it."""
        work.accounts.add_all([newcomer.account])
        work.links.add_all([newcomer.link])
        self.record_more(work, newcomer, actor)

    def record_more(self, work: Work, newcomer: Newcomer, actor: Actor) -> None:
        """Record what belongs to a new account, beside itself and its link."""
        account = newcomer.account
        for group in newcomer.groups:
            work.groups.put_member(
                Membership(group=group, account_id=account.id), most=GROUPS_OF_ONE_MAX
            )
        work.audit.add(self._event(actor, Action.ACCOUNT_ADMIT, account.id, account.role))

    async def apply(
        self, planned: Plan, actor: Actor, *, along: Callable[[Work], None] = nothing
    ) -> Known | None:
        """Store what follows, with what `along` records; None if somebody was faster.

        Where a name or an address is another's, the account keeps what it had. The last
        enabled admin stays one.
        """
        if planned.is_nothing and along is nothing:
            return planned.before
        for _ in range(ROUNDS):
            try:
                return await self._store(planned, actor, along)
            except ConflictError as error:
                planned = _without(planned, error.field)
            except DeniedError:
                if not planned.takes_an_admin:
                    raise  # it is what is recorded beside that is not allowed
                planned = planned.sparing_the_admin()
            except NotFoundError:
                return None
        return None

    async def _store(self, planned: Plan, actor: Actor, along: Callable[[Work], None]) -> Known:
        async with self._open_work() as work:
            along(work)
            self.record(work, planned, actor)
            await work.commit()
            memberships = (
                await work.groups.of(planned.account.id)
                if planned.joins or planned.leaves
                else planned.before.memberships
            )
        return Known(account=planned.account, link=planned.link, memberships=memberships)

    def record(self, work: Work, planned: Plan, actor: Actor) -> None:
        """Record what follows for one account, and the trail of it."""
        before, after = planned.before.account, planned.account
        if planned.takes_an_admin:
            work.accounts.require_not_last_admin(after.id)
        if after != before:
            work.accounts.update(after, before=before)
        if planned.link != planned.before.link:
            work.links.update(planned.link, before=planned.before.link)
        for group in planned.joins:
            membership = Membership(group=group, account_id=after.id)
            work.groups.put_member(membership, most=GROUPS_OF_ONE_MAX)
        for group in planned.leaves:
            work.groups.remove_member(group.id, after.id, role=MEMBER)
        if planned.ends_sessions:
            work.sessions.end_all_of(after.id)
        for action, detail in _trail(planned):
            work.audit.add(self._event(actor, action, after.id, detail))

    async def groups_of(self, directory: str) -> dict[str, Group]:
        """Return the groups of ours that the rules name, by name; make those that are not there."""
        names = self.rules_of(directory).groups
        found: dict[str, Group] = {}
        for name in sorted(names):
            found[name] = await self._group(name)
        return found

    async def _group(self, name: str) -> Group:
        async with self._open_work() as work:
            group = await work.groups.by_name(canonical(name))
            if group is not None:
                return group
            made = Group(
                id=GroupId(self._randomness.uuid()), name=name, created_at=self._clock.now()
            )
            work.groups.add(made)
            try:
                await work.commit()
            except ConflictError:
                return await self._group(name)  # another made it
        return made

    def _entering(self, known: Known, person: Person) -> Known | Refused:
        closed = verdict_on(person, self.rules_of(person.directory))
        if closed is not Closed.OPEN:
            return Refused(_REFUSAL_OF[closed])
        return known if known.account.is_active else Refused(Refusal.DISABLED)

    def _event(self, actor: Actor, action: Action, subject: str, detail: str = "") -> Event:
        return event_by(actor, action, at=self._clock.now(), subject=subject, detail=detail)


def _lesser(newcomer: Newcomer, field: str) -> Newcomer:
    """Return a newcomer without what cannot be had: an address of their own, or groups."""
    if field == "groups":
        return replace(newcomer, groups=())
    return replace(newcomer, account=replace(newcomer.account, email_confirmed_at=None))


def _without(planned: Plan, field: str) -> Plan:
    """Return the plan without what cannot be had, because it is another account's."""
    if field == "groups":
        return replace(planned, joins=())
    before, after = planned.before.account, planned.account
    if field == "name":
        return replace(planned, account=replace(after, name=before.name))
    return replace(planned, account=replace(after, email_confirmed_at=None))


def _trail(planned: Plan) -> list[tuple[Action, str]]:
    before, after = planned.before.account, planned.account
    trail: list[tuple[Action, str]] = []
    trail += [(Action.GROUP_ADD, group.id) for group in planned.joins]
    trail += [(Action.GROUP_REMOVE, group.id) for group in planned.leaves]
    if after.role is not before.role:
        trail.append((Action.ACCOUNT_ROLE, after.role))
    if before.is_active and not after.is_active:
        trail.append((Action.ACCOUNT_DISABLE, planned.link.closed))
    if after.is_active and not before.is_active:
        trail.append((Action.ACCOUNT_ENABLE, planned.before.link.closed))
    if (after.name, after.email) != (before.name, before.email):
        trail.append((Action.ACCOUNT_UPDATE, ""))
    return trail
