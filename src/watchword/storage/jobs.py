"""Jobs in SQL: the desk that gives them to workers, and the store."""

import json
from datetime import datetime

from watchword.core.jobs.model import Job, Lane, Progress, State
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import JobId
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.storage import locks
from watchword.storage.cursor import read_cursor, within_page, write_cursor
from watchword.storage.engine import Engine
from watchword.storage.job_rows import COLUMNS, INSERT, job_of, job_values
from watchword.storage.moments import LAST, stored
from watchword.storage.statement import Batch, Statement, Steps, Transaction, Value, storable

_LISTING = "jobs"

_BY_ID = f"SELECT {COLUMNS} FROM jobs WHERE id = $1"  # noqa: S608 - our own columns

# A worker's own: another turn has begun, or the job is over, and no row is found.
_MINE = "id = $1 AND turn = $2 AND finished_at IS NULL"


class SqlJobDesk:
    """Implements JobDesk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def number(self) -> JobId:
        return await self._engine.apply(Transaction(_number))

    async def begin(self, job_id: JobId, *, at: datetime) -> Job | None:
        return await self._engine.apply(Transaction(lambda: _begin(_key(job_id), stored(at))))


class SqlJobs:
    """Implements JobStore."""

    def __init__(self, engine: Engine, batch: Batch) -> None:
        self._engine = engine
        self._batch = batch

    async def by_id(self, job_id: JobId) -> Job | None:
        row = await self._engine.fetch_one(_BY_ID, _key(job_id))
        return job_of(row) if row else None

    async def by_key(self, owner: str, key: str) -> Job | None:
        row = await self._engine.fetch_one(
            f"SELECT {COLUMNS} FROM jobs WHERE owner = $1 AND key = $2",  # noqa: S608 - our columns
            owner,
            key,
        )
        return job_of(row) if row else None

    async def page(
        self,
        *,
        owner: str | None = None,
        flow: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int,
    ) -> Page[Job]:
        most = within_page(limit)
        begin = LAST if after is None else read_cursor(_LISTING, after)[0]
        asked = {"owner": owner, "flow": flow, "state": state and state.value}
        named = [name for name, value in asked.items() if value is not None]
        # One text for each question: a condition that is sometimes empty would keep the
        # engine from using the index.
        conditions = "".join(f" AND {name} = ${n}" for n, name in enumerate(named, 3))
        rows = await self._engine.fetch_all(
            f"SELECT {COLUMNS} FROM jobs WHERE id < $1{conditions} ORDER BY id DESC LIMIT $2",  # noqa: S608 - our own names
            begin,
            most + 1,
            *(asked[name] for name in named),
        )
        items = tuple(map(job_of, rows[:most]))
        last = write_cursor(_LISTING, items[-1].id) if len(rows) > most else None
        return Page(items, last)

    async def unhanded(self, *, at: datetime, limit: int) -> tuple[Job, ...]:
        rows = await self._engine.fetch_all(
            f"SELECT {COLUMNS} FROM jobs WHERE handed = 0 AND finished_at IS NULL"  # noqa: S608 - our own columns
            " AND due_at <= $1 ORDER BY due_at, id LIMIT $2",
            stored(at),
            _most(limit),
        )
        return tuple(map(job_of, rows))

    async def is_active(self, flow: str) -> bool:
        row = await self._engine.fetch_one(
            "SELECT 1 FROM jobs WHERE flow = $1 AND finished_at IS NULL LIMIT 1", flow
        )
        return row is not None

    async def count_active(self, lane: Lane | None = None, *, owner: str | None = None) -> int:
        asked = {"lane": lane and lane.value, "owner": owner}
        named = [name for name, value in asked.items() if value is not None]
        conditions = "".join(f" AND {name} = ${n}" for n, name in enumerate(named, 1))
        row = await self._engine.fetch_one(
            f"SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL{conditions}",  # noqa: S608 - our own names
            *(asked[name] for name in named),
        )
        return int(row[0]) if row else 0

    async def output(self, job_id: JobId, *, after: int, limit: int) -> tuple[str, ...]:
        rows = await self._engine.fetch_all(
            "SELECT text FROM job_output WHERE job_id = $1 AND piece > $2 ORDER BY piece LIMIT $3",
            _key(job_id),
            max(0, min(after, LAST)),
            _most(limit),
        )
        return tuple(row[0] for row in rows)

    def add(self, job: Job) -> None:
        assert job.state.is_final == (job.finished_at is not None)
        values = job_values(job)
        if not storable(values):
            raise InvalidError("text")
        if job.runs_alone:
            self._batch.lock(locks.JOBS)
        self._batch.record_steps(lambda: _add(job, values))

    def handed_over(self, job_id: JobId, *, turn: int) -> None:
        self._batch.lock(locks.JOBS)
        self._batch.record(
            "UPDATE jobs SET state = 'queued', handed = 1"
            " WHERE id = $1 AND turn = $2 AND finished_at IS NULL",
            job_id,
            turn,
        )

    def progress(self, job_id: JobId, *, turn: int, progress: Progress, at: datetime) -> None:
        self._write(
            "UPDATE jobs SET state = 'running', error = '', touched_at = $3,"
            " tries = CASE WHEN checkpoint = $8 THEN tries ELSE 0 END,"
            " done = $4, total = $5, counts = $6, note = $7, checkpoint = $8",
            job_id,
            turn,
            stored(at),
            progress.done,
            progress.total,
            json.dumps(dict(progress.counts)),
            progress.note,
            progress.checkpoint,
        )

    def write(self, job_id: JobId, *, turn: int, text: str, media: str) -> None:
        # Before anything is recorded: a number without its piece would be a hole.
        if not storable((text, media)):
            raise InvalidError("text")
        self._write("UPDATE jobs SET pieces = pieces + 1, media = $3", job_id, turn, media)
        self._batch.record(
            "INSERT INTO job_output (job_id, piece, text)"
            " SELECT id, pieces, $2 FROM jobs WHERE id = $1",
            job_id,
            text,
        )

    def finish(
        self,
        job_id: JobId,
        *,
        turn: int,
        state: State,
        at: datetime,
        result: str = "",
        error: str = "",
    ) -> None:
        assert state.is_final
        self._write(
            "UPDATE jobs SET state = $3, touched_at = $4, finished_at = $4, result = $5,"
            " error = $6",
            job_id,
            turn,
            state.value,
            stored(at),
            result,
            error,
        )

    def put_back(self, job_id: JobId, *, turn: int, due_at: datetime, error: str) -> None:
        self._write(
            "UPDATE jobs SET state = 'queued', handed = 0, due_at = $3, error = $4,"
            " tries = CASE WHEN $4 = '' AND tries > 0 THEN tries - 1 ELSE tries END",
            job_id,
            turn,
            stored(due_at),
            error,
        )

    def cancel(self, job_id: JobId, *, at: datetime) -> None:
        self._batch.record("SELECT id FROM jobs WHERE id = $1", _key(job_id), expect=NotFoundError)
        # Who begins it at the same time waits for this row, or we for theirs.
        self._batch.record(
            "UPDATE jobs SET cancel_asked = CASE WHEN state IN ('initializing', 'running')"
            " THEN 1 ELSE 0 END, finished_at = CASE WHEN state IN ('not-started', 'queued')"
            " THEN CAST($2 AS BIGINT) END, state = CASE WHEN state IN ('not-started', 'queued')"
            " THEN 'cancelled' ELSE state END"
            " WHERE id = $1 AND finished_at IS NULL RETURNING id",
            _key(job_id),
            stored(at),
            expect=DeniedError,
        )

    def restart(self, job_id: JobId, *, at: datetime) -> None:
        self._batch.lock(locks.JOBS)
        self._batch.record_steps(lambda: _restart(_key(job_id), stored(at)))

    def purge(self, *, before: datetime, completed_of: str | None = None, limit: int) -> None:
        self._batch.lock(locks.JOBS)
        if completed_of is None:
            self._batch.record(
                "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs"
                " WHERE finished_at < $1 ORDER BY finished_at, id LIMIT $2)",
                stored(before),
                max(0, limit),
            )
        else:
            self._batch.record(
                "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs"
                " WHERE owner = $3 AND state = 'completed' AND finished_at < $1"
                " ORDER BY finished_at, id LIMIT $2)",
                stored(before),
                max(0, limit),
                completed_of,
            )

    def _write(self, update: str, job_id: JobId, turn: int, *values: Value) -> None:
        """Record what a worker writes in its turn."""
        self._batch.record(
            f"{update} WHERE {_MINE} RETURNING id", job_id, turn, *values, expect=DeniedError
        )


def _number() -> Steps[JobId]:
    rows = yield Statement("UPDATE job_numbers SET last = last + 1 WHERE id = 1 RETURNING last")
    return JobId(rows[0][0])


def _begin(job_id: int, now: int) -> Steps[Job | None]:
    rows = yield Statement(
        "UPDATE jobs SET state = 'initializing', turn = turn + 1, tries = tries + 1, handed = 1,"  # noqa: S608 - our own columns
        " started_at = COALESCE(started_at, $2), touched_at = $2"
        " WHERE id = $1 AND finished_at IS NULL AND cancel_asked = 0"
        f" RETURNING {COLUMNS}",
        (job_id, now),
    )
    if rows:
        return job_of(rows[0])
    yield Statement(
        "UPDATE jobs SET state = 'cancelled', finished_at = $2"
        " WHERE id = $1 AND finished_at IS NULL AND cancel_asked = 1",
        (job_id, now),
    )
    return None


def _add(job: Job, values: tuple[Value, ...]) -> Steps[None]:
    added = yield Statement(INSERT, values)
    if added:
        return
    known = yield Statement(
        "SELECT id FROM jobs WHERE owner = $1 AND key = $2", (job.owner, job.key)
    )
    if known:
        raise ConflictError("key")
    busy = yield from _is_busy(job.flow)
    raise ConflictError("flow" if busy and job.runs_alone else "")


def _restart(job_id: int, now: int) -> Steps[None]:
    found = yield Statement(
        "SELECT flow, runs_alone FROM jobs WHERE id = $1", (job_id,), expect=NotFoundError
    )
    yield Statement(
        "SELECT id FROM jobs WHERE id = $1 AND state IN ('failed', 'cancelled')",
        (job_id,),
        expect=DeniedError,
    )
    flow, runs_alone = found[0]
    if runs_alone and (yield from _is_busy(flow)):
        raise ConflictError("flow")
    # Another turn, though nobody begins one yet: whoever had the last one, and whoever saw
    # it and is about to say that the queue has the job, speaks of what is over.
    yield Statement(
        "UPDATE jobs SET state = 'queued', turn = turn + 1, tries = 0, handed = 0, due_at = $2,"
        " cancel_asked = 0, error = '', result = '', finished_at = NULL"
        " WHERE id = $1 AND state IN ('failed', 'cancelled') RETURNING id",
        (job_id, now),
        expect=DeniedError,
    )


def _is_busy(flow: str) -> Steps[bool]:
    rows = yield Statement(
        "SELECT id FROM jobs WHERE flow = $1 AND runs_alone = 1 AND finished_at IS NULL", (flow,)
    )
    return bool(rows)


def _key(job_id: JobId) -> int:
    """Return the number as a column can hold it; no job has the number 0."""
    return job_id if 0 < job_id <= LAST else 0


def _most(limit: int) -> int:
    return max(0, min(limit, PAGE_MAX))
