"""What every keeper of the audit trail promises."""

from dataclasses import replace

import pytest

from contract.things import AT, SECOND, account, commit, keep
from watchword.core.audit.model import Action, Event
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import Storage, Work

EVENT = Event(
    at=AT,
    action=Action.SESSION_SIGNIN_REFUSED,
    subject="id-of-Ada",
    actor="operator",
    address="192.0.2.1",
    dialect="asta",
    detail="wrong",
)


async def happen(storage: Storage, *events: Event) -> None:
    for event in events:
        async with storage.open_work() as work:
            work.audit.add(event)
            await work.commit()


async def test_an_event_comes_back_as_it_happened(storage: Storage, look: Work) -> None:
    """Every field survives, and the same thing may happen twice."""
    await happen(storage, EVENT, EVENT)

    assert (await look.audit.page(limit=9)).items == (EVENT, EVENT)


async def test_every_action_can_be_stored(storage: Storage, look: Work) -> None:
    """Whatever the core can say happened is readable afterwards."""
    events = [replace(EVENT, action=action) for action in Action]

    await happen(storage, *events)

    assert (await look.audit.page(limit=99)).items == tuple(reversed(events))


async def test_events_outlive_their_account(storage: Storage, look: Work) -> None:
    """Who is deleted leaves a trail."""
    ada = account("Ada")
    await keep(storage, ada)
    await happen(storage, EVENT)

    await commit(storage, lambda work: work.accounts.delete(ada.id))

    assert (await look.audit.page(subject=ada.id, limit=9)).items == (EVENT,)


async def test_pages_go_from_the_newest_to_the_oldest(storage: Storage, look: Work) -> None:
    """Each event comes once, in the order of writing, whatever was written in between."""
    events = [replace(EVENT, at=AT + SECOND * number) for number in range(5)]
    await happen(storage, *events)

    first = await look.audit.page(limit=2)
    await happen(storage, EVENT)
    second = await look.audit.page(after=first.next, limit=2)
    third = await look.audit.page(after=second.next, limit=2)

    assert [*first.items, *second.items, *third.items] == events[::-1]
    assert third.next is None


@pytest.mark.parametrize(
    ("subject", "action", "expected"),
    [
        ("a", None, ["a end", "a in"]),
        (None, Action.SESSION_END, ["b end", "a end"]),
        ("a", Action.SESSION_END, ["a end"]),
        ("c", None, []),
        ("a\0", Action.SESSION_END, []),
    ],
)
async def test_events_are_found_by_subject_and_action(
    storage: Storage, look: Work, subject: str | None, action: Action | None, expected: list[str]
) -> None:
    """Either, both or neither may be asked for."""
    words = {"in": Action.SESSION_SIGNIN_OK, "end": Action.SESSION_END}
    for detail in ("a in", "b in", "a end", "b end"):
        who, what = detail.split()
        await happen(storage, replace(EVENT, subject=who, action=words[what], detail=detail))

    page = await look.audit.page(subject=subject, action=action, limit=9)

    assert [event.detail for event in page.items] == expected


async def test_a_filtered_list_has_pages_too(storage: Storage, look: Work) -> None:
    """The cursor goes on where the filter left off."""
    for number in range(6):
        await happen(storage, replace(EVENT, subject="ab"[number % 2], detail=str(number)))

    first = await look.audit.page(subject="a", limit=2)
    rest = await look.audit.page(subject="a", after=first.next, limit=2)

    assert [event.detail for event in (*first.items, *rest.items)] == ["4", "2", "0"]
    assert rest.next is None


@pytest.mark.parametrize("cursor", ["x", "YWNjb3VudHM6MTph", "YXVkaXQ6LTE6"])
async def test_a_foreign_cursor_is_refused(look: Work, cursor: str) -> None:
    """Text that this list did not write is no place in it."""
    with pytest.raises(InvalidError) as refused:
        await look.audit.page(after=cursor, limit=5)

    assert refused.value.field == "after"
