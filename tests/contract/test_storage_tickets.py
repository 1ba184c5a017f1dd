"""What every keeper of tickets promises."""

from dataclasses import replace

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, ticket
from watchword.core.accounts.model import State
from watchword.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from watchword.core.kernel.ids import TicketId
from watchword.core.ports import Storage, Work
from watchword.core.tickets.model import Purpose, Ticket

ADA = account("Ada")
BOB = account("Bob")
ONE_EACH = [Purpose.CONFIRM, Purpose.RESET, Purpose.CHANGE]
FIVE = [ticket(purpose, ADA, purpose) for purpose in Purpose]


async def issue(storage: Storage, *tickets: Ticket) -> None:
    for one in tickets:
        await commit(storage, lambda work: work.tickets.add(one))  # noqa: B023 - awaited in this round


async def left(look: Work, *tickets: Ticket) -> list[str]:
    """Return the names of those whose links still lead to them."""
    return [one.id for one in tickets if await look.tickets.by_link(one.link_digest)]


async def test_every_field_of_a_ticket_comes_back(storage: Storage, look: Work) -> None:
    """Whichever way it is looked up; the address as it was typed."""
    await keep(storage, ADA)
    one = ticket(
        "t",
        ADA,
        Purpose.CHANGE,
        address="Ünï@Example.ORG",
        created_at=AT + SECOND,
        expires_at=AT + 2 * DAY,
        code_expires_at=AT + 3 * SECOND,
        tries_left=3,
        detail="a word",
    )

    await issue(storage, one)

    assert await look.tickets.by_link(one.link_digest) == one
    assert await look.tickets.of(ADA.id, Purpose.CHANGE) == one
    assert await look.tickets.about(one.address, Purpose.CHANGE, limit=9) == (one,)


async def test_an_invitation_belongs_to_no_account(storage: Storage, look: Work) -> None:
    """It is found by its link and by its address."""
    one = ticket("t", None, Purpose.JOIN, detail="admin")

    await issue(storage, one)

    assert one.account_id is None
    assert await look.tickets.by_link(one.link_digest) == one
    assert await look.tickets.about(one.address, Purpose.JOIN, limit=1) == (one,)


async def test_what_was_never_there_is_not_found(storage: Storage, look: Work) -> None:
    """Nor is what no database can keep, nor what belongs to somebody else."""
    await keep(storage, ADA, BOB)
    await issue(storage, ticket("t", ADA, Purpose.RESET))

    for digest in ("another", "", "t", "\0", "\ud800"):
        assert await look.tickets.by_link(digest) is None
    assert await look.tickets.of(BOB.id, Purpose.RESET) is None
    assert await look.tickets.of(ADA.id, Purpose.CONFIRM) is None
    for address in ("other@example.org", "", "\0", "\ud800"):
        assert await look.tickets.about(address, Purpose.RESET, limit=9) == ()


async def test_a_ticket_out_of_time_is_still_found(storage: Storage, look: Work) -> None:
    """The caller judges its time."""
    await keep(storage, ADA)
    old = ticket("t", ADA, Purpose.RESET, expires_at=AT - DAY, code_expires_at=AT - DAY)

    await issue(storage, old)

    assert await look.tickets.by_link(old.link_digest) == old
    assert await look.tickets.of(ADA.id, Purpose.RESET) == old


@pytest.mark.parametrize("purpose", ONE_EACH)
async def test_a_new_ticket_voids_the_last_one(
    storage: Storage, look: Work, purpose: Purpose
) -> None:
    """Whatever address it is about; not those of other purposes or accounts."""
    await keep(storage, ADA, BOB)
    old = ticket("old", ADA, purpose)
    new = ticket("new", ADA, purpose, address="other@example.org")
    bobs = ticket("bob's", BOB, purpose)
    others = [one for one in FIVE if one.purpose is not purpose]
    await issue(storage, old, bobs, *others)

    await issue(storage, new)

    assert await left(look, old) == []
    assert await left(look, bobs, *others) == ["bob's", *(one.id for one in others)]
    assert await look.tickets.of(ADA.id, purpose) == new


async def test_an_earlier_clock_makes_a_new_ticket_too(storage: Storage, look: Work) -> None:
    """What was recorded last counts, on whatever machine."""
    await keep(storage, ADA)
    first, second = (
        ticket(str(number), ADA, Purpose.RESET, created_at=AT - number * SECOND)
        for number in range(2)
    )

    await issue(storage, first, second)

    assert await left(look, first, second) == ["1"]
    assert await look.tickets.of(ADA.id, Purpose.RESET) == second


