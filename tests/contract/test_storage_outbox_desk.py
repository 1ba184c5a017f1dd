"""What every keeper of the outbox promises to those who send its letters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from contract.things import AT, DAY, SECOND, commit, entry
from watchword.core.outbox.model import Entry, Standing
from watchword.core.ports import Storage, Work

UNTIL = AT + 60 * SECOND
ONE = entry("l")


async def post(storage: Storage, *entries: Entry) -> None:
    for one in entries:
        await commit(storage, lambda work: work.outbox.add(one))  # noqa: B023 - awaited in this round


async def claim(
    storage: Storage,
    holder: str = "a",
    *,
    at: datetime = AT,
    until: datetime = UNTIL,
    limit: int = 100,
) -> list[str]:
    claimed = await storage.outbox_desk.claim(holder, at=at, until=until, limit=limit)
    return [one.id for one in claimed]


async def test_a_letter_is_handed_over_whole(storage: Storage, look: Work) -> None:
    """As it is stored, and as it stays for those who only look."""
    one = entry("l", tries=2, reason="before", next_at=AT - DAY)
    await post(storage, one)

    claimed = await storage.outbox_desk.claim("a", at=AT, until=UNTIL, limit=9)

    assert claimed == (one,)
    assert await look.outbox.by_id(one.id) == one


async def test_only_letters_whose_time_has_come_are_handed_out(storage: Storage) -> None:
    """At the moment itself it has come."""
    await post(storage, entry("now"), entry("later", next_at=AT + SECOND))

    assert await claim(storage, at=AT - SECOND) == []
    assert await claim(storage) == ["now"]
    assert await claim(storage, at=AT + SECOND) == ["later"]


async def test_it_is_known_whether_there_is_one_to_hand_out(storage: Storage, look: Work) -> None:
    """From the moment of a letter on, as long as nobody has it."""
    assert not await look.outbox.is_due(at=AT)
    await post(storage, entry("later", next_at=AT + SECOND))
    await post(storage, entry("sent", standing=Standing.SENT, settled_at=AT))

    before, then = [await look.outbox.is_due(at=at) for at in (AT, AT + SECOND)]
    await claim(storage, at=AT + SECOND, until=UNTIL)
    held, over = [await look.outbox.is_due(at=at) for at in (UNTIL - SECOND, UNTIL)]

    assert (before, then, held, over) == (False, True, False, True)


async def test_it_is_known_whether_somebody_has_one(storage: Storage, look: Work) -> None:
    """Until it is settled or given back, and by name."""
    one, two = entry("l1"), entry("l2")
    await post(storage, one, two)
    await claim(storage, "a", limit=1)
    await claim(storage, "b")

    held = [await look.outbox.is_held(holder) for holder in ("a", "b", "c")]
    await commit(
        storage,
        lambda work: work.outbox.settle(one.id, Standing.SENT, at=AT, reason="", keeps=False),
    )
    await storage.outbox_desk.release("b")

    assert held == [True, True, False]
    assert not await look.outbox.is_held("a")
    assert not await look.outbox.is_held("b")


@pytest.mark.parametrize("standing", [Standing.SENT, Standing.REFUSED, Standing.STALE])
async def test_what_has_ended_is_not_handed_out(storage: Storage, standing: Standing) -> None:
    """Whether it ended before anybody had it, or while somebody did."""
    await post(storage, entry("before", standing=standing, settled_at=AT))
    await post(storage, ONE)
    assert await claim(storage) == ["l"]

    await commit(
        storage,
        lambda work: work.outbox.settle(ONE.id, standing, at=AT, reason="", keeps=True),
    )

    assert await claim(storage, "b", at=AT + DAY, until=AT + 2 * DAY) == []


async def test_the_longest_waiting_go_first(storage: Storage) -> None:
    """By when their time came, then by age, then by id; a few at a time if asked."""
    await post(
        storage,
        entry("e", next_at=AT),
        entry("d", next_at=AT, created_at=AT - SECOND),
        entry("c", next_at=AT - SECOND),
        entry("b", next_at=AT - SECOND),
        entry("a", next_at=AT - DAY),
    )

    handed = [await claim(storage, limit=limit) for limit in (0, -1, 2, 2, 2)]

    assert handed == [[], [], ["a", "b"], ["c", "d"], ["e"]]


async def test_nobody_else_gets_a_claimed_letter(storage: Storage) -> None:
    """Until the claim is over, to the moment; then whoever comes first has it for a time again."""
    await post(storage, ONE)
    just_before = UNTIL - SECOND

    assert await claim(storage) == ["l"]
    assert await claim(storage, "b", at=just_before) == []
    assert await claim(storage, "a", at=just_before) == []
    assert await claim(storage, "b", at=UNTIL, until=UNTIL + SECOND) == ["l"]
    assert await claim(storage, "a", at=UNTIL) == []


async def test_a_sender_gives_back_what_is_its_own(storage: Storage) -> None:
    """What it has settled counts no more, and others keep theirs."""
    await post(storage, *(entry(name) for name in "abcd"))
    assert await claim(storage, "x", limit=3) == ["a", "b", "c"]
    assert await claim(storage, "y") == ["d"]
    sent, free = entry("b"), entry("c")
    await commit(
        storage,
        lambda work: work.outbox.settle(sent.id, Standing.SENT, at=AT, reason="", keeps=False),
        lambda work: work.outbox.put_back(free.id, next_at=AT, reason="away"),
    )

    given = [await storage.outbox_desk.release(holder) for holder in ("x", "x", "nobody")]

    assert given == [1, 0, 0]
    assert await claim(storage, "z") == ["a", "c"]
    assert await storage.outbox_desk.release("y") == 1


async def test_what_is_claimed_anew_is_the_new_senders(storage: Storage) -> None:
    """The one before, whose claim is over, gives back nothing of it."""
    await post(storage, ONE)
    await claim(storage, "slow")
    await claim(storage, "quick", at=UNTIL, until=UNTIL + DAY)

    assert await storage.outbox_desk.release("slow") == 0
    assert await claim(storage, "third", at=UNTIL) == []


@pytest.mark.parametrize(
    "wait",
    [
        lambda work: work.outbox.defer(ONE.id, next_at=AT + 9 * SECOND, reason=""),
        lambda work: work.outbox.put_back(ONE.id, next_at=AT + 9 * SECOND, reason="away"),
    ],
    ids=["defer", "put_back"],
)
async def test_what_waits_again_is_free_when_its_time_comes(
    storage: Storage, wait: Callable[[Work], None]
) -> None:
    """It does not wait for the end of the claim, which was to be longer."""
    await post(storage, ONE)
    await claim(storage)

    await commit(storage, wait)

    assert await claim(storage, "b", at=AT + 8 * SECOND) == []
    assert await claim(storage, "b", at=AT + 9 * SECOND) == ["l"]


async def test_a_letter_that_is_being_sent_is_not_handed_out_again(
    storage: Storage, look: Work
) -> None:
    """Even if somebody asks that it be tried again now."""
    await post(storage, ONE)
    await claim(storage)

    await commit(storage, lambda work: work.outbox.retry(ONE.id, at=AT + SECOND))

    assert await look.outbox.by_id(ONE.id) == replace(ONE, next_at=AT + SECOND)
    assert await claim(storage, "b", at=AT + SECOND) == []
    assert await storage.outbox_desk.release("a") == 1
