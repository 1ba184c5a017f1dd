"""The outbox is emptied: each letter once, whatever fails in between."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from fakes import MemoryAcceptances
from fakes_storage import MemoryStorage
from unit.core.conftest import HERE, OPERATOR, House
from watchword.core.accounts.model import Account
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import Entry, LetterKind, Standing
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Outcome, Posting
from watchword.core.services import Services
from watchword.core.services.assemble import assemble
from watchword.core.services.delivery import Delivered

ADA = "ada@example.org"
SENT = Delivered(Outcome.ACCEPTED, Standing.SENT)


@dataclass
class BreakingAcceptances(MemoryAcceptances):
    """The database goes away as soon as an acceptance is noted."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)

    def note(self, letter_id: LetterId) -> None:
        super().note(letter_id)
        self.storage.broken = UnavailableError()


@pytest.fixture(autouse=True)
async def ada(house: House) -> Account:
    return await house.add("ada", email=ADA)


async def written(house: House) -> LetterId:
    """Put a reset letter into the outbox."""
    await house.services.recovery.ask("ada", origin=HERE)
    return next(reversed(house.storage.rows.letters))


def entry(house: House, letter_id: LetterId) -> Entry:
    return house.storage.rows.letters[letter_id]


def again(house: House) -> Services:
    """Start the server once more: all that is not on disk is forgotten."""
    return assemble(house.outside, house.rules)


async def test_a_letter_is_sent_once(house: House) -> None:
    """And then its text is kept nowhere."""
    letter_id = await written(house)

    outcomes = [await house.services.delivery.deliver() for _ in range(3)]

    assert outcomes == [SENT, None, None]
    assert len(house.mailer.letters) == 1
    sent = entry(house, letter_id)
    assert (sent.standing, sent.sealed, sent.settled_at) == (
        Standing.SENT,
        "",
        house.clock.now(),
    )
    assert house.acceptances.noted() == ()
    assert "letter accepted" in house.witness.seen


async def test_where_letters_end_here_they_are_kept(house: House) -> None:
    """Somebody without a mail server must be able to read them."""
    house.mailer.is_last = True
    letter_id = await written(house)

    await house.post()

    shown = await house.services.mailbox.show(OPERATOR, letter_id)
    assert not isinstance(shown, Refused)
    assert shown.entry.standing is Standing.SENT
    assert shown.worded is not None
    assert shown.worded.subject == "reset"


async def test_a_no_for_now_is_tried_again(house: House) -> None:
    """After five seconds, then ten; the reason is kept for the operator."""
    house.mailer.answers = [Posting(Outcome.DEFERRED, "451 later")] * 2
    letter_id = await written(house)
    deliver = house.services.delivery.deliver

    assert await deliver() == Delivered(Outcome.DEFERRED, Standing.WAITING)
    assert entry(house, letter_id).reason == "451 later"
    assert await deliver() is None
    house.clock.advance(timedelta(seconds=5))
    assert await deliver() == Delivered(Outcome.DEFERRED, Standing.WAITING)
    house.clock.advance(timedelta(seconds=9))
    assert await deliver() is None
    house.clock.advance(timedelta(seconds=1))
    assert await deliver() == SENT
    assert [one for one, _ in house.mailer.tried] == [letter_id] * 3


async def test_a_no_for_good(house: House) -> None:
    """Is not tried again, until an operator says so."""
    house.mailer.answers = [Posting(Outcome.REFUSED, "550 nobody")]
    letter_id = await written(house)

    await house.post()

    assert entry(house, letter_id).standing is Standing.REFUSED
    assert await house.services.mailbox.retry(OPERATOR, letter_id) is None
    assert len(await house.post()) == 1
    assert await house.services.mailbox.retry(OPERATOR, letter_id) == Refused(Refusal.NOT_FOUND)


async def test_a_server_that_is_away_costs_no_try(house: House) -> None:
    """An hour later everything arrives."""
    house.mailer.answers = [Posting(Outcome.UNREACHABLE, "Connection refused")] * 60
    letter_id = await written(house)

    for _ in range(60):
        assert await house.services.delivery.deliver() == Delivered(
            Outcome.UNREACHABLE, Standing.WAITING
        )
        house.clock.advance(timedelta(minutes=1))

    waiting = entry(house, letter_id)
    assert (waiting.tries, waiting.reason) == (0, "Connection refused")
    assert [letter.kind for letter in await house.post()] == [LetterKind.RESET]


