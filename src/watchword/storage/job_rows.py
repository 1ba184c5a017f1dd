"""A job as a row."""

import json
from collections.abc import Mapping
from typing import Any

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

_NAMES = COLUMNS.split(", ")

INSERT = (
    f"INSERT INTO jobs ({COLUMNS}, handed) VALUES ({places(len(_NAMES))}, 0)"  # noqa: S608 - our own columns
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
    column: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    return Job(
        id=JobId(column["id"]),
        flow=column["flow"],
        parameters=column["parameters"],
        owner=column["owner"],
        key=column["key"],
        created_at=moment(column["created_at"]),
        due_at=moment(column["due_at"]),
        lane=Lane(column["lane"]),
        needs=Needs(column["needs"]),
        by_key=bool(column["by_key"]),
        runs_alone=bool(column["runs_alone"]),
        address=column["address"],
        dialect=column["dialect"],
        state=State(column["state"]),
        progress=_progress(column),
        turn=column["turn"],
        tries=column["tries"],
        pieces=column["pieces"],
        media=column["media"],
        cancel_asked=bool(column["cancel_asked"]),
        error=column["error"],
        result=column["result"],
        started_at=moment_or_none(column["started_at"]),
        touched_at=moment_or_none(column["touched_at"]),
        finished_at=moment_or_none(column["finished_at"]),
    )


def _progress(column: Mapping[str, Any]) -> Progress:
    return Progress(
        done=column["done"],
        total=column["total"],
        counts=json.loads(column["counts"]),
        note=column["note"],
        checkpoint=column["checkpoint"],
    )
