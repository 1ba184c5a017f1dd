"""A job: long work with a status, and the changes it goes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watchword.core.kernel.caller import Actor
from watchword.core.kernel.ids import JobId

TRIES_MAX = 5
"""So often in a row a job is begun and gets nowhere before it is given up."""

RETRY_FIRST = timedelta(seconds=2)
RETRY_LONGEST = timedelta(minutes=5)

KEY_LENGTH_MAX = 255
PARAMETERS_BYTES_MAX = 16_384
ERROR_LENGTH_MAX = 1000

RUN_SCOPE = "jobs:run"
"""The scope of an API key that may run jobs; core.apikeys names it too."""


class State(StrEnum):
    """Where a job is. QUEUED: a worker will take it, or will try again.

    FAILED is the dead letter: it stays to be looked at, and can be started again.
    """

    NOT_STARTED = "not-started"
    QUEUED = "queued"
    INITIALIZING = "initializing"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})


class Lane(StrEnum):
    """Where a flow runs: LIGHT beside the requests of a server, HEAVY in a process of its own."""

    LIGHT = "light"
    HEAVY = "heavy"


class Needs(StrEnum):
    """Who may start a flow, stop it and have what comes of it.

    RUNNER: an admin, or an API key with the scope `jobs:run`. ADMIN: an admin with a
    session. OPERATOR: whoever is at the machine's own command line.
    """

    RUNNER = "runner"
    ADMIN = "admin"
    OPERATOR = "operator"

    def allows(self, actor: Actor) -> bool:
        """Say whether this caller is one of them."""
        if actor.is_operator:
            return True
        if self is Needs.RUNNER and actor.key_id is not None:
            return RUN_SCOPE in actor.scopes
        return self is not Needs.OPERATOR and actor.is_admin and actor.key_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is. `total` is None while nobody knows; `counts` are the flow's own.

    `checkpoint` is what the flow needs to go on from here, in words of its own.
    """

    done: int = 0
    total: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    checkpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as we keep it.

    `parameters` and `result` are JSON texts. `owner` is the account that asked for it, or
    `operator` or `schedule`; `by_key` says that it came with an API key, and `address` and
    `dialect` from where. `key` is the caller's own for this wish: the same one twice is one
    job. Only one job of a flow that `runs_alone` is active at a time. `turn` counts how
    often it was begun, or started again, and names the worker that may write; `tries` is how
    often since it last got on. `pieces` are those of its output, whose media type is `media`.
    """

    id: JobId
    flow: str
    parameters: str
    owner: str
    key: str
    created_at: datetime
    due_at: datetime
    lane: Lane = Lane.HEAVY
    needs: Needs = Needs.RUNNER
    by_key: bool = False
    runs_alone: bool = False
    address: str = ""
    dialect: str = ""
    state: State = State.NOT_STARTED
    progress: Progress = field(default_factory=Progress)
    turn: int = 0
    tries: int = 0
    pieces: int = 0
    media: str = ""
    cancel_asked: bool = False
    error: str = ""
    result: str = ""
    started_at: datetime | None = None
    touched_at: datetime | None = None
    finished_at: datetime | None = None

    def same_wish(self, flow: str, parameters: str) -> bool:
        """Say whether this was asked for, whatever became of it."""
        return (self.flow, self.parameters) == (flow, parameters)


def retry_after(tries: int) -> timedelta:
    """Return how long a job waits that was begun so many times in vain."""
    factor: int = 2 ** min(max(tries, 1) - 1, 30)  # capped before the power
    return min(RETRY_FIRST * factor, RETRY_LONGEST)
