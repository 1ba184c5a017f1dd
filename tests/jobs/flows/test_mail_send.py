"""The job that empties the outbox: its pace, its patience, and what it tells."""

from dataclasses import replace

import pytest

from jobs.handtime import settle
from jobs.mailers import BrokenMailer, LeisurelyMailer, with_mailer
from jobs.sending import NOTHING, Office
from parts.loglines import LogLines
from unit.core.conftest import House
from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import Outcome
from watchword.core.services.delivery import Delivered, Delivery
from watchword.jobs.flow import StoppedError
from watchword.jobs.flows.mail_send import AT_ONCE, LINGER, WAIT_LONGEST_S

PEOPLE = tuple(f"user{number}" for number in range(20))


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
