"""Synchronisations of a directory, and what they tell."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from unit.core.conftest import OPERATOR
from unit.core.staff import Staffed, staffed
from watchword.core.jobs.model import Job
from watchword.core.kernel.ids import JobId
from watchword.core.ports import Work
from watchword.core.services.directoryreport import (
    Deed,
    Line,
    SyncOutcome,
    SyncWish,
    counts_after,
)
from watchword.core.services.directoryrules import DirectoryRules


@dataclass
class Told:
    """Implements Report: what is told is stored in the commits that it belongs to, or is not."""

    job: Job
    expected: list[int | None] = field(default_factory=list)
    breaths: int = 0
    taken_back: int = 0

    def expect(self, people: int | None) -> None:
        self.expected.append(people)

    def record(self, work: Work, *, seen: int, lines: Sequence[Line]) -> None:
        told = [seen, [(one.login, one.deed, one.why) for one in lines]]
        text = json.dumps(told) + "\n"
        work.jobs.write(self.job.id, turn=self.job.turn, text=text, media="text/plain")

    def take_back(self) -> None:
        self.taken_back += 1

    async def breathe(self) -> None:
        self.breaths += 1


@dataclass(frozen=True)
class Synced:
    """What came of one synchronisation."""

    outcome: SyncOutcome
    lines: tuple[Line, ...]
    seen: int
    portions: int
    told: Told

    @property
    def deeds(self) -> list[tuple[str, Deed, str]]:
        return sorted((one.login, one.deed, one.why) for one in self.lines)

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts that are not nothing."""
        counts = counts_after({}, self.seen, self.lines)
        return {name: number for name, number in counts.items() if number}


@dataclass
class Syncing:
    """A house with one directory that is synchronised again and again."""

    here: Staffed
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def run(
        self,
        *,
        whole: bool | None = None,
        dry_run: bool = False,
        stop_percent: int | None = None,
    ) -> Synced:
        """Synchronise, and return what was told in commits that came to be."""
        wish = SyncWish(
            directory=self.here.directory.name,
            whole=whole,
            dry_run=dry_run,
            stop_percent=stop_percent,
        )
        told = Told(await self.job())
        return await self.run_for(wish, told)

    async def run_for(self, wish: SyncWish, told: Told) -> Synced:
        """Synchronise in a turn of a job that was begun."""
        outcome = await self.here.house.services.directory_sync.run(wish, OPERATOR, told)
        return await self._synced(outcome, told)

    async def mark(self) -> str | None:
        """Return the cursor from which the next one would go on."""
        async with self.here.house.storage.open_work() as work:
            mark = await work.links.mark(self.here.directory.name)
        return mark.cursor if mark else None

    async def job(self) -> Job:
        """Begin a job to synchronise in."""
        storage, now = self.here.house.storage, self.here.house.clock.now()
        number = JobId(await storage.job_desk.number())
        job = Job(
            id=number,
            flow="sync",
            parameters="{}",
            owner="operator",
            key=str(next(self._numbers)),
            created_at=now,
            due_at=now,
        )
        async with storage.open_work() as work:
            work.jobs.add(job)
            await work.commit()
        begun = await storage.job_desk.begin(number, at=now)
        assert begun is not None
        return begun

    async def _synced(self, outcome: SyncOutcome, told: Told) -> Synced:
        async with self.here.house.storage.open_work() as work:
            pieces = await work.jobs.output(told.job.id, after=0, limit=100_000)
        portions = [json.loads(one) for one in pieces]
        lines = [
            Line(login=login, deed=Deed(deed), why=why)
            for _, some in portions
            for login, deed, why in some
        ]
        seen = sum(one for one, _ in portions)
        return Synced(outcome, tuple(lines), seen, len(portions), told)


def syncing(rules: DirectoryRules | None = None, **how: object) -> Syncing:
    """Return a house whose directory is synchronised under these rules."""
    return Syncing(staffed(rules, **how))
