"""How the job that sends letters ends, and that one process of a machine has it at a time."""

import pytest

from fakes import MemoryMailer
from jobs.handtime import settle
from jobs.mailers import SlowMailer, with_mailer
from jobs.sending import NOTHING, Office
from parts.loglines import LogLines
from watchword.core.kernel.errors import DeniedError, UnavailableError
from watchword.core.outbox.model import Standing
from watchword.core.ports import Outcome
from watchword.jobs.flow import CancelledError, StoppedError
from watchword.jobs.flows.mail_send import AT_ONCE, LOCK_PACE_S, LOCK_PATIENCE
from watchword.jobs.onlyone import OnlyOne

PEOPLE = tuple(f"user{number}" for number in range(20))


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
