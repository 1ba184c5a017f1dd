"""The leases of the queue in SQL."""

from collections.abc import Sequence
from datetime import datetime

from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX
from watchword.storage import locks
from watchword.storage.engine import Engine
from watchword.storage.moments import stored
from watchword.storage.portions import places
from watchword.storage.statement import Statement, Steps, Transaction

_TURNS = frozenset({locks.LEASES})


class SqlLeaseDesk:
    """Implements LeaseDesk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, job_id: JobId, lane: Lane, *, at: datetime) -> None:
        await self._engine.apply(Transaction(lambda: _put(job_id, lane, stored(at))))

    async def claim(
        self, holder: str, lanes: Sequence[Lane], *, at: datetime, until: datetime, limit: int
    ) -> tuple[JobId, ...]:
        names = _names(lanes)
        if not names:
            return ()
        most, now, end = max(0, min(limit, PAGE_MAX)), stored(at), stored(until)
        return await self._engine.apply(
            Transaction(lambda: _claim(holder, names, now, end, most), _TURNS)
        )

    async def beat(self, holder: str, *, at: datetime, until: datetime) -> tuple[JobId, ...]:
        now, end = stored(at), stored(until)
        return await self._engine.apply(Transaction(lambda: _beat(holder, now, end), _TURNS))

    async def done(self, holder: str, job_id: JobId, *, at: datetime) -> None:
        await self._engine.apply(Transaction(lambda: _done(holder, job_id, stored(at))))

    async def give_back(self, holder: str, job_id: JobId | None, *, at: datetime) -> int:
        now = stored(at)
        return await self._engine.apply(
            Transaction(lambda: _give_back(holder, job_id, now), _TURNS)
        )


def _put(job_id: JobId, lane: Lane, now: int) -> Steps[None]:
    # Whose lease is over has it no more: it waits as it is.
    yield Statement(
        "INSERT INTO job_leases (job_id, lane, due_at, holder, until, again)"
        " VALUES ($1, $2, $3, NULL, NULL, 0)"
        " ON CONFLICT (job_id) DO UPDATE SET again = 1 WHERE job_leases.until > excluded.due_at",
        (job_id, lane.value, now),
    )


def _claim(
    holder: str, names: tuple[str, ...], now: int, until: int, most: int
) -> Steps[tuple[JobId, ...]]:
    rows = yield Statement(
        "UPDATE job_leases SET holder = $1, until = $2, again = 0"  # noqa: S608 - placeholders
        " WHERE job_id IN (SELECT job_id FROM job_leases"
        " WHERE due_at <= $3 AND (until IS NULL OR until <= $3)"
        f" AND lane IN ({places(len(names), after=4)}) ORDER BY due_at, job_id LIMIT $4)"
        " RETURNING due_at, job_id",
        (holder, until, now, most, *names),
    )
    # What comes back is in no order.
    return tuple(JobId(job_id) for _, job_id in sorted(map(tuple, rows)))


def _beat(holder: str, now: int, until: int) -> Steps[tuple[JobId, ...]]:
    rows = yield Statement(
        "UPDATE job_leases SET until = $3 WHERE holder = $1 AND until > $2 RETURNING job_id",
        (holder, now, until),
    )
    return tuple(sorted(JobId(row[0]) for row in rows))


def _done(holder: str, job_id: JobId, now: int) -> Steps[None]:
    # In this order: what is put in between is held still, and the second sees it.
    yield Statement(
        "DELETE FROM job_leases WHERE job_id = $1 AND holder = $2 AND until > $3 AND again = 0",
        (job_id, holder, now),
    )
    yield Statement(
        "UPDATE job_leases SET holder = NULL, until = NULL, again = 0, due_at = $3"
        " WHERE job_id = $1 AND holder = $2 AND until > $3",
        (job_id, holder, now),
    )


def _give_back(holder: str, job_id: JobId | None, now: int) -> Steps[int]:
    if job_id is None:
        rows = yield Statement(
            "UPDATE job_leases SET holder = NULL, until = NULL, again = 0, due_at = $2"
            " WHERE holder = $1 AND until > $2 RETURNING job_id",
            (holder, now),
        )
    else:
        rows = yield Statement(
            "UPDATE job_leases SET holder = NULL, until = NULL, again = 0, due_at = $2"
            " WHERE holder = $1 AND until > $2 AND job_id = $3 RETURNING job_id",
            (holder, now, job_id),
        )
    return len(rows)


def _names(lanes: Sequence[Lane]) -> tuple[str, ...]:
    return tuple(sorted({lane.value for lane in lanes}))
