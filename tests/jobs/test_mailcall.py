"""Who starts the job that sends letters, and when."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.sending import Office
from unit.core.conftest import House
from watchword.core.jobs.model import Job, Lane, State
from watchword.core.kernel.errors import UnavailableError
from watchword.core.outbox.model import Standing
from watchword.core.ports import Outcome
from watchword.core.services import Services
from watchword.core.services.assemble import assemble
from watchword.core.services.jobs import HOUSE
from watchword.jobs.book import Book
from watchword.jobs.flows.mail_send import NAME, flow
from watchword.jobs.mailcall import PAUSE, MailCall
from watchword.jobs.onlyone import OnlyOne

SECOND = timedelta(seconds=1)


@dataclass
class Switchboard(Office):
    """An office where calls come in; `another` is a second process of the same machine."""

    call: MailCall = field(init=False)
    another: MailCall = field(init=False)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        outside = replace(self.house.outside, flows=Book(lambda: [flow(self.lock)], list))
        self.services = assemble(outside, self.house.rules)
        self.call, self.another = (
            MailCall(
                services=assemble(outside, self.house.rules),
                open_work=outside.storage.open_work,
                clock=outside.clock,
                randomness=outside.randomness,
                lock=self.lock,
            )
            for _ in range(2)
        )

    async def work_off(self, state: State, error: str = "") -> None:
        """Let the last job end."""
        job = await self.services.job_runs.begin(self.jobs()[-1].id)
        assert job is not None
        async with self.house.storage.open_work() as work:
            now = self.house.clock.now()
            work.jobs.finish(job.id, turn=job.turn, state=state, at=now, error=error)
            await work.commit()

    async def claim(self, holder: str) -> None:
        """Have somebody begin to send what is due, and get no further."""
        now = self.house.clock.now()
        await self.house.storage.outbox_desk.claim(
            holder, at=now, until=now + timedelta(minutes=30), limit=99
        )


@pytest.fixture
def office(tmp_path: Path) -> Switchboard:
    return Switchboard(House(), tmp_path / "postman.lock")


async def test_a_letter_that_is_due_starts_a_job(office: Switchboard) -> None:
    """It is the house's own, and light; who looks again starts no other."""
    assert await office.call.look() is None
    await office.write("ada")

    job = await office.call.look()
    again = [await office.call.look(), await office.another.look()]

    assert isinstance(job, Job)
    assert (job.flow, job.owner, job.lane) == (NAME, HOUSE, Lane.LIGHT)
    assert again == [None, None]
    assert office.jobs() == [job]


async def test_of_several_who_look_one_starts_it(office: Switchboard) -> None:
    """However many processes there are."""
    await office.write("ada")

    looks = await asyncio.gather(*(call.look() for call in (office.call, office.another) * 5))

    assert len([job for job in looks if job is not None]) == 1
    assert len(office.jobs()) == 1


async def test_a_letter_whose_time_has_not_come_needs_no_job(office: Switchboard) -> None:
    """When it has come, it does."""
    await office.write("ada")
    office.house.mailer.answers = [Outcome.DEFERRED]
    await office.services.delivery.deliver()

    early = await office.call.look()
    office.house.clock.advance(5 * SECOND)

    assert early is None
    assert await office.call.look() is not None


async def test_a_letter_that_another_machine_sends_needs_no_job(office: Switchboard) -> None:
    """Until its claim is over."""
    await office.write("ada")
    await office.claim("another machine")

    early = await office.call.look()
    office.house.clock.advance(timedelta(minutes=30))

    assert early is None
    assert await office.call.look() is not None


async def test_the_next_letter_after_a_job_has_the_next_one(office: Switchboard) -> None:
    """At once, whatever the one before got done."""
    await office.write("ada")
    await office.call.look()
    await office.work_off(State.COMPLETED)

    assert await office.call.look() is not None


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
async def test_after_one_that_ended_in_vain_there_is_a_pause(
    office: Switchboard, state: State
) -> None:
    """What is broken is not tried each second, and no letter waits for ever."""
    await office.write("ada")
    await office.call.look()
    await office.work_off(state)

    looks = []
    for _ in range(4):
        looks.append(await office.call.look())
        office.house.clock.advance(PAUSE / 3)

    assert looks[:3] == [None] * 3
    assert looks[3] is not None


async def test_what_a_killed_sender_left_is_taken_up(office: Switchboard) -> None:
    """What was taken counts as sent; what was not is free for whoever sends next."""
    await office.write("ada", "bob")
    await office.claim(office.house.acceptances.holder)
    ada, bob = office.house.storage.rows.letters
    office.house.acceptances.note(ada)

    job = await office.call.look()

    letters = office.house.storage.rows.letters
    assert (letters[ada].standing, letters[bob].standing) == (Standing.SENT, Standing.WAITING)
    assert office.house.acceptances.noted() == ()
    assert job is not None


async def test_what_was_taken_is_settled_though_another_machine_sends(office: Switchboard) -> None:
    """That one could not know it, and would send it again when the claim is over."""
    await office.write("ada")
    await office.call.look()
    await office.claim(office.house.acceptances.holder)
    office.house.acceptances.note(*office.house.storage.rows.letters)

    await office.call.look()

    assert office.standings() == [Standing.SENT]


async def test_what_is_being_sent_is_left_alone(office: Switchboard) -> None:
    """As long as a process of this machine holds the lock."""
    await office.write("ada")
    await office.claim(office.house.acceptances.holder)
    sender = OnlyOne(office.lock)
    assert sender.take()

    meanwhile = await office.call.look()
    sender.give()

    assert meanwhile is None
    assert await office.call.look() is not None


async def test_where_the_lock_cannot_be_a_job_says_so(office: Switchboard) -> None:
    """The look itself goes on."""
    office.call = MailCall(
        services=office.services,
        open_work=office.house.storage.open_work,
        clock=office.house.clock,
        randomness=office.house.outside.randomness,
        lock=office.lock / "nowhere",
    )
    await office.write("ada", "bob")
    now = office.house.clock.now()
    holder, desk = office.house.acceptances.holder, office.house.storage.outbox_desk
    await desk.claim(holder, at=now, until=now + SECOND, limit=1)

    assert await office.call.look() is not None


async def test_a_database_that_is_down_is_told(office: Switchboard) -> None:
    """Whoever calls looks again later."""
    await office.write("ada")
    office.house.storage.broken = UnavailableError()

    with pytest.raises(UnavailableError):
        await office.call.look()

    office.house.storage.broken = None
    assert await office.call.look() is not None
