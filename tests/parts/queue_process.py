"""A worker that is a process of its own, for tests about several or dying workers.

Run as `python -m parts.queue_process VERB TARGET FOLDER HOLDER`; it says on standard output
which jobs it begins and ends, and ends when standard input does.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from contract.queues import open_queue
from watchword.core.jobs.model import Lane
from watchword.core.kernel.ids import JobId

RunJob = Callable[[JobId], Awaitable[None]]


async def _work(target: str, holder: str, run: RunJob) -> None:
    until = asyncio.Event()
    async with open_queue(target, holder=holder) as queue:
        work = asyncio.create_task(queue.work([Lane.LIGHT], run, until=until))
        _say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        until.set()
        await work


def _quick(folder: Path) -> RunJob:
    """Make a run that lets others run, and raises if another has the job at that moment."""

    async def run(job_id: JobId) -> None:
        mark = folder / f"job-{job_id}"
        mark.touch(exist_ok=False)
        for _ in range(10):
            await asyncio.sleep(0)
        mark.unlink()
        _say("ended", str(job_id))

    return run


async def _endless(job_id: JobId) -> None:
    """Begin and never end, unless it is cancelled."""
    _say("begun", str(job_id))
    try:
        await asyncio.Event().wait()
    finally:
        _say("cut", str(job_id))


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - what it did is its answer


if __name__ == "__main__":
    verb, place, work_folder, name = sys.argv[1:]
    runs = {"quick": _quick(Path(work_folder)), "endless": _endless}
    asyncio.run(_work(place, name, runs[verb]))
