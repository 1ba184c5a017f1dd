"""What every keeper of the outbox promises about letters, and how they end."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from contract.things import AT, DAY, SECOND, account, commit, entry, keep
from watchword.core.kernel.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.outbox.model import Entry, LetterKind, Standing
from watchword.core.ports import Storage, Work

LATER = AT + 10 * SECOND
ENDS = [Standing.SENT, Standing.REFUSED, Standing.STALE]


async def post(storage: Storage, *entries: Entry) -> None:
    for one in entries:
        await commit(storage, lambda work: work.outbox.add(one))  # noqa: B023 - awaited in this round


def ending(
    one: Entry, standing: Standing, *, reason: str = "why", keeps: bool = False
) -> Callable[[Work], None]:
    return lambda work: work.outbox.settle(one.id, standing, at=LATER, reason=reason, keeps=keeps)


async def ids(look: Work, standing: Standing | None = None) -> list[str]:
    return [one.id for one in (await look.outbox.page(standing=standing, limit=PAGE_MAX)).items]


async def test_every_field_of_a_letter_comes_back(storage: Storage, look: Work) -> None:
    """Of one that waits and of one that is settled."""
    plain = entry("plain")
    settled = Entry(
        id=LetterId("settled"),
        kind=LetterKind.ADDRESS_CHANGED,
        to="Ünï@Example.ORG",
        created_at=AT + SECOND,
        next_at=AT + 2 * SECOND,
        sealed="x" * 10_000,
        standing=Standing.REFUSED,
        tries=7,
        settled_at=AT + 3 * SECOND,
        reason="550 5.1.1 no such üser",
    )

    await post(storage, plain, settled)

    assert [await look.outbox.by_id(one.id) for one in (plain, settled)] == [plain, settled]
    assert (await look.outbox.page(limit=9)).items == (settled, plain)


async def test_what_was_never_there_is_not_found(look: Work) -> None:
    """Nor is what no database can keep."""
    for name in ("another", "", "\0", "\ud800"):
        assert await look.outbox.by_id(LetterId(name)) is None
    assert (await look.outbox.page(limit=9)).items == ()
    assert await look.outbox.count_waiting() == 0


async def test_a_letter_is_there_with_its_reason_or_not_at_all(
    storage: Storage, look: Work
) -> None:
    """A commit that is refused sends nothing."""
    await keep(storage, account("Ada"))

    with pytest.raises(ConflictError):
        await commit(
            storage,
            lambda work: work.outbox.add(entry("l")),
            lambda work: work.accounts.add(account("ADA")),
        )

    assert await look.outbox.by_id(LetterId("l")) is None


async def test_an_id_is_taken_once(storage: Storage, look: Work) -> None:
    """The first letter stays as it is."""
    await post(storage, entry("l"))

    with pytest.raises(ConflictError):
        await post(storage, entry("l", to="other@example.org"))

    assert await look.outbox.by_id(LetterId("l")) == entry("l")


async def test_a_text_that_no_database_can_hold_is_refused(storage: Storage) -> None:
    """It never becomes a fault of ours, not even in the words of a mail server."""
    one = entry("l")
    await post(storage, one)

    for text in ("a\0b", "a\ud800b"):
        for record in (
            lambda work: work.outbox.add(entry("m", to=text)),  # noqa: B023 - awaited in this round
            lambda work: work.outbox.defer(one.id, next_at=AT, reason=text),  # noqa: B023 - awaited in this round
            ending(one, Standing.REFUSED, reason=text),
        ):
            with pytest.raises(InvalidError):
                await commit(storage, record)


async def test_pages_go_from_the_newest(storage: Storage, look: Work) -> None:
    """Each letter comes once; of two of one moment the greater id comes first."""
    order = {"c": 2, "f": 1, "d": 1, "b": 1, "e": 0, "a": 0}
    await post(storage, *(entry(n, created_at=AT + order[n] * SECOND) for n in sorted(order)))

    first = await look.outbox.page(limit=4)
    rest = await look.outbox.page(after=first.next, limit=4)

    assert [one.id for one in (*first.items, *rest.items)] == list(order)
    assert (len(first.items), rest.next) == (4, None)


async def test_pages_of_one_standing_hold_no_others(storage: Storage, look: Work) -> None:
    """All of that standing, in the same order."""
    standings = [*Standing] * 3
    await post(storage, *(entry(str(number), standing=one) for number, one in enumerate(standings)))

    for number, standing in enumerate(Standing):
        first = await look.outbox.page(standing=standing, limit=2)
        rest = await look.outbox.page(standing=standing, after=first.next, limit=2)

        wanted = sorted((str(number + 4 * turn) for turn in range(3)), reverse=True)
        assert [one.id for one in (*first.items, *rest.items)] == wanted
        assert (len(first.items), rest.next) == (2, None)


async def test_the_cursor_of_another_list_is_refused(storage: Storage, look: Work) -> None:
    """A place among accounts is none among letters."""
    await keep(storage, account("Ada"), account("Bob"))
    foreign = (await look.accounts.page(limit=1)).next

    for after in (foreign, "rubbish"):
        with pytest.raises(InvalidError) as refused:
            await look.outbox.page(after=after, limit=1)
        assert refused.value.field == "after"


async def test_those_that_wait_are_counted(storage: Storage, look: Work) -> None:
    """Those whose time has yet to come and those that somebody is sending as well."""
    await post(storage, entry("due"), entry("later", next_at=AT + DAY), entry("held"))
    await post(storage, *(entry(one, standing=one) for one in ENDS))

    await storage.outbox_desk.claim("a", at=AT, until=LATER, limit=1)

    assert await look.outbox.count_waiting() == 3


@pytest.mark.parametrize("standing", ENDS)
@pytest.mark.parametrize("keeps", [False, True])
async def test_a_letter_ends(
    storage: Storage, look: Work, standing: Standing, *, keeps: bool
) -> None:
    """With a moment and a reason; its text is kept only if somebody may need it."""
    one = entry("l", tries=2, reason="before")
    await post(storage, one, entry("other"))

    await commit(storage, ending(one, standing, keeps=keeps))

    sealed = one.sealed if keeps else ""
    assert await look.outbox.by_id(one.id) == replace(
        one, standing=standing, settled_at=LATER, reason="why", sealed=sealed
    )
    assert await look.outbox.by_id(LetterId("other")) == entry("other")
    assert await look.outbox.count_waiting() == 1


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
async def test_a_letter_ends_once_unless_it_was_sent(
    storage: Storage, look: Work, first: Standing, second: Standing
) -> None:
    """Whatever somebody else made of it: what the mail server has is sent."""
    one = entry("l")
    await post(storage, one)
    ended = replace(one, standing=first, settled_at=AT, reason="first")

    await commit(
        storage,
        lambda work: work.outbox.settle(one.id, first, at=AT, reason="first", keeps=True),
    )
    await commit(storage, ending(one, second))

    counts = second is Standing.SENT and first is not Standing.SENT
    sent = replace(ended, standing=second, settled_at=LATER, reason="why", sealed="")
    assert await look.outbox.by_id(one.id) == (sent if counts else ended)


async def test_a_letter_that_is_gone_is_no_error(storage: Storage, look: Work) -> None:
    """Whoever sent it cannot help that it was purged meanwhile."""
    gone = entry("gone")

    await commit(
        storage,
        *(ending(gone, standing) for standing in ENDS),
        lambda work: work.outbox.defer(gone.id, next_at=AT, reason=""),
        lambda work: work.outbox.put_back(gone.id, next_at=AT, reason="away"),
    )

    assert await ids(look) == []


async def test_a_letter_that_nobody_has_taken_can_be_withdrawn(
    storage: Storage, look: Work
) -> None:
    """In the commit that wrote it, or in a later one; nobody else's goes with it."""
    one, two, three = entry("l1"), entry("l2"), entry("l3")
    await post(storage, one, two)

    await commit(
        storage,
        lambda work: work.outbox.withdraw(one.id),
        lambda work: work.outbox.add(three),
        lambda work: work.outbox.withdraw(three.id),
        lambda work: work.outbox.withdraw(LetterId("none")),
    )

    assert await ids(look) == [two.id]


