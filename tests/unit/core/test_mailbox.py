"""What an operator sees of the letters."""

from unit.core.conftest import HERE, OPERATOR, House
from watchword.core.kernel.ids import LetterId
from watchword.core.outbox.model import LetterKind, Standing
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Outcome, Posting
from watchword.core.services.mailbox import ShownLetter


async def test_letters_are_listed(house: House) -> None:
    """Newest first, and by standing."""
    for name in ("ada", "bob"):
        await house.add(name, email=f"{name}@example.org")
        await house.services.recovery.ask(name, origin=HERE)
    await house.services.delivery.deliver()
    mailbox = house.services.mailbox

    every = await mailbox.page(OPERATOR)
    waiting = await mailbox.page(OPERATOR, standing=Standing.WAITING)

    assert not isinstance(every, Refused)
    assert not isinstance(waiting, Refused)
    assert len(every.items) == 2
    assert [one.to for one in waiting.items] == ["bob@example.org"]


async def test_a_letter_is_shown_while_its_text_is_kept(house: House) -> None:
    """Once the mail server has it, we have not."""
    await house.add("ada", email="ada@example.org")
    await house.services.recovery.ask("ada", origin=HERE)
    (letter_id,) = house.storage.rows.letters
    show = house.services.mailbox.show

    before = await show(OPERATOR, letter_id)
    await house.post()
    after = await show(OPERATOR, letter_id)

    assert isinstance(before, ShownLetter)
    assert isinstance(after, ShownLetter)
    assert before.worded is not None
    assert after.worded is None
    assert await show(OPERATOR, LetterId("none")) == Refused(Refusal.NOT_FOUND)


async def test_a_test_letter(house: House) -> None:
    """It is sent now, and the mail server's word comes back."""
    house.mailer.answers = [Posting(Outcome.REFUSED, "550 no")]
    test = house.services.mailbox.test

    assert await test(OPERATOR, "ada@example.org") == Posting(Outcome.REFUSED, "550 no")
    assert await test(OPERATOR, "ada@example.org") == Posting(Outcome.ACCEPTED)
    assert await test(OPERATOR, "nobody") == Refused(Refusal.ADDRESS_INVALID)
    assert [letter.kind for letter in house.mailer.letters] == [LetterKind.TEST]
    assert house.storage.rows.letters == {}


async def test_nobody_else_reads_letters(house: House) -> None:
    """They open accounts."""
    await house.add("ada", email="ada@example.org")
    ada = await house.actor("ada")
    mailbox = house.services.mailbox
    denied = Refused(Refusal.NOT_ADMIN)

    assert await mailbox.page(ada) == denied
    assert await mailbox.show(ada, LetterId("x")) == denied
    assert await mailbox.retry(ada, LetterId("x")) == denied
    assert await mailbox.test(ada, "ada@example.org") == denied
