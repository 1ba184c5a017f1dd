"""Take in portions of a directory's people: plan, store in one commit, or one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from watchword.core.accounts.names import canonical
from watchword.core.directory.model import Closed, Link, Person
from watchword.core.groups.model import Group
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
)
from watchword.core.policy.refusals import Refusal
from watchword.core.ports import OpenWork, Work
from watchword.core.services.directoryplan import Known, Plan, plan, plan_closing, verdict_on
from watchword.core.services.directoryreport import Closing, Deed, Line, Report, SyncWish
from watchword.core.services.directoryrules import Creates
from watchword.core.services.provisioning import Newcomer, Provisioning

CLOSED_AT_ONCE = 100

CHANGED_MEANWHILE = "changed_meanwhile"
UNREADABLE = "unreadable"
"""Why somebody was passed over, beside refusals: others were faster, or no database takes it."""

_IN_THE_WAY = (ConflictError, DeniedError, InvalidError, NotFoundError)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who gets an account, and that account."""

    person: Person
    newcomer: Newcomer


class Intake:
    """Knows what is to become of whom, and keeps for the end whom to close.

    It `has_kept` somebody who should not be an admin any more and is the last one.
    """

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
        self._tried: set[str] = set()
        self.closings: list[Closing] = []
        self.has_kept = False

    async def take(self, people: Sequence[Person]) -> None:
        """Bring a portion of people up to date; who is to be closed waits in `closings`."""
        people = self._not_tried(people)
        known = await self._known([one.guid for one in people])
        plans: list[Plan] = []
        arrivals: list[Arrival] = []
        lines: list[Line] = []
        for person in people:
            if (one := known.get(person.guid)) is not None:
                plans += self._plan(one, person)
            elif self._rules.creates is Creates.SYNC and self._may_come_in(person):
                made = self._provisioning.newcomer(person, self._groups)
                if isinstance(made, Refusal):
                    lines.append(_refused(person, made))
                else:
                    arrivals.append(Arrival(person, made))
        arrivals, taken = await self._without_taken(arrivals)
        await self._store(plans, arrivals, lines + taken, seen=len(people))

    async def due(self, closings: Sequence[Closing]) -> list[Closing]:
        """Leave out who is closed already, such as by an administrator here."""
        left: list[Closing] = []
        for portion in _portions(closings):
            plans = await self._plan_closings(portion)
            due = {one.link.guid for one in plans}
            left += [one for one in portion if one.guid in due]
        return left

    async def close(self, closings: Sequence[Closing]) -> None:
        """Close accounts, and end their sessions."""
        for portion in _portions(closings):
            await self._store(await self._plan_closings(portion), [], [], seen=0)
            await self._report.breathe()

    async def spare(self, closings: Sequence[Closing]) -> None:
        """Tell who would be closed, and do nothing."""
        for portion in _portions(closings):
            lines = [Line(login=one.login, deed=Deed.SPARED, why=one.closed) for one in portion]
            await self._tell(0, lines)
            await self._report.breathe()

    def _not_tried(self, people: Sequence[Person]) -> list[Person]:
        """Leave out, in a dry run, whom it met before: nothing is stored that would tell."""
        if not self._wish.dry_run:
            return list(people)
        left = [one for one in people if one.guid not in self._tried]
        self._tried.update(one.guid for one in left)
        return left

    def _may_come_in(self, person: Person) -> bool:
        return verdict_on(person, self._rules) is Closed.OPEN

    def _plan(self, known: Known, person: Person) -> list[Plan]:
        planned = plan(known, person, self._rules, self._groups, self._provisioning.now)
        if planned.closes:
            closing = Closing(guid=person.guid, login=person.login, closed=planned.link.closed)
            self.closings.append(closing)
            return []
        return [] if planned.is_nothing else [planned]

    async def _plan_closings(self, closings: Sequence[Closing]) -> list[Plan]:
        known = await self._known([one.guid for one in closings])
        plans = [
            plan_closing(known[one.guid], one.closed, self._provisioning.now)
            for one in closings
            if one.guid in known
        ]
        return [one for one in plans if not one.is_nothing]

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

    async def _without_taken(self, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[Line]]:
        """Leave out whose name somebody here has: nobody's account is taken over."""
        keys = [canonical(one.newcomer.account.name) for one in arrivals]
        async with self._open_work() as work:
            taken = set(await work.accounts.identifiers_among(keys))
        left, refused = [], []
        for key, one in zip(keys, arrivals, strict=True):
            if key in taken:
                refused.append(_refused(one.person, Refusal.NAME_HELD))
            else:
                taken.add(key)
                left.append(one)
        return left, refused

    async def _store(
        self,
        plans: Sequence[Plan],
        arrivals: Sequence[Arrival],
        refused: Sequence[Line],
        *,
        seen: int,
    ) -> None:
        lines = [
            *refused,
            *filter(None, map(line_of, plans)),
            *(Line(login=one.person.login, deed=Deed.MADE) for one in arrivals),
        ]
        try:
            async with self._open_work() as work:
                self._report.record(work, seen=seen, lines=lines)
                self._record(work, plans, [one.newcomer for one in arrivals])
                await work.commit()
        except _IN_THE_WAY:
            self._report.take_back()
            await self._one_by_one(plans, arrivals, refused, seen=seen)

    def _record(self, work: Work, plans: Sequence[Plan], newcomers: Sequence[Newcomer]) -> None:
        if self._wish.dry_run:
            self._record_trial(work, plans)
            return
        for planned in plans:
            self._provisioning.record(work, planned, self._actor)
        if newcomers:
            work.accounts.add_all([one.account for one in newcomers])
            work.links.add_all([one.link for one in newcomers])
            for one in newcomers:
                self._provisioning.record_more(work, one, self._actor)

    def _record_trial(self, work: Work, plans: Sequence[Plan]) -> None:
        """Record nothing but what may stand against it."""
        for planned in plans:
            if planned.takes_an_admin:
                work.accounts.require_not_last_admin(planned.account.id)

    async def _one_by_one(
        self,
        plans: Sequence[Plan],
        arrivals: Sequence[Arrival],
        refused: Sequence[Line],
        *,
        seen: int,
    ) -> None:
        """Store each by itself, since something stands against one of them.

        What is recorded first tells whether somebody else does this work by now.
        """
        await self._tell(seen, refused)
        for planned in plans:
            line = await self._apply(planned)
            await self._tell(0, [line] if line else [])
        for one in arrivals:
            await self._tell(0, [await self._make(one)])

    async def _tell(self, seen: int, lines: Sequence[Line]) -> None:
        self.has_kept = self.has_kept or any(line.deed is Deed.KEPT for line in lines)
        async with self._open_work() as work:
            self._report.record(work, seen=seen, lines=lines)
            await work.commit()

    async def _apply(self, planned: Plan) -> Line | None:
        if self._wish.dry_run:
            return await self._try(planned)
        login = planned.link.login
        try:
            after = await self._provisioning.apply(planned, self._actor)
        except InvalidError:
            return Line(login=login, deed=Deed.REFUSED, why=UNREADABLE)
        if after is None:
            return Line(login=login, deed=Deed.REFUSED, why=CHANGED_MEANWHILE)
        if planned.takes_an_admin and after.account.keeps_the_house:
            return _kept(planned)
        if after.account.name != planned.account.name:
            return Line(login=login, deed=Deed.REFUSED, why=Refusal.NAME_HELD)
        return line_of(replace(planned, account=after.account, link=after.link))

    async def _try(self, planned: Plan) -> Line | None:
        try:
            async with self._open_work() as work:
                self._record_trial(work, [planned])
                await work.commit()
        except DeniedError:
            return _kept(planned)
        return line_of(planned)

    async def _make(self, arrival: Arrival) -> Line:
        person = arrival.person
        if self._wish.dry_run:
            return Line(login=person.login, deed=Deed.MADE)
        try:
            made = await self._provisioning.make(person, lambda _: self._actor)
        except InvalidError:
            return Line(login=person.login, deed=Deed.REFUSED, why=UNREADABLE)
        if isinstance(made, Refusal):
            return _refused(person, made)
        return Line(login=person.login, deed=Deed.MADE)