@pytest.mark.parametrize("standing", list(Standing))
async def test_a_letter_that_somebody_has_or_had_is_not_withdrawn(
    storage: Storage, look: Work, standing: Standing
) -> None:
    """It may be with the mail server by now."""
    one = entry("l", standing=standing, settled_at=None if standing is Standing.WAITING else AT)
    await post(storage, one)
    await storage.outbox_desk.claim("one", at=AT, until=LATER, limit=1)

    await commit(storage, lambda work: work.outbox.withdraw(one.id))

    assert await look.outbox.by_id(one.id) == one


async def test_a_letter_that_was_turned_down_waits_longer(storage: Storage, look: Work) -> None:
    """Its tries are counted, and the last word is kept."""
    one = entry("l")
    await post(storage, one, entry("other"))

    for number in (1, 2):
        next_at = AT + number * SECOND
        await commit(
            storage,
            lambda work: work.outbox.defer(one.id, next_at=next_at, reason=f"no {number}"),  # noqa: B023 - awaited in this round
        )

    assert await look.outbox.by_id(one.id) == replace(
        one, tries=2, next_at=AT + 2 * SECOND, reason="no 2"
    )
    assert await look.outbox.by_id(LetterId("other")) == entry("other")


async def test_a_letter_that_was_not_tried_has_no_try_more(storage: Storage, look: Work) -> None:
    """Only its time changes, and why it waits."""
    one = entry("l", tries=3, reason="as before")
    await post(storage, one)

    await commit(storage, lambda work: work.outbox.put_back(one.id, next_at=LATER, reason="away"))

    assert await look.outbox.by_id(one.id) == replace(one, next_at=LATER, reason="away")


