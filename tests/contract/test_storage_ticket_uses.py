"""What every keeper of tickets promises to those who use them, by code or by link."""

from datetime import timedelta

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, ticket
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.ids import TicketId
from watchword.core.ports import Storage, Work
from watchword.core.tickets.model import CODE_LIFETIME, Purpose, Ticket

ADA = account("Ada")
BOB = account("Bob")


async def issue(storage: Storage, *tickets: Ticket) -> None:
    for one in tickets:
        await commit(storage, lambda work: work.tickets.add(one))  # noqa: B023 - awaited in this round


async def left(look: Work, *tickets: Ticket) -> list[str]:
    """Return the names of those whose links still lead to them."""
    return [one.id for one in tickets if await look.tickets.by_link(one.link_digest)]


async def test_a_ticket_is_spent_once(storage: Storage, look: Work) -> None:
    """It is gone then; the second time is refused, with all else of that commit."""
    await keep(storage, ADA)
    one, other = ticket("t", ADA, Purpose.RESET), ticket("o", ADA, Purpose.CONFIRM)
    await issue(storage, one, other)

    await commit(storage, lambda work: work.tickets.spend(one.id, at=AT))
    with pytest.raises(DeniedError):
        await commit(
            storage,
            lambda work: work.accounts.add(BOB),
            lambda work: work.tickets.spend(one.id, at=AT),
        )

    assert await left(look, one, other) == ["o"]
    assert await look.tickets.of(ADA.id, Purpose.RESET) is None
    assert await look.tickets.about(one.address, Purpose.RESET, limit=9) == ()
    assert await look.accounts.by_id(BOB.id) is None


@pytest.mark.parametrize(("wait", "is_good"), [(-SECOND, True), (0 * DAY, False), (DAY, False)])
async def test_a_ticket_is_spent_in_time(
    storage: Storage, look: Work, wait: timedelta, *, is_good: bool
) -> None:
    """At the moment of its end it is over."""
    await keep(storage, ADA)
    one = ticket("t", ADA, Purpose.RESET)
    await issue(storage, one)
    at = one.expires_at + wait

    if is_good:
        await commit(storage, lambda work: work.tickets.spend(one.id, at=at))
    else:
        with pytest.raises(DeniedError):
            await commit(storage, lambda work: work.tickets.spend(one.id, at=at))

    assert await left(look, one) == ([] if is_good else ["t"])


async def test_what_was_never_there_cannot_be_spent(storage: Storage) -> None:
    """It looks the same as what is spent."""
    with pytest.raises(DeniedError):
        await commit(storage, lambda work: work.tickets.spend(TicketId("t"), at=AT))


async def test_a_right_code_takes_no_try(storage: Storage, look: Work) -> None:
    """It may be verified again and again before it is spent."""
    await keep(storage, ADA)
    one = ticket("t", ADA, Purpose.RESET, tries_left=1)
    await issue(storage, one)

    said = [await storage.ticket_desk.guess(one.id, one.code_digest, at=AT) for _ in range(3)]

    assert said == [True] * 3
    assert await look.tickets.by_link(one.link_digest) == one


async def test_a_wrong_code_takes_a_try(storage: Storage, look: Work) -> None:
    """After the last one the right code is wrong too; the link still works."""
    await keep(storage, ADA, BOB)
    one, other = ticket("t", ADA, Purpose.RESET, tries_left=3), ticket("o", BOB, Purpose.RESET)
    await issue(storage, one, other)
    guess, seen = storage.ticket_desk.guess, []

    for code in (other.code_digest, "", one.code_digest, "wrong", one.code_digest, "wrong"):
        right = await guess(one.id, code, at=AT)
        found = await look.tickets.by_link(one.link_digest)
        assert found is not None
        seen.append((right, found.tries_left))

    assert seen == [(False, 2), (False, 1), (True, 1), (False, 0), (False, 0), (False, 0)]
    assert await look.tickets.by_link(other.link_digest) == other
    assert await guess(other.id, other.code_digest, at=AT)
    await commit(storage, lambda work: work.tickets.spend(one.id, at=AT))


async def test_a_code_has_its_own_end(storage: Storage) -> None:
    """At that moment it is over, long before the link."""
    await keep(storage, ADA)
    one = ticket("t", ADA, Purpose.RESET)
    await issue(storage, one)
    guess, end = storage.ticket_desk.guess, AT + CODE_LIFETIME

    said = [await guess(one.id, one.code_digest, at=at) for at in (end, end + SECOND, end - SECOND)]

    assert said == [False, False, True]


async def test_the_code_of_a_ticket_that_is_gone_is_wrong(storage: Storage) -> None:
    """Spent, voided, gone with its account, or never there."""
    await keep(storage, ADA, BOB)
    spent, voided = ticket("s", ADA, Purpose.RESET), ticket("v", ADA, Purpose.CHANGE)
    bobs, never = ticket("b", BOB, Purpose.RESET), ticket("n", BOB, Purpose.CHANGE)
    await issue(storage, spent, voided, bobs)

    await commit(
        storage,
        lambda work: work.tickets.spend(spent.id, at=AT),
        lambda work: work.tickets.void(ADA.id, {Purpose.CHANGE}),
        lambda work: work.accounts.delete(BOB.id),
    )

    for one in (spent, voided, bobs, never):
        assert not await storage.ticket_desk.guess(one.id, one.code_digest, at=AT)
