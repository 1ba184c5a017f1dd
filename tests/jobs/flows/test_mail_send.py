"""The job that empties the outbox: its pace, its patience, what it tells, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from fakes import MemoryMailer
from jobs.handtime import HandTime, settle
from jobs.sending import Office
from parts.loglines import LogLines
from unit.core.conftest import House
from watchword.core.kernel.errors import DeniedError, UnavailableError
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter, Standing
from watchword.core.ports import Outcome, Posting, ignored
from watchword.core.services import Services
from watchword.core.services.assemble import assemble
from watchword.core.services.delivery import Delivered, Delivery
from watchword.jobs.flow import CancelledError, StoppedError
from watchword.jobs.flows.mail_send import (
    AT_ONCE,
    LINGER,
    LOCK_PACE_S,
    LOCK_PATIENCE,
    WAIT_LONGEST_S,
)
from watchword.jobs.onlyone import OnlyOne
from watchword.observability import log

PEOPLE = tuple(f"user{number}" for number in range(20))
NOTHING = {"sent": 0, "deferred": 0, "refused": 0, "stale": 0}


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


class CountedDelivery(Delivery):
    """Counts how often it was asked for a letter."""

    asked = 0

    async def deliver(self) -> Delivered | None:
        self.asked += 1
        return await super().deliver()


def counted(house: House) -> CountedDelivery:
    outside = house.outside
    return CountedDelivery(
        open_work=outside.storage.open_work,
        desk=outside.storage.outbox_desk,
        mailer=outside.mailer,
        safe=outside.letter_safe,
        acceptances=outside.acceptances,
        clock=outside.clock,
        witness=outside.witness,
    )


def with_mailer(office: Office, mailer: MemoryMailer) -> Services:
    """Let letters go to this mail server instead."""
    office.house.mailer = mailer
    return assemble(replace(office.house.outside, mailer=mailer), office.house.rules)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(House(), tmp_path / "postman.lock")
    yield office
    await office.close()


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """The log of the test."""
    lines = LogLines()
    log.configure("debug", "json", stream=lines.stream)
    yield lines
    log.configure()


class TestPace:
    async def test_a_letter_goes_out_at_the_next_look(self, office: Office) -> None:
        """Not at its commit: the time of the next request must not tell of it."""
        await office.begin()
        await office.time.passes(0.5)
        await office.write("ada")
        await settle()
        before = office.arrived()

        await office.time.passes(0.6)

        assert before == []
        assert office.arrived() == ["ada"]

    async def test_without_letters_it_looks_once_a_second_for_a_while(self, office: Office) -> None:
        """Then the job is done: somebody else looks whether another one is needed."""
        delivery = counted(office.house)
        turn, sending = await office.begin(replace(office.house.services, delivery=delivery))

        await office.time.passes(LINGER - 1)
        was_done = sending.done()
        await office.time.passes(2)

        assert not was_done
        assert await sending == NOTHING
        assert delivery.asked == LINGER
        assert (set(office.time.asked), turn.records) == ({1.0}, 1)

    async def test_each_letter_keeps_it_at_work(self, office: Office) -> None:
        """A server that is busy has one job for many letters."""
        _, sending = await office.begin()

        for name in PEOPLE[:5]:
            await office.time.passes(LINGER - 2)
            await office.write(name)
        await office.time.passes(LINGER - 2)
        was_done = sending.done()
        await office.time.passes(5)

        assert not was_done
        assert await sending == NOTHING | {"sent": 5}
        assert office.arrived() == list(PEOPLE[:5])

    async def test_a_quick_mail_server_gets_one_letter_at_a_time(self, office: Office) -> None:
        """So if we are killed, one at most may come twice."""
        mailer = LeisurelyMailer(time=office.time, seconds=0.1)
        await office.begin(with_mailer(office, mailer))
        await office.write(*PEOPLE)

        await office.time.passes(3.5)  # the first look, and twenty letters

        assert mailer.held_most == 1
        assert sorted(office.arrived()) == sorted(PEOPLE)

    async def test_one_that_never_answers_holds_up_no_other(self, office: Office) -> None:
        """It may take ten minutes; the next letters do not wait for it, and the job does."""
        mailer = LeisurelyMailer(time=office.time, seconds=600)
        _, sending = await office.begin(with_mailer(office, mailer))
        await office.write("slow")
        await office.time.passes(2)
        mailer.seconds = 0.1
        await office.write("ada", "bob")

        await office.time.passes(3)

        assert sorted(office.arrived()) == ["ada", "bob"]
        await office.time.passes(600 + LINGER)
        assert await sending == NOTHING | {"sent": 3}

    async def test_a_pile_is_carried_by_several_where_it_is_slow(self, office: Office) -> None:
        """Another one each second, four at most, and none is sent twice."""
        mailer = LeisurelyMailer(time=office.time)
        await office.begin(with_mailer(office, mailer))
        await office.write(*PEOPLE)

        await office.time.passes(5.5)

        assert mailer.held_most == AT_ONCE
        assert sorted(office.arrived()) == sorted(PEOPLE)


class TestPatience:
    async def test_a_mail_server_that_is_away_is_asked_less_and_less(self, office: Office) -> None:
        """After one second, two, four and so on up to a minute, and by one letter at a time."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 12
        await office.write("ada", "bob", "eve")
        await office.begin()
        tries: list[int] = []

        for second in range(400):
            await office.time.passes(1)
            tries += [second] * (office.tried() - len(tries))

        assert tries[:9] == [0, 0, 2, 6, 14, 30, 62, 122, 182]
        assert max(office.time.asked) == WAIT_LONGEST_S

    async def test_all_arrive_when_it_is_back(self, office: Office) -> None:
        """After an hour, at the first knock that it answers, and each once."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 1000
        await office.write(*PEOPLE)
        _, sending = await office.begin()
        await office.time.passes(3600)
        knocks, was_done = office.tried(), sending.done()
        office.house.mailer.answers.clear()

        await office.time.passes(WAIT_LONGEST_S)

        assert knocks < 70
        assert not was_done
        assert sorted(office.arrived()) == sorted(PEOPLE)
        assert await sending == NOTHING | {"sent": 20}

    async def test_afterwards_it_is_as_patient_as_before(self, office: Office) -> None:
        """A mail server that goes away again is asked after a second again."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 6
        await office.write("ada")
        await office.begin()
        await office.time.passes(70)
        office.house.mailer.answers = [Outcome.UNREACHABLE]
        await office.write("bob")

        await office.time.passes(3)

        assert office.arrived() == ["ada", "bob"]

    @pytest.mark.parametrize("is_begun", [False, True])
    async def test_a_database_that_is_down_is_waited_for(
        self, office: Office, log_lines: LogLines, *, is_begun: bool
    ) -> None:
        """It goes on where it was, tells it once, and loses nothing."""
        await office.begin()
        await office.time.passes(int(is_begun))
        await office.write("ada")
        office.house.storage.broken = UnavailableError()
        await office.time.passes(2 * LINGER)
        told = log_lines.of("letters wait")
        office.house.storage.broken = None

        await office.time.passes(2)

        assert office.arrived() == ["ada"]
        assert [line["reason"] for line in told] == ["unavailable"]

    async def test_a_letter_that_breaks_something_holds_up_no_other(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """The others go out, and the log does not say whose it was."""
        services = with_mailer(office, BrokenMailer())
        await office.write("ada", "bob")
        await office.begin(services)

        await office.time.passes(2)

        assert office.arrived() == ["bob"]
        assert [line["reason"] for line in log_lines.of("letter failed")] == ["RuntimeError"]
        assert "@" not in log_lines.text()


class TestProgress:
    async def test_it_counts_what_became_of_letters(self, office: Office) -> None:
        """Every two seconds at most, and on from where another turn stopped."""
        office.house.mailer.answers = [Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REFUSED]
        await office.write("ada", "bob", "eve")
        turn, sending = await office.begin()
        await office.time.passes(1)
        after_one = office.progress()
        await office.time.passes(1)
        after_two = office.progress()
        turn.stop()
        await settle()
        await office.write("dan")

        again, _ = await office.begin()
        await office.time.passes(2)

        assert (after_one.counts, after_one.done) == (NOTHING, 0)
        assert after_two.counts == {"sent": 1, "deferred": 1, "refused": 1, "stale": 0}
        assert after_two.done == 2
        assert office.progress().counts == {"sent": 2, "deferred": 1, "refused": 1, "stale": 0}
        assert isinstance(sending.exception(), StoppedError)
        assert (turn.records, again.records) == (2, 2)

    async def test_it_says_what_it_waits_for(self, office: Office) -> None:
        """As long as it waits."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 4
        await office.write("ada")
        await office.begin()

        notes = []
        for _ in range(20):
            await office.time.passes(2)
            notes.append(office.progress().note)

        assert notes[0] == notes[6] == "Waiting for the mail server."
        assert notes[-1] == ""
        assert office.progress().counts == NOTHING | {"sent": 1}


class TestOneOfThem:
    async def test_one_that_was_taken_over_ends(self, office: Office) -> None:
        """At once: it may not even say how far it came."""
        mailer = SlowMailer()
        _, old = await office.begin(with_mailer(office, mailer))
        await office.write("ada")
        await office.time.passes(1)

        await office.begin()
        office.house.mailer.answers = [Outcome.DEFERRED]
        mailer.goes_on.set()
        await office.time.passes(2)

        assert isinstance(old.exception(), DeniedError)

    async def test_another_begins_when_the_first_is_gone(self, office: Office) -> None:
        """Else it would give back a letter that is on its way, and send it a second time."""
        mailer = SlowMailer()
        first, old = await office.begin(with_mailer(office, mailer))
        await office.write("ada", "bob")
        await office.time.passes(1)
        _, new = await office.begin(with_mailer(office, mailer))
        await office.time.passes(LOCK_PACE_S * LOCK_PATIENCE / 2)
        first.stop()
        mailer.goes_on.set()

        await office.time.passes(2)

        assert sorted(office.arrived()) == ["ada", "bob"]
        assert office.tried() == 2
        assert (old.done(), new.done()) == (True, False)

    async def test_it_does_not_wait_for_ever(self, office: Office) -> None:
        """The job is tried again, and by another machine perhaps."""
        held = OnlyOne(office.lock)
        assert held.take()
        await office.write("ada")
        _, sending = await office.begin()

        await office.time.passes(LOCK_PACE_S * LOCK_PATIENCE)
        held.give()

        assert isinstance(sending.exception(), UnavailableError)
        assert office.tried() == 0

    async def test_without_a_place_for_the_lock_it_fails(self, office: Office) -> None:
        """Two that do not know of each other could send a letter twice."""
        office.lock = office.lock.parent / "folder" / "lock"
        await office.write("ada")
        _, sending = await office.begin()
        await settle()
        office.make_place()

        await office.begin()
        await office.time.passes(1)

        assert isinstance(sending.exception(), FileNotFoundError)
        assert office.arrived() == ["ada"]


class TestEnd:
    @pytest.mark.parametrize("reason", [CancelledError, StoppedError])
    async def test_letters_on_their_way_arrive(
        self, office: Office, reason: type[Exception]
    ) -> None:
        """No other is begun."""
        mailer = SlowMailer()
        turn, sending = await office.begin(with_mailer(office, mailer))
        await office.write(*PEOPLE)
        await office.time.passes(4)

        {CancelledError: turn.cancel, StoppedError: turn.stop}[reason]()
        await settle()
        was_done = sending.done()
        mailer.goes_on.set()
        await settle()

        assert not was_done
        assert isinstance(sending.exception(), reason)
        assert len(office.arrived()) == AT_ONCE
        assert office.standings().count(Standing.SENT) == AT_ONCE
        assert office.progress().counts == NOTHING | {"sent": AT_ONCE}

    async def test_a_letter_that_takes_too_long_is_cut_off(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """The next turn sends it."""
        _, sending = await office.begin(with_mailer(office, SlowMailer()))
        await office.write("ada")
        await office.time.passes(1)

        sending.cancel()
        await settle()

        await office.begin(with_mailer(office, MemoryMailer()))
        await office.time.passes(1)
        assert office.arrived() == ["ada"]
        assert [line["count"] for line in log_lines.of("letters cut off")] == [1]

    @pytest.mark.parametrize("trouble", ["nothing", "no mail server", "no database"])
    async def test_who_only_waits_ends_at_once(self, office: Office, trouble: str) -> None:
        """Nobody waits for a minute of patience to be over."""
        await office.write("ada")
        if trouble == "no mail server":
            office.house.mailer.answers = [Outcome.UNREACHABLE] * 99
        turn, sending = await office.begin()
        if trouble == "no database":
            office.house.storage.broken = UnavailableError()
        await office.time.passes(20)

        turn.stop()
        await settle()

        assert isinstance(sending.exception(), StoppedError)