async def test_a_letter_that_came_too_late_is_laid_aside(house: House) -> None:
    """A dead link helps nobody."""
    letter_id = await written(house)
    house.clock.advance(timedelta(hours=2))

    await house.post()

    assert (entry(house, letter_id).standing, house.mailer.tried) == (Standing.STALE, [])


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.UNREACHABLE])
async def test_nobody_waits_for_ever(house: House, outcome: Outcome) -> None:
    """After three days the operator is told instead; a notice has no end of its own."""
    actor = await house.actor("ada")
    await house.services.email_change.ask(actor, "new@example.org")
    notice = next(
        one.id
        for one in house.storage.rows.letters.values()
        if one.kind is LetterKind.CHANGE_REQUESTED
    )
    house.mailer.answers = [outcome] * 9
    house.clock.advance(timedelta(days=3, seconds=1))

    await house.post()

    assert entry(house, notice).standing is Standing.REFUSED
    assert "3 days" in entry(house, notice).reason


async def test_killed_before_the_commit(house: House) -> None:
    """The mail server has it, we know it, the database does not: it is not sent again."""
    letter_id = await written(house)

    acceptances = BreakingAcceptances(storage=house.storage)
    services = assemble(replace(house.outside, acceptances=acceptances), house.rules)
    with pytest.raises(UnavailableError):
        await services.delivery.deliver()

    house.storage.broken = None
    restarted = assemble(replace(house.outside, acceptances=acceptances), house.rules)
    await restarted.delivery.begin()

    assert await restarted.delivery.deliver() is None
    assert entry(house, letter_id).standing is Standing.SENT
    assert (len(house.mailer.tried), acceptances.noted()) == (1, ())


async def test_a_database_that_comes_back_hears_of_it(house: House) -> None:
    """Without a restart, and before the next letter."""
    letter_id = await written(house)

    acceptances = BreakingAcceptances(storage=house.storage)
    services = assemble(replace(house.outside, acceptances=acceptances), house.rules)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await services.delivery.deliver()
    house.storage.broken = None
    house.clock.advance(timedelta(hours=1))

    assert await services.delivery.deliver() is None
    assert entry(house, letter_id).standing is Standing.SENT
    assert (len(house.mailer.tried), acceptances.noted()) == (1, ())


async def test_killed_before_the_letter(house: House) -> None:
    """What one sender had claimed, the next start of the same machine takes at once."""
    await written(house)
    now = house.clock.now()
    desk = house.storage.outbox_desk
    holder = house.acceptances.holder
    await desk.claim(holder, at=now, until=now + timedelta(minutes=15), limit=1)
    assert await house.services.delivery.deliver() is None

    services = again(house)
    await services.delivery.begin()

    assert await services.delivery.deliver() == SENT


async def test_another_machine_waits_for_the_claim_to_end(house: House) -> None:
    """It may still be sending."""
    await written(house)
    now = house.clock.now()
    desk = house.storage.outbox_desk
    await desk.claim("another machine", at=now, until=now + timedelta(minutes=15), limit=1)

    await house.services.delivery.begin()
    assert await house.services.delivery.deliver() is None

    house.clock.advance(timedelta(minutes=15))
    assert await house.services.delivery.deliver() == SENT


async def test_several_at_once_send_each_letter_once(house: House) -> None:
    """Four tasks over twenty letters."""
    for number in range(20):
        await house.add(f"user{number}", email=f"user{number}@example.org")
        await house.services.recovery.ask(f"user{number}", origin=HERE)

    async def drain() -> None:
        while await house.services.delivery.deliver() is not None:
            pass

    await asyncio.gather(*(drain() for _ in range(4)))

    tried = [letter_id for letter_id, _ in house.mailer.tried]
    assert len(tried) == len(set(tried)) == 20
    assert house.acceptances.noted() == ()


async def test_a_lost_master_key(house: House) -> None:
    """The letter cannot be read; the operator sees why."""
    letter_id = await written(house)
    rows = house.storage.rows
    rows.letters[letter_id] = replace(rows.letters[letter_id], sealed="other|x|{}")

    await house.post()

    assert "master key" in entry(house, letter_id).reason
    assert house.mailer.tried == []
