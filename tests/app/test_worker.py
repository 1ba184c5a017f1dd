"""Whether somebody on this machine works on jobs, as whoever starts one wants to know."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from unit.core.conftest import OPERATOR
from watchword.app.house import House
from watchword.app.worker import (
    DETACHED_LOG,
    LOCKS,
    LOG_BYTES_MAX,
    is_a_job_left,
    is_somebody_working,
    open_log,
    work_in_place,
)
from watchword.app.workshops import BESIDE_LOCK, SERVER_LOCK, by_itself
from watchword.core.jobs.model import Job
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.workshop import Workshop
from watchword.settings.load import load
from watchword.settings.model import Settings

FLOW = "sessions.purge"


def at(folder: Path) -> Settings:
    return load(environ={}, overrides={"data": str(folder)})


def test_nobody_works_where_there_is_nothing(tmp_path: Path) -> None:
    """And nothing is made by looking."""
    folder = tmp_path / "data"

    assert not is_somebody_working(at(folder))
    assert not folder.exists()


@pytest.mark.parametrize("name", [SERVER_LOCK, LOCKS.format(1), LOCKS.format(17)])
def test_a_server_and_each_worker_count(tmp_path: Path, name: str) -> None:
    """As long as they live: a file that was left behind is none."""
    lock = OnlyOne(tmp_path / name)
    lock.take()

    assert is_somebody_working(at(tmp_path))
    lock.give()
    assert not is_somebody_working(at(tmp_path))


def test_the_process_beside_a_server_does_not(tmp_path: Path) -> None:
    """Without its server it is about to end."""
    lock = OnlyOne(tmp_path / BESIDE_LOCK)
    lock.take()

    assert not is_somebody_working(at(tmp_path))
    lock.give()


def test_to_look_holds_nothing(tmp_path: Path) -> None:
    """Whoever comes next can have the place."""
    lock = OnlyOne(tmp_path / SERVER_LOCK)
    lock.take()
    lock.give()

    is_somebody_working(at(tmp_path))

    assert lock.take()
    lock.give()


def test_a_log_that_is_long_is_begun_anew(tmp_path: Path) -> None:
    """Nobody else would ever look after it."""
    file = tmp_path / DETACHED_LOG
    file.write_bytes(b"x" * LOG_BYTES_MAX)
    with os.fdopen(open_log(file), "wb") as log:
        log.write(b"more\n")
    kept = file.stat().st_size

    with os.fdopen(open_log(file), "wb") as log:
        log.write(b"anew\n")

    assert kept == LOG_BYTES_MAX + len(b"more\n")
    assert file.read_bytes() == b"anew\n"


@dataclass
class LastMoment:
    """A workshop that has a job started when it has already had its last look."""

    house: House
    inner: Workshop

    async def run(self) -> None:
        await self.inner.run()

    async def close(self, running: asyncio.Task[None]) -> None:
        await self.inner.close(running)
        started = await self.house.services.jobs.start(OPERATOR, FLOW, {})
        assert isinstance(started, Job)


@pytest.mark.slow
def test_a_job_that_comes_while_a_worker_ends_is_worked_on(tmp_path: Path) -> None:
    """Whoever started it saw a worker, and began none: that one looks once more."""
    settings, begun, ready = at(tmp_path), list[str](), list[bool]()

    def make(house: House, place: str, *, idle_s: float | None) -> Workshop:
        begun.append(place)
        workshop = by_itself(house, place, idle_s=idle_s)
        return workshop if len(begun) > 1 else cast("Workshop", LastMoment(house, workshop))

    work_in_place(settings, idle_s=0.1, on_ready=lambda: ready.append(True), make=make)

    assert begun == ["worker-1", "worker-1"]
    assert ready == [True]
    assert not is_a_job_left(settings)
