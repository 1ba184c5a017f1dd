"""Take in portions of a directory's people: plan, store in one commit, or one by one."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from watchword.core.accounts.names import canonical
from watchword.core.directory.model import Closed, Person
from watchword.core.groups.model import Group
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.errors import ConflictError, DeniedError, NotFoundError
from watchword.core.policy.refusals import Refusal
from watchword.core.ports import OpenWork, Work
from watchword.core.services.directoryplan import Known, Plan, plan, plan_closing, verdict_on
from watchword.core.services.directoryreport import Closing, Deed, Line, Report, SyncWish
from watchword.core.services.directoryrules import Creates
from watchword.core.services.provisioning import Newcomer, Provisioning

CLOSED_AT_ONCE = 100


class Intake:
    """Knows what is to become of whom, and keeps for the end whom to close."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        provisioning: Provisioning,
        groups: Mapping[str, Group],
        actor: Actor,
        wish: SyncWish,
        report: Report,
    ) -> None:
        self._open_work = open_work
        self._provisioning = provisioning
        self._groups = groups
        self._actor = actor
        self._wish = wish
        self._report = report
        self._rules = provisioning.rules_of(wish.directory)
        self.closings: list[Closing] = []

    async def take(self, people: Sequence[Person]) -> None:
        """Bring a portion of people up to date; who is to be closed waits in `closings`."""
        known = await self._known([one.guid for one in people])
        plans, newcomers, lines = [], [], []
        for person in people:
            if (one := known.get(person.guid)) is not None:
                plans += self._plan(one, person)
            elif self._rules.creates is Creates.SYNC and self._may_come_in(person):
                made = self._provisioning.newcomer(person, self._groups)
                if isinstance(made, Refusal):
                    lines.append(Line(login=person.login, deed=Deed.REFUSED, why=made))
                else:
                    newcomers.append(made)
        newcomers, refused = await self._without_taken(newcomers)
        await self._store(plans, newcomers, lines + refused, seen=len(people))

    async def close(self, closings: Sequence[Closing]) -> None:
        """Close accounts, and end their sessions."""
        for start in range(0, len(closings), CLOSED_AT_ONCE):
            portion = closings[start : start + CLOSED_AT_ONCE]
            known = await self._known([one.guid for one in portion])
            plans = [
                plan_closing(known[one.guid], one.closed, self._provisioning.now)
                for one in portion
                if one.guid in known
            ]
            await self._store([one for one in plans if not one.is_nothing], [], [], seen=0)
            await self._report.breathe()

    def _may_come_in(self, person: Person) -> bool:
        return verdict_on(person, self._rules) is Closed.OPEN

    def _plan(self, known: Known, person: Person) -> list[Plan]:
        planned = plan(known, person, self._rules, self._groups, self._provisioning.now)
        if planned.closes:
            closing = Closing(guid=person.guid, login=person.login, closed=planned.link.closed)
            self.closings.append(closing)
            return []
        return [] if planned.is_nothing else [planned]

    async def _known(self, guids: Sequence[str]) -> dict[str, Known]:
        async with self._open_work() as work:
            links = await work.links.by_guids(self._wish.directory, guids)
            ids = [link.account_id for link in links]
            accounts = {one.id: one for one in await work.accounts.by_ids(ids)}
            memberships = await work.groups.of_many(ids) if self._groups else {}
        return {
            link.guid: Known(
                account=accounts[link.account_id],
                link=link,
                memberships=tuple(memberships.get(link.account_id, ())),
            )
            for link in links
            if link.account_id in accounts
        }

    async def _without_taken(
        self, newcomers: Sequence[Newcomer]
    ) -> tuple[list[Newcomer], list[Line]]:
        """Leave out whose name somebody here has: nobody's account is taken over."""
        keys = [canonical(one.account.name) for one in newcomers]
        async with self._open_work() as work:
            taken = set(await work.accounts.identifiers_among(keys))
        left, refused = [], []
        for key, one in zip(keys, newcomers, strict=True):
            if key in taken:
                line = Line(login=one.link.login, deed=Deed.REFUSED, why=Refusal.NAME_HELD)
                refused.append(line)
            else:
                taken.add(key)
                left.append(one)
        return left, refused

    async def _store(
        self,
        plans: Sequence[Plan],
        newcomers: Sequence[Newcomer],
        refused: Sequence[Line],
        *,
        seen: int,
    ) -> None:
        lines = [
            *refused,
            *(line_of(one) for one in plans),
            *(Line(login=one.link.login, deed=Deed.MADE) for one in newcomers),
        ]
        try:
            async with self._open_work() as work:
                self._report.record(work, seen=seen, lines=lines)
                if not self._wish.dry_run:
                    self._record(work, plans, newcomers)
                await work.commit()
        except (ConflictError, DeniedError, NotFoundError):
            await self._one_by_one(plans, newcomers, refused, seen=seen)

    def _record(self, work: Work, plans: Sequence[Plan], newcomers: Sequence[Newcomer]) -> None:
        for planned in plans:
            self._provisioning.record(work, planned, self._actor)
        if newcomers:
            work.accounts.add_all([one.account for one in newcomers])
            work.links.add_all([one.link for one in newcomers])
            for one in newcomers:
                self._provisioning.record_more(work, one, self._actor)

    async def _one_by_one(
        self,
        plans: Sequence[Plan],
        newcomers: Sequence[Newcomer],
        refused: Sequence[Line],
        *,
        seen: int,
    ) -> None:
        """Store each by itself, since something stands against one of them.

        What is recorded first tells whether somebody else does this work by now.
        """
        await self._tell(seen, refused)
        for planned in plans:
            await self._tell(0, [await self._apply(planned)])
        for one in newcomers:
            await self._tell(0, [await self._make(one)])

    async def _tell(self, seen: int, lines: Sequence[Line]) -> None:
        async with self._open_work() as work:
            self._report.record(work, seen=seen, lines=lines)
            await work.commit()

    async def _apply(self, planned: Plan) -> Line:
        after = await self._provisioning.apply(planned, self._actor)
        if after is None:
            return Line(login=planned.link.login, deed=Deed.REFUSED, why="changed meanwhile")
        if planned.takes_an_admin and after.account.keeps_the_house:
            return Line(login=planned.link.login, deed=Deed.KEPT, why=Refusal.LAST_ADMIN)
        return line_of(planned)

    async def _make(self, newcomer: Newcomer) -> Line:
        login = newcomer.link.login
        with suppress(ConflictError, NotFoundError):
            async with self._open_work() as work:
                self._record(work, [], [newcomer])
                await work.commit()
            return Line(login=login, deed=Deed.MADE)
        return Line(login=login, deed=Deed.REFUSED, why=Refusal.NAME_HELD)


def line_of(planned: Plan) -> Line:
    """Return what the report says of a plan that was carried out."""
    before, after, link = planned.before.account, planned.account, planned.link
    if before.is_active and not after.is_active:
        return Line(login=link.login, deed=Deed.CLOSED, why=link.closed)
    if after.is_active and not before.is_active:
        return Line(login=link.login, deed=Deed.OPENED)
    return Line(login=link.login, deed=Deed.CHANGED)
