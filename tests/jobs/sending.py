"""Turns of `mail.send` over services in memory, with time in hand."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.handtime import HandTime
from unit.core.conftest import HERE, House
from watchword.core.jobs.model import Job, Lane, Progress
from watchword.core.kernel.ids import JobId
from watchword.core.outbox.model import Standing
from watchword.core.ports import Work
from watchword.core.services import Services
from watchword.core.services.jobs import HOUSE
from watchword.jobs.flow import Parameters, Turn
from watchword.jobs.flows.mail_send import NAME, flow

Sending = asyncio.Future[Mapping[str, object]]

NOTHING = {"sent": 0, "deferred": 0, "refused": 0, "stale": 0}


class HandTurn(Turn):
    """A turn that waits by the test's time, and counts how often it told how far it is."""

    time: HandTime
    records = 0

    def record(self, work: Work, **how_far: Any) -> None:  # noqa: ANN401 - those of Turn.record
        self.records += 1
        super().record(work, **how_far)

    async def wait(self, seconds: float) -> None:
        passing = asyncio.ensure_future(self.time(seconds))
        told = asyncio.ensure_future(super().wait(3600))
        try:
            done, _ = await asyncio.wait([passing, told], return_when=asyncio.FIRST_COMPLETED)
            if told in done:
                await told
        finally:
            for one in (passing, told):
                one.cancel()
            await asyncio.gather(passing, told, return_exceptions=True)


@dataclass
class Office:
    """Where letters are sent from, by one turn of the job after the other, or by two."""

    house: House
    lock: Path
    time: HandTime = field(default_factory=HandTime)
    sendings: list[tuple[HandTurn, Sending]] = field(default_factory=list)

    async def begin(self, services: Services | None = None) -> tuple[HandTurn, Sending]:
        """Begin a turn of the job, which is made if there is none."""
        job = await self._turn_of_job()
        turn = HandTurn(
            job=job,
            services=services or self.house.services,
            open_work=self.house.storage.open_work,
            clock=self.house.clock,
        )
        turn.time = self.time
        running: Sending = asyncio.ensure_future(flow(self.lock).run(Parameters(), turn))
        self.sendings.append((turn, running))
        return turn, running

    async def close(self) -> None:
        for _, running in self.sendings:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def write(self, *names: str) -> None:
        """Have a letter written to each of these, who get an account if they have none."""
        for name in names:
            if await self.house.services.accounts.find(name) is None:
                await self.house.add(name, email=f"{name}@example.org")
            assert await self.house.services.recovery.ask(name, origin=HERE) is None

    def make_place(self) -> None:
        """Make the folder in which the lock is to be."""
        self.lock.parent.mkdir()

    def arrived(self) -> list[str]:
        """Return whose letters the mail server took, in order."""
        return [letter.name for letter in self.house.mailer.letters]

    def tried(self) -> int:
        """Return how often a letter was handed to the mail server."""
        return len(self.house.mailer.tried)

    def standings(self) -> list[Standing]:
        return [one.standing for one in self.house.storage.rows.letters.values()]

    def progress(self) -> Progress:
        """Return how far the last job is, as anybody can see it."""
        return self.jobs()[-1].progress

    def jobs(self) -> list[Job]:
        return list(self.house.storage.rows.jobs.jobs.values())

    async def _turn_of_job(self) -> Job:
        active = [job.id for job in self.jobs() if not job.state.is_final]
        begun = await self.house.storage.job_desk.begin(
            active[0] if active else await self._made(), at=self.house.clock.now()
        )
        assert begun is not None
        return begun

    async def _made(self) -> JobId:
        now, number = self.house.clock.now(), await self.house.storage.job_desk.number()
        job = Job(
            id=number,
            flow=NAME,
            parameters="{}",
            owner=HOUSE,
            key=str(number),
            created_at=now,
            due_at=now,
            lane=Lane.LIGHT,
            runs_alone=True,
        )
        async with self.house.storage.open_work() as work:
            work.jobs.add(job)
            await work.commit()
        return number
