"""What a worker does with a job, and what others do to it meanwhile, short to write."""

from collections.abc import Callable
from typing import TypeAlias

from contract.things import AT, DAY, commit, job
from watchword.core.jobs.model import Job, Progress, State
from watchword.core.ports import Storage, Work

ONE = job(1)
NOW = AT + DAY
SOME = Progress(done=3, total=10, counts={"taken": 2, "refused": 1}, note="n", checkpoint="line 3")

Record: TypeAlias = Callable[[Work], None]


def progress(turn: int) -> Record:
    return lambda work: work.jobs.progress(ONE.id, turn=turn, progress=SOME, at=NOW)


def writing(turn: int) -> Record:
    return lambda work: work.jobs.write(ONE.id, turn=turn, text="text", media="text/plain")


def putting_back(turn: int) -> Record:
    return lambda work: work.jobs.put_back(ONE.id, turn=turn, due_at=NOW, error="no")


def ending(turn: int, state: State = State.COMPLETED) -> Record:
    return lambda work: work.jobs.finish(ONE.id, turn=turn, state=state, at=NOW)


def handing_over(turn: int) -> Record:
    return lambda work: work.jobs.handed_over(ONE.id, turn=turn)


def cancelling(work: Work) -> None:
    work.jobs.cancel(ONE.id, at=NOW)


def restarting(work: Work) -> None:
    work.jobs.restart(ONE.id, at=NOW)


async def ask(storage: Storage, one: Job = ONE) -> None:
    await commit(storage, lambda work: work.jobs.add(one))


async def begin(storage: Storage) -> Job:
    begun = await storage.job_desk.begin(ONE.id, at=NOW)
    assert begun is not None
    return begun


async def found(look: Work) -> Job:
    one = await look.jobs.by_id(ONE.id)
    assert one is not None
    return one