async def test_undo_tickets_of_other_addresses_survive(storage: Storage, look: Work) -> None:
    """Who changes a stolen account's address twice does not void its owner's way back."""
    await keep(storage, ADA, BOB)
    owners = ticket("owner's", ADA, Purpose.UNDO, address="Ada@Example.org")
    thiefs = ticket("thief's", ADA, Purpose.UNDO, address="eve@example.org", created_at=AT + SECOND)
    bobs = ticket("bob's", BOB, Purpose.UNDO, address="ada@example.org")

    await issue(storage, owners, thiefs, bobs)

    assert await left(look, owners, thiefs, bobs) == ["owner's", "thief's", "bob's"]
    assert await look.tickets.of(ADA.id, Purpose.UNDO) == thiefs


async def test_a_new_undo_ticket_voids_the_last_of_its_address(
    storage: Storage, look: Work
) -> None:
    """However that is spelled."""
    await keep(storage, ADA)
    old = ticket("old", ADA, Purpose.UNDO, address="Ada@Example.org")
    new = ticket("new", ADA, Purpose.UNDO, address="ADA@\uff45xample.org")

    await issue(storage, old, new)

    assert await left(look, old, new) == ["new"]


async def test_a_new_invitation_voids_the_last_of_its_address(storage: Storage, look: Work) -> None:
    """Others stay, and so does what accounts have about the same address."""
    await keep(storage, ADA)
    old = ticket("old", None, Purpose.JOIN, address="New@example.org")
    other = ticket("other", None, Purpose.JOIN, address="other@example.org")
    new = ticket("new", None, Purpose.JOIN, address="new@example.org")
    hers = [replace(one, address=new.address) for one in FIVE]
    await issue(storage, old, other, *hers)

    await issue(storage, new)

    assert await left(look, old, other, *hers, new) == ["other", *Purpose, "new"]


async def test_an_account_voids_no_invitation(storage: Storage, look: Work) -> None:
    """Not even with a ticket for the same purpose about the same address."""
    await keep(storage, ADA)
    invitation = ticket("i", None, Purpose.JOIN)

    await issue(storage, invitation, ticket("a", ADA, Purpose.JOIN))

    assert await left(look, invitation) == ["i"]


async def test_tickets_about_an_address_come_newest_first(storage: Storage, look: Work) -> None:
    """In whatever spelling; of two of one moment the greater id is the newer. A few at most."""
    people = [account(f"p{number}") for number in range(4)]
    await keep(storage, *people)
    spellings = ["a@x.org", "A@x.org", " a@X.org", "\uff41@x.org"]
    moments = [AT, AT + 2 * SECOND, AT, AT + SECOND]
    for number, who in enumerate(people):
        address, at = spellings[number], moments[number]
        one = ticket(f"t{number}", who, Purpose.CONFIRM, address=address, created_at=at)
        await issue(storage, one)
    await issue(storage, ticket("reset", people[0], Purpose.RESET, address="a@x.org"))

    found = {
        limit: [one.id for one in await look.tickets.about("A@X.ORG", Purpose.CONFIRM, limit=limit)]
        for limit in (-1, 0, 1, 3, 10_000)
    }

    order = ["t1", "t3", "t2", "t0"]
    assert found == {-1: [], 0: [], 1: order[:1], 3: order[:3], 10_000: order}


async def test_nobody_gets_no_ticket(storage: Storage, look: Work) -> None:
    """An account that is gone or disabled is refused, and nothing of the commit is kept."""
    off = account("Eve", state=State.DISABLED)
    await keep(storage, off)

    for who in (ADA, off):
        with pytest.raises(NotFoundError):
            await commit(
                storage,
                lambda work: work.accounts.add(BOB),
                lambda work: work.tickets.add(ticket("t", who, Purpose.RESET)),  # noqa: B023 - awaited in this round
            )

    assert await left(look, ticket("t", off, Purpose.RESET)) == []
    assert await look.accounts.by_id(BOB.id) is None


async def test_a_refused_ticket_voids_nothing(storage: Storage, look: Work) -> None:
    """A disabled account keeps what it had before."""
    await keep(storage, ADA)
    old, new = ticket("old", ADA, Purpose.RESET), ticket("new", ADA, Purpose.RESET)
    await issue(storage, old)
    disabled = replace(ADA, state=State.DISABLED)
    await commit(storage, lambda work: work.accounts.update(disabled, before=ADA))

    with pytest.raises(NotFoundError):
        await issue(storage, new)

    assert await left(look, old, new) == ["old"]


async def test_an_account_may_come_with_its_ticket(storage: Storage, look: Work) -> None:
    """Both are one commit."""
    one = ticket("t", ADA, Purpose.CONFIRM)

    await commit(
        storage,
        lambda work: work.accounts.add(ADA),
        lambda work: work.tickets.add(one),
    )

    assert await look.tickets.of(ADA.id, Purpose.CONFIRM) == one


