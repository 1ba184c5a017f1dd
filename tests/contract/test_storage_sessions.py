"""What every keeper of sessions promises."""

from dataclasses import replace

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, session
from watchword.core.accounts.model import Role
from watchword.core.joined import Bearer
from watchword.core.kernel.errors import ConflictError, InvalidError, NotFoundError
from watchword.core.kernel.ids import SessionId
from watchword.core.ports import Storage, Work
from watchword.core.sessions.model import Session

ADA = account("Ada")
BOB = account("Bob")


async def begin(storage: Storage, *sessions: Session) -> None:
    for one in sessions:
        async with storage.open_work() as work:
            work.sessions.add(one)
            await work.commit()


async def test_a_session_comes_back_as_it_was_stored(storage: Storage, look: Work) -> None:
    """Every field survives."""
    stored = session("s", ADA, address="2001:db8::/64", expires_at=AT + SECOND)
    await keep(storage, ADA)

    await begin(storage, stored)

    assert await look.sessions.by_id(stored.id) == stored
    assert await look.sessions.by_id(SessionId("another")) is None


async def test_a_bearer_is_the_session_with_its_account(storage: Storage, look: Work) -> None:
    """One look finds both as they are now; it judges neither expiry nor state."""
    over = session("s", ADA, expires_at=AT - DAY)
    await keep(storage, ADA)
    await begin(storage, over)
    now = replace(ADA, role=Role.ADMIN, email="ada@example.org", email_confirmed_at=AT)
    await commit(storage, lambda work: work.accounts.update(now, before=ADA))

    assert await look.bearer(over.id) == Bearer(now, over)
    assert await look.bearer(SessionId("another")) is None
    assert await look.bearer(SessionId("\0\ud800")) is None


async def test_nobody_gets_no_session(storage: Storage, look: Work) -> None:
    """A session for an account that is gone is refused."""
    with pytest.raises(NotFoundError):
        await begin(storage, session("s", ADA))

    assert await look.sessions.by_id(SessionId("s")) is None


async def test_a_session_id_is_taken_once(storage: Storage) -> None:
    """A second session with the same id is refused."""
    await keep(storage, ADA, BOB)
    await begin(storage, session("s", ADA))

    with pytest.raises(ConflictError):
        await begin(storage, session("s", BOB))


async def test_live_sessions_are_listed_newest_first(storage: Storage, look: Work) -> None:
    """Those of one account, without the ones whose time is over."""
    await keep(storage, ADA, BOB)
    some = [session(f"s{number}", ADA, created_at=AT + SECOND * number) for number in range(3)]
    over = session("over", ADA, expires_at=AT + SECOND)
    await begin(storage, *some, over, session("bob's", BOB))

    assert await look.sessions.of(ADA.id, at=AT + SECOND) == tuple(reversed(some))
    assert await look.sessions.count_of(ADA.id) == 4
    assert await look.sessions.of(ADA.id, at=AT) == (*reversed(some), over)


async def test_pages_go_from_the_newest_to_the_oldest(storage: Storage, look: Work) -> None:
    """Every live session of anybody comes once, those of one moment too."""
    await keep(storage, ADA, BOB)
    owners = [ADA, BOB]
    some = [
        session(f"s{number}", owners[number % 2], created_at=AT + SECOND * (number // 2))
        for number in range(5)
    ]
    await begin(storage, *some, session("over", ADA, expires_at=AT))

    first = await look.sessions.page(at=AT, limit=3)
    rest = await look.sessions.page(at=AT, after=first.next, limit=3)

    assert [*first.items, *rest.items] == some[::-1]
    assert rest.next is None


async def test_the_cursor_of_another_list_is_refused(storage: Storage, look: Work) -> None:
    """A place among accounts is none among sessions."""
    await keep(storage, ADA, BOB)
    foreign = (await look.accounts.page(limit=1)).next
    assert foreign is not None

    with pytest.raises(InvalidError) as refused:
        await look.sessions.page(at=AT, after=foreign, limit=3)

    assert refused.value.field == "after"


async def test_an_ended_session_is_gone(storage: Storage, look: Work) -> None:
    """Ending it twice is no error."""
    await keep(storage, ADA)
    await begin(storage, session("s", ADA), session("t", ADA))

    for _ in range(2):
        await commit(storage, lambda work: work.sessions.end(SessionId("s")))

    assert [one.id for one in await look.sessions.of(ADA.id, at=AT)] == ["t"]


@pytest.mark.parametrize(("but", "left"), [(None, []), ("s1", ["s1"]), ("bob's", [])])
async def test_all_sessions_of_an_account_end(
    storage: Storage, look: Work, but: str | None, left: list[str]
) -> None:
    """Except one of them, if asked; those of others live on."""
    await keep(storage, ADA, BOB)
    await begin(storage, session("s1", ADA), session("s2", ADA), session("bob's", BOB))
    spared = SessionId(but) if but else None

    await commit(storage, lambda work: work.sessions.end_all_of(ADA.id, but=spared))

    assert [one.id for one in await look.sessions.of(ADA.id, at=AT)] == left
    assert await look.sessions.count_of(BOB.id) == 1


async def test_the_oldest_sessions_end_first(storage: Storage, look: Work) -> None:
    """The newest stay, as many as asked for."""
    await keep(storage, ADA, BOB)
    some = [session(f"s{number}", ADA, created_at=AT + SECOND * number) for number in range(4)]
    await begin(storage, *some[::-1], session("bob's", BOB))

    await commit(storage, lambda work: work.sessions.end_oldest_of(ADA.id, keep=2))

    assert await look.sessions.of(ADA.id, at=AT) == (some[3], some[2])
    assert await look.sessions.count_of(BOB.id) == 1


async def test_expired_sessions_are_counted(storage: Storage, look: Work) -> None:
    """Those of anybody, from the moment of their end on."""
    await keep(storage, ADA, BOB)
    await begin(
        storage,
        session("s", ADA, expires_at=AT),
        session("t", BOB, expires_at=AT - DAY),
        session("u", BOB, expires_at=AT + SECOND),
    )

    assert await look.sessions.count_expired(at=AT) == 2
    assert await look.sessions.count_expired(at=AT - SECOND) == 1


async def test_expired_sessions_are_removed_a_few_at_a_time(storage: Storage, look: Work) -> None:
    """Those that ended first go first; living ones stay."""
    await keep(storage, ADA)
    some = [session(f"s{number}", ADA, expires_at=AT + SECOND * number) for number in range(4)]
    await begin(storage, *some)

    await commit(storage, lambda work: work.sessions.end_expired(at=AT + 2 * SECOND, limit=2))
    assert await look.sessions.count_of(ADA.id) == 2
    await commit(storage, lambda work: work.sessions.end_expired(at=AT + 2 * SECOND, limit=2))

    assert await look.sessions.of(ADA.id, at=AT) == (some[3],)
