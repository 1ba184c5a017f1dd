"""What is in the copy of a database, as far as backups ask, and what a restore changes in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from watchword.core.jobs.model import FINAL, State
from watchword.core.signing.model import Algorithm, SigningKey
from watchword.storage.migrate import known, missing
from watchword.storage.moments import moment, moment_or_none, stored
from watchword.storage.statement import Row, Statement

APPLIED = "SELECT name, checksum FROM schema_migrations ORDER BY name"
INSTANCE = "SELECT value FROM facts WHERE name = 'instance'"
SIGNING_COLUMNS = ("id", "algorithm", "public", "sealed", "created_at", "retired_at")
COUNTED = ("accounts", "sessions", "api_keys", "jobs")

INTERRUPTED = "The store was restored from a backup while this ran."
_JOBS = "jobs"
_QUEUE_TABLES = (
    "job_leases",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
)
"""What waits in the queue of either engine, in an order in which it may be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The database as it was at one moment, to be read from a file that has no name."""

    stream: BinaryIO
    size: int
    engine_version: str
    instance: str | None
    migrations: Mapping[str, str]
    dumped_by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a copy holds. `counts` has the tables that can be counted without restoring it."""

    migrations: Mapping[str, str]
    signing_keys: tuple[SigningKey, ...]
    api_key_digests: tuple[str, ...]
    counts: Mapping[str, int]


def is_newer(migrations: Mapping[str, str]) -> bool:
    """Say whether a database has had migrations that this version does not know."""
    return not migrations.keys() <= {migration.name for migration in known()}


def require_known(migrations: Mapping[str, str]) -> None:
    """Raise SchemaError unless this version can bring such a database up to date."""
    missing(sorted(migrations.items()), known())


def signing_key(row: Row) -> SigningKey:
    """Return a signing key from a row of SIGNING_COLUMNS."""
    key_id, algorithm, public, sealed, created_at, retired_at = row
    return SigningKey(
        id=key_id,
        algorithm=Algorithm(algorithm),
        public=public,
        sealed=sealed,
        created_at=moment(created_at),
        retired_at=moment_or_none(retired_at),
    )


def changes(tables: Collection[str], *, at: datetime) -> list[Statement]:
    """Return what a restore does to a database with these tables.

    What was running when the backup was made is at no place that anybody knows: it fails,
    and can be started again. Nothing of it waits in a queue.
    """
    final = sorted(state.value for state in FINAL)
    found = [
        Statement(f"DELETE FROM {name}")  # noqa: S608 - a name of ours
        for name in _QUEUE_TABLES
        if name in tables
    ]
    if _JOBS in tables:
        sql = (
            "UPDATE jobs SET state = $1, error = $2, finished_at = $3"
            " WHERE state NOT IN ($4, $5, $6)"
        )
        found.append(Statement(sql, (State.FAILED.value, INTERRUPTED, stored(at), *final)))
    return found
