"""Jobs on which a test works by hand: it keeps workers away, and writes what they would."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from cli.shell import Shell
from watchword.app.house import House, open_house
from watchword.app.workshops import SERVER_LOCK
from watchword.core.jobs.model import Job, Progress, State
from watchword.core.kernel.ids import JobId
from watchword.jobs.onlyone import OnlyOne
from watchword.settings.load import load

FLOW = "accounts.export"
IMPORT = "accounts.import"


@contextmanager
def keeping_workers_away(shell: Shell) -> Iterator[None]:
    """Hold the lock of who works on jobs, so that the command line starts nobody."""
    shell.ask("migrate")
    lock = OnlyOne(shell.folder / SERVER_LOCK)
    assert lock.take()
    try:
        yield
    finally:
        lock.give()


@dataclass(frozen=True, slots=True)
class Hand:
    """Does with the jobs of a store what a worker does."""

    shell: Shell

    def starts(self, *words: str, flow: str = FLOW) -> int:
        """Have a job that nobody works on; return its number."""
        job = self.shell.ask("job", "start", flow, "--no-wait", *words)["job"]
        number: int = job["id"]
        return number

    def begins(self, number: int) -> None:
        """Begin a turn."""
        asyncio.run(self._with(lambda house: _begun(house, number)))

    def gets(
        self,
        number: int,
        done: int,
        total: int | None = None,
        *,
        counts: Mapping[str, int] | None = None,
        note: str = "",
    ) -> None:
        """Record how far it is, in the turn that was begun."""
        progress = Progress(done=done, total=total, counts=counts or {}, note=note)

        async def record(house: House) -> None:
            job = await _found(house, number)
            async with house.storage.open_work() as work:
                now = house.clock.now()
                work.jobs.progress(job.id, turn=job.turn, progress=progress, at=now)
                await work.commit()

        asyncio.run(self._with(record))

    def writes(self, number: int, *pieces: str, media: str = "text/csv") -> None:
        """Leave something to be had."""

        async def write(house: House) -> None:
            job = await _found(house, number)
            async with house.storage.open_work() as work:
                for piece in pieces:
                    work.jobs.write(job.id, turn=job.turn, text=piece, media=media)
                await work.commit()

        asyncio.run(self._with(write))

    def ends(
        self, number: int, state: State = State.COMPLETED, *, result: str = "", error: str = ""
    ) -> None:
        """Come to the end of the turn that was begun."""

        async def finish(house: House) -> None:
            job = await _found(house, number)
            async with house.storage.open_work() as work:
                work.jobs.finish(
                    job.id,
                    turn=job.turn,
                    state=state,
                    at=house.clock.now(),
                    result=result,
                    error=error,
                )
                await work.commit()

        asyncio.run(self._with(finish))

    def does(self, number: int, **end: Any) -> None:  # noqa: ANN401 - what `ends` takes
        """Begin it, and come to its end."""
        self.begins(number)
        self.ends(number, **end)

    async def _with(self, work: Callable[[House], Awaitable[object]]) -> None:
        async with self._house() as house:
            await work(house)

    @asynccontextmanager
    async def _house(self) -> AsyncIterator[House]:
        async with open_house(load(environ={}, overrides=self.shell.overrides)) as house:
            yield house


async def _begun(house: House, number: int) -> None:
    assert await house.storage.job_desk.begin(JobId(number), at=house.clock.now())


async def _found(house: House, number: int) -> Job:
    async with house.storage.open_work() as work:
        job = await work.jobs.by_id(JobId(number))
    assert job is not None
    return job
