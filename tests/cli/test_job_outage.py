"""Waiting for a job while the database is away now and then."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from fakes import HandClock
from watchword.cli.answers import Answer
from watchword.cli.calls import Call, Where
from watchword.cli.exits import Failure
from watchword.cli.jobwatch import follow
from watchword.core.jobs.model import Job, State
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import JobId

if TYPE_CHECKING:
    from watchword.app.house import House

pytestmark = pytest.mark.slow

AT = datetime(2030, 1, 1, tzinfo=UTC)
JOB = Job(
    id=JobId(12),
    flow="some.flow",
    parameters="{}",
    owner="operator",
    key="",
    created_at=AT,
    due_at=AT,
)
RUNS = replace(JOB, state=State.RUNNING)
OVER = replace(JOB, state=State.COMPLETED, finished_at=AT)


@dataclass
class Looks:
    """Jobs as the database shows them, one look after the other; None where it is away."""

    seen: Sequence[Job | None]
    left: asyncio.Event
    leave_at: int = -1
    count: int = field(default=0)

    async def find(self, *_: object) -> Job:
        found = self.seen[min(self.count, len(self.seen) - 1)]
        self.count += 1
        if self.count == self.leave_at:
            self.left.set()
        if found is None:
            raise UnavailableError
        return found


class Nobody:
    """There are no accounts."""

    async def find(self, _: str) -> None:
        return None


async def follows(looks: Looks) -> Answer | int:
    services = SimpleNamespace(jobs=looks, accounts=Nobody())
    house = cast("House", SimpleNamespace(services=services, clock=HandClock(), settings=None))
    return await follow(Call(Where(), as_json=True), house, JOB, left=looks.left)


async def test_a_moment_without_a_database_is_waited_out() -> None:
    """The job goes on, and so does who waits for it."""
    looks = Looks([RUNS, None, None, RUNS, None, OVER], asyncio.Event())

    answer = await follows(looks)

    assert isinstance(answer, Answer)
    assert answer.exit_code == 0
    assert looks.count == len(looks.seen)


async def test_whoever_leaves_meanwhile_leaves_at_once() -> None:
    """The job goes on, says the failure, which names its number."""
    looks = Looks([RUNS, None], asyncio.Event(), leave_at=3)

    with pytest.raises(Failure) as caught:
        await follows(looks)

    assert caught.value.exit_code == 130
    assert caught.value.more == {"job": 12}
    assert looks.count == looks.leave_at
