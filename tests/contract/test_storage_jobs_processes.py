"""What is left of a job when its worker dies or is taken over, on each real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from contract.storages import DATABASE, Kind, opened
from contract.turns import ONE, ask
from parts.processes import beside, line_of
from watchword.core.ports import Storage, Work

pytestmark = pytest.mark.slow

WORKER = "parts.jobs_process"


@dataclass(frozen=True)
class House:
    """A store with one job in it, and how a process of its own works on that."""

    storage: Storage
    command: tuple[str, ...]


@pytest.fixture(params=[Kind.SQLITE, Kind.POSTGRES])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """One on each real database."""
    async with opened(request.param, request, tmp_path) as storage:
        await ask(storage)
        target = str(tmp_path / "watchword.db")
        if request.param is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url(DATABASE)
        yield House(storage, ("toil", target, str(tmp_path), str(ONE.id)))


async def test_a_killed_worker_leaves_whole_steps(house: House) -> None:
    """Killed in the middle of its work again and again; the next goes on, and misses none."""
    told: list[str] = []
    for _ in range(4):
        with beside(*house.command, program=WORKER) as worker:
            told += [await asyncio.to_thread(line_of, worker) for _ in range(25)]

    async with house.storage.open_work() as work:
        job = await work.jobs.by_id(ONE.id)
        pieces = await written(work)
        accounts = await work.accounts.count()
    assert job is not None
    assert [step_of(piece) for piece in pieces] == list(range(1, job.progress.done + 1))
    assert accounts == job.pieces == job.progress.done
    assert [line for line in told if line not in pieces] == []
    assert job.turn == 4


async def test_a_worker_that_was_taken_over_does_nothing_more(house: House) -> None:
    """Each that comes ends the one before, and goes on from where that one was."""
    with ExitStack() as stack:
        workers = [stack.enter_context(beside(*house.command, program=WORKER))]
        assert await asyncio.to_thread(line_of, workers[0])
        for _ in range(2):
            workers.append(stack.enter_context(beside(*house.command, program=WORKER)))
            assert await asyncio.to_thread(line_of, workers[-1])
        said = [
            await asyncio.to_thread(list, iter(partial(line_of, one), "")) for one in workers[:2]
        ]

    async with house.storage.open_work() as work:
        pieces = await written(work)
    assert [lines[-1] for lines in said] == ["denied"] * 2
    assert [step_of(piece) for piece in pieces] == list(range(1, len(pieces) + 1))


async def written(look: Work) -> list[str]:
    pieces: list[str] = []
    while some := await look.jobs.output(ONE.id, after=len(pieces), limit=1000):
        pieces += some
    return pieces


def step_of(piece: str) -> int:
    return int(piece.split(":")[1])