@pytest.mark.parametrize("standing", ENDS)
async def test_what_has_ended_waits_no_more(
    storage: Storage, look: Work, standing: Standing
) -> None:
    """Who was slow to say that it should wait is not heard."""
    one = entry("l", standing=standing, settled_at=AT)
    await post(storage, one)

    await commit(
        storage,
        lambda work: work.outbox.defer(one.id, next_at=LATER, reason="late"),
        lambda work: work.outbox.put_back(one.id, next_at=LATER, reason="away"),
    )

    assert await look.outbox.by_id(one.id) == one


@pytest.mark.parametrize("standing", [Standing.WAITING, Standing.REFUSED, Standing.STALE])
async def test_a_letter_that_was_not_sent_can_wait_again(
    storage: Storage, look: Work, standing: Standing
) -> None:
    """From now on, for whoever sends next."""
    settled_at = None if standing is Standing.WAITING else AT
    one = entry("l", standing=standing, settled_at=settled_at, next_at=AT + DAY, tries=2)
    await post(storage, one)

    await commit(storage, lambda work: work.outbox.retry(one.id, at=LATER))

    waiting = replace(one, standing=Standing.WAITING, settled_at=None, next_at=LATER)
    assert await look.outbox.by_id(one.id) == waiting
    assert await storage.outbox_desk.claim("a", at=LATER, until=AT + DAY, limit=9) == (waiting,)


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (entry("sent", standing=Standing.SENT, settled_at=AT), DeniedError),
        (entry("bare", standing=Standing.REFUSED, settled_at=AT, sealed=""), DeniedError),
        (None, NotFoundError),
    ],
    ids=["sent", "bare", "gone"],
)
async def test_what_cannot_be_sent_again_is_refused(
    storage: Storage, look: Work, one: Entry | None, refusal: type[Exception]
) -> None:
    """It stays as it is, and with it all of that commit."""
    await post(storage, *([one] if one else []))

    with pytest.raises(refusal):
        await commit(
            storage,
            lambda work: work.outbox.add(entry("other")),
            lambda work: work.outbox.retry(one.id if one else LetterId("gone"), at=LATER),
        )

    assert (await look.outbox.page(limit=9)).items == ((one,) if one else ())


async def test_old_letters_are_purged_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """Those settled first go first; what was settled at the moment itself, or later, stays.

    So does what waits, however long.
    """
    settled = [
        entry(name, standing=Standing.SENT, settled_at=AT + place * SECOND)
        for place, name in enumerate("dcba")
    ]
    await post(storage, entry("waits", created_at=AT - DAY, next_at=AT - DAY), *settled)

    seen = []
    for limit in (0, -1, 2, 2, 2):
        await commit(
            storage,
            lambda work: work.outbox.purge(before=AT + 3 * SECOND, limit=limit),  # noqa: B023 - awaited in this round
        )
        seen.append("".join(await ids(look)))

    assert seen == ["dcbawaits", "dcbawaits", "bawaits", "awaits", "awaits"]


async def test_a_letter_that_waits_again_is_not_purged(storage: Storage, look: Work) -> None:
    """It has no end any more."""
    one = entry("l", standing=Standing.REFUSED, settled_at=AT)
    await post(storage, one)
    await commit(storage, lambda work: work.outbox.retry(one.id, at=AT))

    await commit(storage, lambda work: work.outbox.purge(before=AT + DAY, limit=9))

    assert await ids(look) == ["l"]


async def test_letters_revoke_nothing(lonely: Storage) -> None:
    """Nobody's token is looked up again for them."""
    before = lonely.revocations.stamp()

    await post(lonely, entry("l"))
    await lonely.outbox_desk.claim("a", at=AT, until=LATER, limit=9)
    await lonely.outbox_desk.release("a")
    await commit(lonely, ending(entry("l"), Standing.SENT))

    assert before is not None
    assert lonely.revocations.stamp() == before
