"""Turns of jobs over a database in memory, begun as a worker begins them."""

from dataclasses import dataclass, replace
from datetime import timedelta

from unit.core.conftest import House
from watchword.core.jobs.model import Job
from watchword.core.kernel.ids import JobId
from watchword.core.services import Services
from watchword.jobs.turn import Turn


@dataclass
class Bench:
    """Where a flow is tried: a house, and one job in it that is begun again and again."""

    house: House
    job: Job
    services: Services

    async def turn(self) -> Turn:
        """Begin the next turn, as another worker would after this one died."""
        begun = await self.house.storage.job_desk.begin(self.job.id, at=self.house.clock.now())
        assert begun is not None
        self.house.clock.advance(timedelta(seconds=1))
        return Turn(
            job=begun,
            services=self.services,
            open_work=self.house.storage.open_work,
            clock=self.house.clock,
        )

    async def now(self) -> Job:
        """Return the job as it is stored."""
        async with self.house.storage.open_work() as work:
            found = await work.jobs.by_id(self.job.id)
        assert found is not None
        return found

    async def output(self) -> str:
        """Return all that the job wrote."""
        async with self.house.storage.open_work() as work:
            return "".join(await work.jobs.output(self.job.id, after=0, limit=1000))


async def bench(house: House, flow: str, **fields: object) -> Bench:
    """Store a job of this flow, and return where to try it."""
    now = house.clock.now()
    job = Job(
        id=JobId(await house.storage.job_desk.number()),
        flow=flow,
        parameters="{}",
        owner="operator",
        key=flow,
        created_at=now,
        due_at=now,
    )
    job = replace(job, **fields)  # type: ignore[arg-type]  # replace checks the names
    async with house.storage.open_work() as work:
        work.jobs.add(job)
        await work.commit()
    return Bench(house, job, house.services)