def line_of(planned: Plan) -> Line | None:
    """Return what the report says of a plan that was carried out, None if nobody asks."""
    before, after, link = planned.before.account, planned.account, planned.link
    if before.is_active and not after.is_active:
        return Line(login=link.login, deed=Deed.CLOSED, why=link.closed)
    if after.is_active and not before.is_active:
        return Line(login=link.login, deed=Deed.OPENED, why=planned.before.link.closed)
    changes = ", ".join(_changes(planned))
    return Line(login=link.login, deed=Deed.CHANGED, why=changes) if changes else None


def _changes(planned: Plan) -> Iterator[str]:
    """Yield what is another than before, in words of the report."""
    before, after = planned.before.account, planned.account
    if after.role is not before.role:
        yield f"role {after.role}"
    if after.name != before.name:
        yield "name"
    if _logins(planned.link) != _logins(planned.before.link):
        yield "login"
    if (after.email, after.email_confirmed_at) != (before.email, before.email_confirmed_at):
        yield "email"
    if (after.first_name, after.last_name) != (before.first_name, before.last_name):
        yield "names"
    if planned.joins or planned.leaves or planned.link.groups != planned.before.link.groups:
        yield "groups"
    if planned.ends_sessions:
        yield "password"
    if planned.link.dn != planned.before.link.dn:
        yield "place"


def _logins(link: Link) -> tuple[str, str]:
    return link.login, link.upn_key


def _portions(closings: Sequence[Closing]) -> Iterator[Sequence[Closing]]:
    for start in range(0, len(closings), CLOSED_AT_ONCE):
        yield closings[start : start + CLOSED_AT_ONCE]


def _refused(person: Person, reason: Refusal) -> Line:
    return Line(login=person.login, deed=Deed.REFUSED, why=reason)


def _kept(planned: Plan) -> Line:
    return Line(login=planned.link.login, deed=Deed.KEPT, why=Refusal.LAST_ADMIN)
