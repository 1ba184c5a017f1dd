"""The rows of jobs in memory, and the desk that leases them to workers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchword.core.jobs.model import Job, Lane
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX


@dataclass(frozen=True)
class Lease:
    """A job that waits for a worker since `due_at`, or is with one, `until` a moment."""

    lane: Lane
    due_at: datetime
    holder: str = ""
    until: datetime | None = None
    again: bool = False

    def is_free(self, at: datetime) -> bool:
        return self.until is None or self.until <= at

    def is_with(self, holder: str, at: datetime) -> bool:
        return self.holder == holder and not self.is_free(at)

    def freed(self, at: datetime) -> "Lease":
        return Lease(self.lane, at)


@dataclass
class JobRows:
    """Jobs, what they wrote, which of them the queue has, and who works on them."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    output: dict[JobId, tuple[str, ...]] = field(default_factory=dict)
    handed: set[JobId] = field(default_factory=set)
    last: int = 0
    leases: dict[JobId, Lease] = field(default_factory=dict)

    def copy(self) -> "JobRows":
        return replace(
            self,
            jobs=dict(self.jobs),
            output=dict(self.output),
            handed=set(self.handed),
            leases=dict(self.leases),
        )


@dataclass(frozen=True)
class MemoryLeaseDesk:
    """Implements LeaseDesk."""

    look: Callable[[], JobRows]
    change: Callable[[Callable[[JobRows], None]], Awaitable[None]]

    async def put(self, job_id: JobId, lane: Lane, *, at: datetime) -> None:
        def write(rows: JobRows) -> None:
            lease = rows.leases.get(job_id)
            if lease is None:
                rows.leases[job_id] = Lease(lane, at)
            elif not lease.is_free(at):
                rows.leases[job_id] = replace(lease, again=True)

        await self.change(write)

    async def claim(
        self, holder: str, lanes: Sequence[Lane], *, at: datetime, until: datetime, limit: int
    ) -> tuple[JobId, ...]:
        claimed: list[JobId] = []

        def write(rows: JobRows) -> None:
            due = sorted(_waiting(rows, lanes, at), key=lambda one: (rows.leases[one].due_at, one))
            claimed.extend(due[: max(0, min(limit, PAGE_MAX))])
            for one in claimed:
                rows.leases[one] = replace(
                    rows.leases[one], holder=holder, until=until, again=False
                )

        await self.change(write)
        return tuple(claimed)

    async def beat(self, holder: str, *, at: datetime, until: datetime) -> tuple[JobId, ...]:
        kept: list[JobId] = []

        def write(rows: JobRows) -> None:
            kept.extend(one for one, lease in rows.leases.items() if lease.is_with(holder, at))
            for one in kept:
                rows.leases[one] = replace(rows.leases[one], until=until)

        await self.change(write)
        return tuple(sorted(kept))

    async def done(self, holder: str, job_id: JobId, *, at: datetime) -> None:
        def write(rows: JobRows) -> None:
            lease = rows.leases.get(job_id)
            if lease is None or not lease.is_with(holder, at):
                return
            if lease.again:
                rows.leases[job_id] = lease.freed(at)
            else:
                del rows.leases[job_id]

        await self.change(write)

    async def give_back(self, holder: str, job_id: JobId | None, *, at: datetime) -> int:
        given: list[JobId] = []

        def write(rows: JobRows) -> None:
            given.extend(
                one
                for one, lease in rows.leases.items()
                if lease.is_with(holder, at) and job_id in (None, one)
            )
            for one in given:
                rows.leases[one] = rows.leases[one].freed(at)

        await self.change(write)
        return len(given)


def _waiting(rows: JobRows, lanes: Sequence[Lane], at: datetime) -> list[JobId]:
    return [
        job_id
        for job_id, lease in rows.leases.items()
        if lease.lane in lanes and lease.due_at <= at and lease.is_free(at)
    ]
