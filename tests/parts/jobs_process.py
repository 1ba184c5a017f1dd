"""A process of its own that works on jobs, for tests about several or dying workers.

Run as `python -m parts.jobs_process VERB ...`; it says on standard output what it did.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from parts.storage_process import AT, HOUR, open_any
from watchword.core.accounts.model import Account
from watchword.core.jobs.model import Job, Lane, Progress
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.ids import AccountId, JobId
from watchword.storage.work import SqlStorage


async def lease(target: str, folder: str, holder: str) -> None:
    """Hold jobs that wait, when told to, until none is left; say which they were."""
    storage = await open_any(target, Path(folder))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    held: list[str] = []
    while some := await storage.lease_desk.claim(
        holder, [Lane.HEAVY], at=AT, until=AT + HOUR, limit=3
    ):
        held += map(str, some)
    await storage.close()
    _say(*held)


async def toil(target: str, folder: str, job_id: str) -> None:
    """Work in a turn of a job until it is another's, or killed; say each step that is done."""
    storage = await open_any(target, Path(folder))
    job = await storage.job_desk.begin(JobId(int(job_id)), at=AT)
    assert job is not None
    done = job.progress.done
    try:
        while True:
            done += 1
            await step(storage, job, done)
            _say(f"{job.turn}:{done}")
    except DeniedError:
        _say("denied")
    await storage.close()


async def step(storage: SqlStorage, job: Job, done: int) -> None:
    """Add an account, a piece and a step to what the job did, in one commit."""
    name = f"n{done}"
    async with storage.open_work() as work:
        # The job first: who has it no more is told so, and not that the account is there.
        work.jobs.write(job.id, turn=job.turn, text=f"{job.turn}:{done}", media="text/plain")
        work.jobs.progress(job.id, turn=job.turn, progress=Progress(done=done), at=AT)
        work.accounts.add(Account(id=AccountId(name), name=name, created_at=AT, updated_at=AT))
        await work.commit()


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - what it did is its answer


VERBS: dict[str, Callable[..., Coroutine[None, None, None]]] = {"lease": lease, "toil": toil}

if __name__ == "__main__":
    asyncio.run(VERBS[sys.argv[1]](*sys.argv[2:]))
