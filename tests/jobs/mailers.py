"""Mail servers in memory that make trouble, and services whose letters go there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from fakes import MemoryMailer
from jobs.handtime import HandTime
from jobs.sending import Office
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter
from watchword.core.ports import Posting, ignored
from watchword.core.services import Services
from watchword.core.services.assemble import assemble


@dataclass
class LeisurelyMailer(MemoryMailer):
    """Takes its time for each letter."""

    time: HandTime = field(default_factory=HandTime)
    seconds: float = 0.5
    held: int = 0
    held_most: int = 0

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        self.held += 1
        self.held_most = max(self.held_most, self.held)
        await self.time(self.seconds)
        self.held -= 1
        return await super().send(letter_id, letter, at=at, on_yes=on_yes)


@dataclass
class SlowMailer(MemoryMailer):
    """Keeps every letter in its hands until the test lets go."""

    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        await self.goes_on.wait()
        return await super().send(letter_id, letter, at=at, on_yes=on_yes)


@dataclass
class BrokenMailer(MemoryMailer):
    """Breaks its promise to raise nothing, once, and says an address as it does."""

    is_broken: bool = True

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        if self.is_broken:
            self.is_broken = False
            raise RuntimeError(letter.to)
        return await super().send(letter_id, letter, at=at, on_yes=on_yes)


def with_mailer(office: Office, mailer: MemoryMailer) -> Services:
    """Let letters go to this mail server instead."""
    office.house.mailer = mailer
    return assemble(replace(office.house.outside, mailer=mailer), office.house.rules)