async def test_an_id_and_a_link_are_taken_once(storage: Storage, look: Work) -> None:
    """By whomever."""
    await keep(storage, ADA, BOB)
    first = ticket("t", ADA, Purpose.RESET)
    await issue(storage, first)

    for second in (
        replace(ticket("u", BOB, Purpose.RESET), id=first.id),
        replace(ticket("u", BOB, Purpose.RESET), link_digest=first.link_digest),
    ):
        with pytest.raises(ConflictError):
            await issue(storage, second)

    assert await look.tickets.by_link(first.link_digest) == first


@pytest.mark.parametrize("field", ["address", "detail"])
async def test_a_text_that_no_database_can_hold_is_refused(storage: Storage, field: str) -> None:
    """It never becomes a fault of ours."""
    await keep(storage, ADA)

    for text in ("a\0b", "a\ud800b"):
        with pytest.raises(InvalidError):
            await issue(storage, ticket("t", ADA, Purpose.RESET, **{field: text}))


async def test_tickets_are_voided_by_purpose(storage: Storage, look: Work) -> None:
    """Of one account, about whatever address; none at all is no error."""
    await keep(storage, ADA, BOB)
    undo = ticket("undo 2", ADA, Purpose.UNDO, address="other@example.org")
    bobs = [ticket(f"b {one.id}", BOB, one.purpose) for one in FIVE]
    await issue(storage, *FIVE, undo, *bobs)

    seen = []
    for purposes in (set[Purpose](), {Purpose.RESET, Purpose.CHANGE}, [Purpose.UNDO] * 2):
        await commit(storage, lambda work: work.tickets.void(ADA.id, purposes))  # noqa: B023 - awaited in this round
        seen.append(await left(look, *FIVE, undo))

    assert seen == [
        [*Purpose, "undo 2"],
        ["confirm", "undo", "join", "undo 2"],
        ["confirm", "join"],
    ]
    assert await left(look, *bobs) == [one.id for one in bobs]


async def test_voiding_what_nobody_has_is_no_error(storage: Storage) -> None:
    """The account need not be there."""
    await commit(storage, lambda work: work.tickets.void(ADA.id, set(Purpose)))


async def test_a_commit_may_void_and_add(storage: Storage, look: Work) -> None:
    """In the order in which they were recorded."""
    await keep(storage, ADA)
    await issue(storage, *FIVE)
    new = ticket("new", ADA, Purpose.RESET)

    await commit(
        storage,
        lambda work: work.tickets.spend(TicketId(Purpose.CHANGE), at=AT),
        lambda work: work.tickets.void(ADA.id, set(ONE_EACH)),
        lambda work: work.tickets.add(new),
    )

    assert await left(look, *FIVE, new) == ["undo", "join", "new"]


async def test_tickets_go_with_their_account(storage: Storage, look: Work) -> None:
    """Invitations, and what others have about the same address, stay."""
    await keep(storage, ADA, BOB)
    bobs = ticket("bob's", BOB, Purpose.RESET)
    invitation = ticket("invitation", None, Purpose.JOIN)
    await issue(storage, *FIVE, bobs, invitation)

    await commit(storage, lambda work: work.accounts.delete(ADA.id))

    assert await left(look, *FIVE, bobs, invitation) == ["bob's", "invitation"]
    assert await look.tickets.about(bobs.address, Purpose.RESET, limit=9) == (bobs,)


async def test_old_tickets_are_purged_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """Those that ended first go first; what ended at the moment itself, or later, stays."""
    names = "dcba"
    tickets = [
        ticket(
            name, None, Purpose.JOIN, address=f"{name}@example.org", expires_at=AT + place * SECOND
        )
        for place, name in enumerate(names)
    ]
    await issue(storage, *tickets)

    seen = []
    for limit in (0, -1, 2, 2, 2):
        await commit(
            storage,
            lambda work: work.tickets.purge(before=AT + 3 * SECOND, limit=limit),  # noqa: B023 - awaited in this round
        )
        seen.append("".join(await left(look, *tickets)))

    assert seen == ["dcba", "dcba", "ba", "a", "a"]


async def test_tickets_revoke_nothing(lonely: Storage) -> None:
    """Nobody's token is looked up again for them."""
    await keep(lonely, ADA)
    one = ticket("t", ADA, Purpose.RESET)
    before = lonely.revocations.stamp()

    await issue(lonely, one, ticket("u", ADA, Purpose.CHANGE))
    await lonely.ticket_desk.guess(one.id, "wrong", at=AT)
    await commit(
        lonely,
        lambda work: work.tickets.spend(one.id, at=AT),
        lambda work: work.tickets.void(ADA.id, {Purpose.CHANGE}),
    )

    assert before is not None
    assert lonely.revocations.stamp() == before
