"""The loop that empties the outbox: its pace, its patience, and how it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from fakes import MemoryMailer
from jobs.conftest import Office
from jobs.handtime import HandTime, settle
from parts.loglines import LogLines
from unit.core.conftest import House
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Letter, Standing
from watchword.core.ports import Outcome, Posting, ignored
from watchword.core.services.assemble import assemble
from watchword.core.services.delivery import Delivered, Delivery
from watchword.jobs.postman import AT_ONCE, WAIT_LONGEST_S

PEOPLE = tuple(f"user{number}" for number in range(20))


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


def with_mailer(office: Office, mailer: MemoryMailer) -> Delivery:
    """Let letters go to this mail server instead."""
    office.house.mailer = mailer
    return assemble(replace(office.house.outside, mailer=mailer), office.house.rules).delivery


def standings(office: Office) -> list[Standing]:
    return [one.standing for one in office.house.storage.rows.letters.values()]


class TestPace:
    async def test_a_letter_goes_out_at_the_next_look(self, office: Office) -> None:
        """Not at its commit: the time of the next request must not tell of it."""
        office.hire()
        await office.time.passes(0.5)
        await office.write("ada")
        await settle()
        before = office.arrived()

        await office.time.passes(0.6)

        assert before == []
        assert office.arrived() == ["ada"]

    async def test_without_letters_it_looks_once_a_second(self, office: Office) -> None:
        """That, and no more, is what an idle server pays for letters."""
        delivery = counted(office.house)
        office.hire(delivery)

        await office.time.passes(60)

        assert 59 <= delivery.asked <= 61 + AT_ONCE
        assert office.time.asked.count(1.0) == len(office.time.asked)

    async def test_a_quick_mail_server_gets_one_letter_at_a_time(self, office: Office) -> None:
        """So if we are killed, one at most may come twice."""
        mailer = LeisurelyMailer(time=office.time, seconds=0.1)
        office.hire(with_mailer(office, mailer))
        await office.write(*PEOPLE)

        await office.time.passes(3.5)  # the first look, and twenty letters

        assert mailer.held_most == 1
        assert sorted(office.arrived()) == sorted(PEOPLE)

    async def test_one_that_never_answers_holds_up_no_other(self, office: Office) -> None:
        """It may take ten minutes; the next letters do not wait for it."""
        mailer = LeisurelyMailer(time=office.time, seconds=600)
        office.hire(with_mailer(office, mailer))
        await office.write("slow")
        await office.time.passes(2)
        mailer.seconds = 0.1
        await office.write("ada", "bob")

        await office.time.passes(3)

        assert sorted(office.arrived()) == ["ada", "bob"]

    async def test_a_pile_is_carried_by_several_where_it_is_slow(self, office: Office) -> None:
        """Another one each second, four at most, and none is sent twice."""
        mailer = LeisurelyMailer(time=office.time)
        office.hire(with_mailer(office, mailer))
        await office.write(*PEOPLE)

        await office.time.passes(5.5)

        assert mailer.held_most == AT_ONCE
        assert sorted(office.arrived()) == sorted(PEOPLE)


class TestPatience:
    async def test_a_mail_server_that_is_away_is_asked_less_and_less(self, office: Office) -> None:
        """After one second, two, four and so on up to a minute, and by one letter at a time."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 12
        await office.write("ada", "bob", "eve")
        office.hire()
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
        office.hire()
        await office.time.passes(3600)
        knocks = office.tried()
        office.house.mailer.answers.clear()

        await office.time.passes(WAIT_LONGEST_S)

        assert knocks < 70
        assert sorted(office.arrived()) == sorted(PEOPLE)
        assert len(office.arrived()) == len(PEOPLE)

    async def test_afterwards_it_is_as_patient_as_before(self, office: Office) -> None:
        """A mail server that goes away again is asked after a second again."""
        office.house.mailer.answers = [Outcome.UNREACHABLE] * 6
        await office.write("ada")
        office.hire()
        await office.time.passes(100)
        office.house.mailer.answers = [Outcome.UNREACHABLE]
        await office.write("bob")

        await office.time.passes(3)

        assert office.arrived() == ["ada", "bob"]

    async def test_a_database_that_is_down_is_waited_for(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """It goes on where it was, tells it once, and loses nothing."""
        await office.write("ada")
        office.house.storage.broken = UnavailableError()
        office.hire()
        await office.time.passes(30)
        told = log_lines.of("letters wait")
        office.house.storage.broken = None

        await office.time.passes(2)

        assert office.arrived() == ["ada"]
        assert [line["reason"] for line in told] == ["unavailable"]

    async def test_a_letter_that_breaks_something_holds_up_no_other(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """The others go out, and the log does not say whose it was."""
        delivery = with_mailer(office, BrokenMailer())
        await office.write("ada", "bob")
        office.hire(delivery)

        await office.time.passes(2)

        assert office.arrived() == ["bob"]
        assert [line["reason"] for line in log_lines.of("letter failed")] == ["RuntimeError"]
        assert "@" not in log_lines.text()


class TestOneOfThem:
    async def test_only_one_of_a_machine_works(self, office: Office) -> None:
        """The others look only whether it is still there."""
        first, second = counted(office.house), counted(office.house)
        office.hire(first)
        office.hire(second)

        await office.time.passes(10)

        assert (first.asked > 0, second.asked) == (True, 0)

    async def test_another_goes_on_when_it_is_gone(self, office: Office) -> None:
        """Within a second, and with what the first had begun."""
        mailer = SlowMailer()
        office.grace_s = 0.01
        first = office.hire(with_mailer(office, mailer))
        await office.write("ada")
        await office.time.passes(1)
        office.hire(with_mailer(office, MemoryMailer()))
        await office.time.passes(3)
        await first.close()

        await office.time.passes(1)

        assert mailer.letters == []
        assert office.arrived() == ["ada"]

    async def test_without_a_place_for_the_lock_it_waits(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """Two that do not know of each other could send a letter twice."""
        office.lock = office.lock.parent / "folder" / "lock"
        await office.write("ada")
        office.hire()
        await office.time.passes(3)
        before = office.arrived()
        office.make_place()

        await office.time.passes(1)

        assert (before, office.arrived()) == ([], ["ada"])
        assert len(log_lines.of("no letter can be sent")) == 1


class TestEnd:
    async def test_letters_on_their_way_arrive(self, office: Office) -> None:
        """They have the time of grace; no other is begun."""
        mailer = SlowMailer()
        one = office.hire(with_mailer(office, mailer))
        await office.write(*PEOPLE)
        await office.time.passes(4)

        one.postman.stop()
        mailer.goes_on.set()
        await one.close()

        assert len(office.arrived()) == AT_ONCE
        assert standings(office).count(Standing.SENT) == AT_ONCE

    async def test_a_letter_that_takes_too_long_is_cut_off(
        self, office: Office, log_lines: LogLines
    ) -> None:
        """The next start sends it."""
        office.grace_s = 0.01
        one = office.hire(with_mailer(office, SlowMailer()))
        await office.write("ada")
        await office.time.passes(1)

        await one.close()

        office.hire(with_mailer(office, MemoryMailer()))
        await office.time.passes(1)
        assert office.arrived() == ["ada"]
        assert [line["count"] for line in log_lines.of("letters cut off")] == [1]

    @pytest.mark.parametrize("trouble", ["nothing", "no mail server", "no database"])
    async def test_who_only_waits_ends_at_once(self, office: Office, trouble: str) -> None:
        """Nobody waits for a minute of patience to be over."""
        await office.write("ada")
        if trouble == "no mail server":
            office.house.mailer.answers = [Outcome.UNREACHABLE] * 99
        elif trouble == "no database":
            office.house.storage.broken = UnavailableError()
        one = office.hire()
        await office.time.passes(100)

        async with asyncio.timeout(1):
            await one.close()

        assert one.task.cancelled()
