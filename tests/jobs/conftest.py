"""Postmen over services in memory, with time in hand."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jobs.handtime import HandTime
from parts.loglines import LogLines
from unit.core.conftest import HERE, House
from watchword.core.services.delivery import Delivery
from watchword.jobs.postman import Postman
from watchword.observability import log


@dataclass
class Working:
    """A postman and the task that runs it."""

    postman: Postman
    task: asyncio.Task[None]

    async def close(self) -> None:
        await self.postman.close(self.task)


@dataclass
class Office:
    """Where postmen work, all for the same outbox and the same machine."""

    house: House
    lock: Path
    time: HandTime = field(default_factory=HandTime)
    grace_s: float = 10.0
    working: list[Working] = field(default_factory=list)

    def hire(self, delivery: Delivery | None = None) -> Working:
        """Let one more postman work."""
        postman = Postman(
            delivery=delivery or self.house.services.delivery,
            lock=self.lock,
            grace_s=self.grace_s,
            sleep=self.time,
        )
        one = Working(postman, asyncio.create_task(postman.run()))
        self.working.append(one)
        return one

    async def write(self, *names: str) -> None:
        """Have a letter written to each of these, who get an account if they have none."""
        for name in names:
            if await self.house.services.accounts.find(name) is None:
                await self.house.add(name, email=f"{name}@example.org")
            assert await self.house.services.recovery.ask(name, origin=HERE) is None

    def make_place(self) -> None:
        """Make the folder in which the lock is to be."""
        self.lock.parent.mkdir()

    def arrived(self) -> list[str]:
        """Return whose letters the mail server took, in order."""
        return [letter.name for letter in self.house.mailer.letters]

    def tried(self) -> int:
        """Return how often a letter was handed to the mail server."""
        return len(self.house.mailer.tried)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(House(), tmp_path / "postman.lock")
    yield office
    for one in office.working:
        one.task.cancel()
        with suppress(asyncio.CancelledError):
            await one.task


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """The log of the test."""
    lines = LogLines()
    log.configure("debug", "json", stream=lines.stream)
    yield lines
    log.configure()
