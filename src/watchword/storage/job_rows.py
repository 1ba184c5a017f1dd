"""A job as a row."""

import json

from watchword.core.jobs.model import Job, Lane, Needs, Progress, State
from watchword.core.kernel.ids import JobId
from watchword.storage.moments import moment, moment_or_none, stored, stored_or_none
from watchword.storage.portions import places
from watchword.storage.statement import Row, Value

COLUMNS = (
    "id, flow, parameters, owner, key, created_at, due_at, lane, needs, by_key, runs_alone,"
    " address, dialect, state, done, total, counts, note, checkpoint, turn, tries, pieces,"
    " media, cancel_asked, error, result, started_at, touched_at, finished_at"
)

INSERT = (
    f"INSERT INTO jobs ({COLUMNS}, handed) VALUES ({places(29)}, 0)"  # noqa: S608 - our own columns
    " ON CONFLICT DO NOTHING RETURNING id"
)


def job_values(job: Job) -> tuple[Value, ...]:
    """Return what stands in each column."""
    progress = job.progress
    return (
        job.id,
        job.flow,
        job.parameters,
        job.owner,
        job.key,
        stored(job.created_at),
        stored(job.due_at),
        job.lane.value,
        job.needs.value,
        int(job.by_key),
        int(job.runs_alone),
        job.address,
        job.dialect,
        job.state.value,
        progress.done,
        progress.total,
        json.dumps(dict(progress.counts)),
        progress.note,
        progress.checkpoint,
        job.turn,
        job.tries,
        job.pieces,
        job.media,
        int(job.cancel_asked),
        job.error,
        job.result,
        stored_or_none(job.started_at),
        stored_or_none(job.touched_at),
        stored_or_none(job.finished_at),
    )


def job_of(row: Row) -> Job:
    """Read a job from its columns."""
    (
        job_id,
        flow,
        parameters,
        owner,
        key,
        created_at,
        due_at,
        lane,
        needs,
        by_key,
        runs_alone,
        address,
        dialect,
        state,
        done,
        total,
        counts,
        note,
        checkpoint,
        turn,
        tries,
        pieces,
        media,
        cancel_asked,
        error,
        result,
        started_at,
        touched_at,
        finished_at,
    ) = row
    return Job(
        id=JobId(job_id),
        flow=flow,
        parameters=parameters,
        owner=owner,
        key=key,
        created_at=moment(created_at),
        due_at=moment(due_at),
        lane=Lane(lane),
        needs=Needs(needs),
        by_key=bool(by_key),
        runs_alone=bool(runs_alone),
        address=address,
        dialect=dialect,
        state=State(state),
        progress=Progress(
            done=done, total=total, counts=json.loads(counts), note=note, checkpoint=checkpoint
        ),
        turn=turn,
        tries=tries,
        pieces=pieces,
        media=media,
        cancel_asked=bool(cancel_asked),
        error=error,
        result=result,
        started_at=moment_or_none(started_at),
        touched_at=moment_or_none(touched_at),
        finished_at=moment_or_none(finished_at),
    )
