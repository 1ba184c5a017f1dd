"""A letter that was taken is noted at once, and counts as taken whatever happens then."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from fakes import MemoryMailer
from unit.core.conftest import HERE, House
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter, Standing
from watchword.core.ports import Outcome, Posting, ignored
from watchword.core.services import Services
from watchword.core.services.assemble import assemble
from watchword.core.services.delivery import Delivered


@dataclass
class LingeringMailer(MemoryMailer):
    """Says yes at once, and then does not come to an end before it is told what to say."""

    has_it: asyncio.Event = field(default_factory=asyncio.Event)
    ends: asyncio.Event = field(default_factory=asyncio.Event)
    said: Outcome = Outcome.ACCEPTED

    async def send(
        self,
        letter_id: LetterId,
        letter: Letter,
        *,
        at: datetime,
        on_yes: Callable[[], None] = ignored,
    ) -> Posting:
        await super().send(letter_id, letter, at=at, on_yes=on_yes)
        self.has_it.set()
        await self.ends.wait()
        return Posting(self.said)


@pytest.fixture
def mailer(house: House) -> LingeringMailer:
    house.mailer = LingeringMailer()
    return house.mailer


@pytest.fixture
async def services(house: House, mailer: LingeringMailer) -> Services:
    """Services with a letter in the outbox."""
    await house.add("ada", email="ada@example.org")
    await house.services.recovery.ask("ada", origin=HERE)
    return assemble(replace(house.outside, mailer=mailer), house.rules)


def standings(house: House) -> list[Standing]:
    return [one.standing for one in house.storage.rows.letters.values()]


async def begun(services: Services, mailer: LingeringMailer) -> asyncio.Task[Delivered | None]:
    """Begin to deliver, and return when the mail server has said yes."""
    task = asyncio.create_task(services.delivery.deliver())
    await mailer.has_it.wait()
    return task


async def test_it_is_noted_before_the_mailer_is_done(
    house: House, services: Services, mailer: LingeringMailer
) -> None:
    """What comes after the yes may take its time, and we may be killed in it."""
    task = await begun(services, mailer)
    noted = house.acceptances.noted()
    mailer.ends.set()

    assert await task == Delivered(Outcome.ACCEPTED, Standing.SENT)
    assert noted == tuple(house.storage.rows.letters)
    assert house.acceptances.noted() == ()


async def test_cut_off_after_the_yes(
    house: House, services: Services, mailer: LingeringMailer
) -> None:
    """The end of the server does not make a letter come twice."""
    task = await begun(services, mailer)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    restarted = assemble(house.outside, house.rules)
    await restarted.delivery.begin()

    assert await restarted.delivery.deliver() is None
    assert standings(house) == [Standing.SENT]


@pytest.mark.parametrize("said", [Outcome.DEFERRED, Outcome.UNREACHABLE, Outcome.REFUSED])
async def test_a_yes_cannot_be_taken_back(
    house: House, services: Services, mailer: LingeringMailer, said: Outcome
) -> None:
    """A connection that ends in the wrong moment changes nothing about it."""
    mailer.said = said
    task = await begun(services, mailer)
    mailer.ends.set()

    assert await task == Delivered(Outcome.ACCEPTED, Standing.SENT)
    assert standings(house) == [Standing.SENT]


async def test_others_do_not_settle_what_somebody_settles(
    house: House, services: Services, mailer: LingeringMailer
) -> None:
    """Without a mail server the text of a letter is kept, however many carry letters at once."""
    mailer.is_last = True
    task = await begun(services, mailer)
    assert await services.delivery.deliver() is None
    mailer.ends.set()
    await task

    (entry,) = house.storage.rows.letters.values()
    assert (entry.standing, entry.sealed != "") == (Standing.SENT, True)
