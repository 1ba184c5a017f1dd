"""Bring the accounts of a directory's people to what the directory says of them now."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, event_by
from watchword.core.directory.model import Closed, Link, Mark, Person
from watchword.core.directory.port import Directories, Reading
from watchword.core.directory.store import LINKS_AT_ONCE
from watchword.core.groups.model import Group
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.ids import GroupId
from watchword.core.ports import OpenWork
from watchword.core.services.directoryintake import Intake
from watchword.core.services.directoryreport import Closing, Report, SyncOutcome, SyncWish
from watchword.core.services.directoryrules import Creates, DirectoryRules
from watchword.core.services.provisioning import Provisioning

WHOLE_EVERY = timedelta(hours=24)
"""So often everybody is looked at, where nobody says which look it is to be."""

TAKEN_AT_ONCE = 200


class DirectorySync:
    """Looks at a directory and applies what it sees. Done twice, it changes nothing more.

    Whom the directory lets in no more is closed at the end, all together: if they are more
    than the rules allow, none of them is, for then the cause is rather a wrong setting.
    """

    def __init__(
        self,
        *,
        open_work: OpenWork,
        directories: Directories,
        provisioning: Provisioning,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._provisioning = provisioning
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """Return the directories of the settings."""
        return self._directories.names

    def can_read(self, directory: str) -> bool:
        """Say whether there is a service account, without which nothing can be read."""
        return self._directories.can_look(directory)

    def is_away(self, directory: str) -> bool:
        """Say whether no controller of it answers."""
        return self._directories.away_for(directory) is not None

    async def run(self, wish: SyncWish, actor: Actor, report: Report) -> SyncOutcome:
        """Synchronise one directory. Raises UnavailableError if it does not answer."""
        begun = self._clock.now()
        mark = await self._mark(wish.directory)
        since = "" if mark is None or self._is_whole(wish, mark, begun) else self._since(mark)
        async with self._directories.read(wish.directory, since=since) as reading:
            run = _Run(self, wish, actor, report, reading)
            outcome = await run.go()
            if not outcome.is_stopped and not wish.dry_run:
                is_whole = reading.is_whole or mark is None
                now = Mark(
                    directory=wish.directory,
                    cursor=self._cursor(wish, reading) if outcome.is_settled else "",
                    synced_at=begun,
                    whole_at=begun if is_whole or mark is None else mark.whole_at,
                )
                await self._conclude(now, mark, actor)
        return outcome

    def _cursor(self, wish: SyncWish, reading: Reading) -> str:
        return f"{self.rules_of(wish.directory).fingerprint} {reading.cursor}"

    def _is_whole(self, wish: SyncWish, mark: Mark, now: datetime) -> bool:
        return now - mark.whole_at >= WHOLE_EVERY if wish.whole is None else wish.whole

    def _since(self, mark: Mark) -> str:
        """Return from what the directory goes on, empty if everybody must be looked at.

        That is so when the rules are others than the last time.
        """
        rules, _, cursor = mark.cursor.partition(" ")
        return cursor if rules == self.rules_of(mark.directory).fingerprint else ""

    async def _mark(self, directory: str) -> Mark | None:
        async with self._open_work() as work:
            return await work.links.mark(directory)

    async def _conclude(self, now: Mark, before: Mark | None, actor: Actor) -> None:
        """Store how far this came, unless somebody asked meanwhile for a look at everybody."""
        async with self._open_work() as work:
            stored = await work.links.mark(now.directory)
            is_asked = stored is not None and before is not None and stored.cursor != before.cursor
            work.links.put_mark(replace(now, cursor="") if is_asked else now)
            at = self._clock.now()
            work.audit.add(event_by(actor, Action.DIRECTORY_SYNC, at=at, subject=now.directory))
            await work.commit()

    async def count_open(self, directory: str) -> int:
        """Return how many accounts the directory does not have closed."""
        async with self._open_work() as work:
            return await work.links.count_open(directory)

    async def links_of(self, directory: str) -> AsyncIterator[Sequence[Link]]:
        """Return every link to a directory, in portions."""
        after: str | None = None
        while True:
            async with self._open_work() as work:
                page = await work.links.page(directory, after=after, limit=LINKS_AT_ONCE)
            yield page.items
            after = page.next
            if after is None:
                return

    async def links_to(self, wish: SyncWish, guids: Sequence[str]) -> tuple[Link, ...]:
        """Return the links to some persons, up to LINKS_AT_ONCE."""
        async with self._open_work() as work:
            return await work.links.by_guids(wish.directory, guids)

    async def intake(self, wish: SyncWish, actor: Actor, report: Report) -> Intake:
        """Return what takes in people for one run."""
        return Intake(
            open_work=self._open_work,
            provisioning=self._provisioning,
            groups=await self._groups(wish),
            actor=actor,
            wish=wish,
            report=report,
        )

    async def _groups(self, wish: SyncWish) -> dict[str, Group]:
        """Return the groups of ours; a dry run makes none, and has nobody in those it would."""
        if not wish.dry_run:
            return await self._provisioning.groups_of(wish.directory)
        found: dict[str, Group] = {}
        async with self._open_work() as work:
            for name in self.rules_of(wish.directory).groups:
                made_up = Group(id=GroupId(name), name=name, created_at=self._clock.now())
                found[name] = await work.groups.by_name(canonical(name)) or made_up
        return found

    def rules_of(self, directory: str) -> DirectoryRules:
        return self._provisioning.rules_of(directory)


class _Run:
    """One look at one directory."""

    def __init__(
        self,
        sync: DirectorySync,
        wish: SyncWish,
        actor: Actor,
        report: Report,
        reading: Reading,
    ) -> None:
        self._sync = sync
        self._wish = wish
        self._actor = actor
        self._report = report
        self._reading = reading
        self._rules = sync.rules_of(wish.directory)

    async def go(self) -> SyncOutcome:
        intake = await self._sync.intake(self._wish, self._actor, self._report)
        open_before = await self._sync.count_open(self._wish.directory)
        self._report.expect(open_before if self._reading.is_whole else None)
        seen = await self._take_all(intake)
        if not self._reading.is_whole:
            await self._regroup(intake)
        closings = await intake.due(await self._closings(intake, seen))
        most = self._most(open_before)
        is_stopped = len(closings) > most
        if is_stopped and not self._wish.dry_run:
            await intake.spare(closings)
        else:
            await intake.close(closings)
        return SyncOutcome(
            is_whole=self._reading.is_whole,
            is_stopped=is_stopped,
            closings=len(closings),
            open_before=open_before,
            closings_max=most,
            is_settled=not intake.has_kept,
        )

    async def _closings(self, intake: Intake, seen: set[str]) -> list[Closing]:
        """Return whom to close: who may not come in any more, and who has left."""
        closings = {one.guid: one for one in intake.closings}
        async for one in self._leavers(seen):
            closings.setdefault(one.guid, one)
        return list(closings.values())

    def _most(self, open_before: int) -> int:
        percent = self._wish.stop_percent
        if percent is None:
            by_percent = open_before * self._rules.stop_percent // 100
            return max(self._rules.stop_above, by_percent)
        return open_before * percent // 100

    async def _take_all(self, intake: Intake) -> set[str]:
        """Take in everybody the look shows; return who that was, for a look at everybody."""
        seen: set[str] = set()
        async for people in self._reading.people():
            if self._reading.is_whole:
                seen.update(one.guid for one in people)
            await self._take(intake, people)
        return seen

    async def _take(self, intake: Intake, people: Sequence[Person]) -> None:
        for start in range(0, len(people), TAKEN_AT_ONCE):
            await intake.take(people[start : start + TAKEN_AT_ONCE])
            await self._report.breathe()

    async def _leavers(self, seen: set[str]) -> AsyncIterator[Closing]:
        """Return whose account is open here and who is not there any more."""
        gone = None if self._reading.is_whole else await self._reading.gone()
        async for link in self._links_gone(gone) if gone is not None else self._links_not(seen):
            if _is_open(link):
                yield Closing(guid=link.guid, login=link.login, closed=Closed.GONE)

    async def _links_gone(self, gone: frozenset[str]) -> AsyncIterator[Link]:
        """Return the links of who has left, where the directory says who that is."""
        guids = sorted(gone)
        for start in range(0, len(guids), LINKS_AT_ONCE):
            for link in await self._sync.links_to(self._wish, guids[start : start + LINKS_AT_ONCE]):
                yield link
            await self._report.breathe()

    async def _links_not(self, seen: set[str]) -> AsyncIterator[Link]:
        """Return the links of who is not among those that are there.

        Each is asked for once more: they may have come while the others were read.
        """
        present = seen if self._reading.is_whole else await self._reading.present()
        async for links in self._sync.links_of(self._wish.directory):
            missing = [one for one in links if one.guid not in present and _is_open(one)]
            back = await self._reading.look_up(guids=[one.guid for one in missing])
            there = {person.guid for person in back}
            for link in missing:
                if link.guid not in there:
                    yield link
            await self._report.breathe()

    async def _regroup(self, intake: Intake) -> None:
        """Look again at who is in other groups than when last heard, if groups changed."""
        members = await self._reading.members()
        if members is None:
            return
        folded = {spec: {dn.casefold() for dn in dns} for spec, dns in members.items()}
        strangers = set().union(*members.values()) if members else set()
        known: set[str] = set()
        async for links in self._sync.links_of(self._wish.directory):
            known.update(link.dn.casefold() for link in links)
            moved = [
                link.guid
                for link in links
                if {spec for spec, dns in folded.items() if link.dn.casefold() in dns}
                != link.groups
            ]
            if moved:
                await self._take(intake, await self._reading.look_up(guids=moved))
        if self._rules.creates is Creates.SYNC:
            new = [dn for dn in strangers if dn.casefold() not in known]
            for start in range(0, len(new), LINKS_AT_ONCE):
                portion = new[start : start + LINKS_AT_ONCE]
                await self._take(intake, await self._reading.look_up(dns=portion))


def _is_open(link: Link) -> bool:
    return link.closed is Closed.OPEN
