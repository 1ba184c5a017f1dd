"""What every keeper of the feed of revocations promises, to those who follow it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, session, signing_key, together
from watchword.core.accounts.model import Account
from watchword.core.audit.model import Action, Event
from watchword.core.kernel.errors import DeniedError, InvalidError, NotFoundError
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Storage, Work
from watchword.core.revocations.model import Kind, Revocation, sid_digest
from watchword.core.sessions.model import Session

ADA = account("Ada")
BOB = account("Bob")
FAR = AT + timedelta(days=100_000)


async def begin(storage: Storage, *sessions: Session) -> None:
    async with storage.open_work() as work:
        for one in sessions:
            work.sessions.add(one)
        await work.commit()


def ended(*names: str) -> list[tuple[Kind, str]]:
    return [(Kind.SESSION, sid_digest(SessionId(name))) for name in names]


async def told(look: Work, number: int = 0) -> list[tuple[Kind, str]]:
    return [(one.kind, one.sid) for one in await look.revocation_log.since(number, limit=PAGE_MAX)]


async def test_an_empty_feed_begins_at_nothing(storage: Storage, look: Work) -> None:
    """Opening sessions and rotating keys revokes nothing."""
    await keep(storage, ADA)
    await begin(storage, session("s", ADA))
    await commit(storage, lambda work: work.signing_keys.add_first(signing_key("one")))
    await commit(storage, lambda work: work.signing_keys.rotate(signing_key("two", AT + SECOND)))
    await commit(storage, lambda work: work.signing_keys.delete_retired(before=AT + DAY))

    assert await look.revocation_log.latest() == 0
    assert await told(look) == []


async def test_the_end_of_a_session_is_told_once(storage: Storage, look: Work) -> None:
    """By the digest of its id alone; ending it again tells nothing more."""
    await keep(storage, ADA)
    await begin(storage, session("s", ADA), session("t", ADA))

    for name in ("s", "s", "none", "t"):
        await commit(storage, lambda work: work.sessions.end(SessionId(name)))  # noqa: B023 - awaited in this round

    found = await look.revocation_log.since(0, limit=PAGE_MAX)
    assert [(one.kind, one.sid) for one in found] == ended("s", "t")
    assert found[0].number < found[1].number == await look.revocation_log.latest()


ENDS: dict[str, tuple[Callable[[Work], None], list[str]]] = {
    "one": (lambda work: work.sessions.end(SessionId("a1")), ["a1"]),
    "all of one account": (lambda work: work.sessions.end_all_of(ADA.id), ["a0", "a1", "a2"]),
    "all but one": (
        lambda work: work.sessions.end_all_of(ADA.id, but=SessionId("a1")),
        ["a0", "a2"],
    ),
    "the oldest": (lambda work: work.sessions.end_oldest_of(ADA.id, keep=1), ["a0", "a1"]),
    "with the account": (lambda work: work.accounts.delete(ADA.id), ["a0", "a1", "a2"]),
    "none": (lambda work: work.sessions.end_oldest_of(ADA.id, keep=3), []),
    "what expired": (lambda work: work.sessions.end_expired(at=FAR, limit=9), []),
}


@pytest.mark.parametrize("how", ENDS)
async def test_every_way_to_end_sessions_is_told(storage: Storage, look: Work, how: str) -> None:
    """Each that ended, and no other. One whose time was over anyhow is no news."""
    end, names = ENDS[how]
    await keep(storage, ADA, BOB)
    some = [session(f"a{number}", ADA, created_at=AT + SECOND * number) for number in range(3)]
    await begin(storage, *some, session("bob's", BOB))

    await commit(storage, end)

    assert sorted(await told(look)) == sorted(ended(*names))


@pytest.mark.parametrize("count", [9, 10, 11, 99, 137])
async def test_many_sessions_that_end_at_once_are_all_told(
    storage: Storage, look: Work, count: int
) -> None:
    """Each once, with a number of its own."""
    names = [f"s{number}" for number in range(count)]
    await keep(storage, ADA)
    await begin(storage, *(session(name, ADA) for name in names))

    await commit(storage, lambda work: work.sessions.end_all_of(ADA.id))

    found = await look.revocation_log.since(0, limit=PAGE_MAX)
    assert sorted((one.kind, one.sid) for one in found) == sorted(ended(*names))
    assert len({one.number for one in found}) == count


async def test_distrust_of_signing_keys_is_told(storage: Storage, look: Work) -> None:
    """Once for all of them, and not when there was none to distrust."""
    await commit(storage, lambda work: work.signing_keys.add_first(signing_key("one")))
    await commit(storage, lambda work: work.signing_keys.rotate(signing_key("two", AT + SECOND)))
    await commit(storage, lambda work: work.signing_keys.rotate(signing_key("new", AT + DAY)))

    for _ in range(2):
        await commit(storage, lambda work: work.signing_keys.delete_others("new"))

    assert await told(look) == [(Kind.KEYS, "")]


async def test_what_was_refused_is_not_told(storage: Storage, look: Work) -> None:
    """A commit that failed revoked nothing."""
    await keep(storage, ADA)
    await begin(storage, session("s", ADA))

    with pytest.raises(NotFoundError):
        await commit(
            storage,
            lambda work: work.sessions.end(SessionId("s")),
            lambda work: work.accounts.delete(BOB.id),
        )

    assert await told(look) == []
    assert await look.sessions.count_of(ADA.id) == 1


async def test_a_session_id_that_no_database_can_hold_is_refused(storage: Storage) -> None:
    """It never becomes a fault of ours."""
    with pytest.raises(InvalidError):
        await commit(storage, lambda work: work.sessions.end(SessionId("a\0b")))


async def test_a_reader_goes_on_where_it_stopped(storage: Storage, look: Work) -> None:
    """A few at a time, in order; past the end there is nothing, whatever number it names."""
    await keep(storage, ADA)
    names = [f"s{number}" for number in range(5)]
    await begin(storage, *(session(name, ADA) for name in names))
    for name in names:
        await commit(storage, lambda work: work.sessions.end(SessionId(name)))  # noqa: B023 - awaited in this round
    found: list[Revocation] = []

    while some := await look.revocation_log.since(found[-1].number if found else 0, limit=2):
        assert len(some) <= 2
        found += some

    assert [(one.kind, one.sid) for one in found] == ended(*names)
    assert await look.revocation_log.since(10**30, limit=2) == ()
    assert len(await look.revocation_log.since(-(10**30), limit=0)) == 1


async def test_what_no_token_can_meet_any_more_is_forgotten(storage: Storage, look: Work) -> None:
    """A session when its own time is over, a few at a time; distrust of keys never."""
    await keep(storage, ADA)
    names = ["s0", "s1", "s2", "s3"]
    await begin(
        storage,
        *(session(name, ADA, expires_at=AT + SECOND * n) for n, name in enumerate(names)),
    )
    await commit(storage, lambda work: work.signing_keys.add_first(signing_key("one")))
    await commit(storage, lambda work: work.signing_keys.delete_others("none"))
    for name in names:
        await commit(storage, lambda work: work.sessions.end(SessionId(name)))  # noqa: B023 - awaited in this round
    latest = await look.revocation_log.latest()
    left = []

    for at in (AT + SECOND, AT + 2 * SECOND, FAR):
        await commit(storage, lambda work: work.revocation_log.purge(at=at, limit=2))  # noqa: B023 - awaited in this round
        left.append(await told(look))

    keys = (Kind.KEYS, "")
    assert left[:2] == [[keys, *ended("s2", "s3")], [keys, *ended("s3")]]
    assert await look.revocation_log.latest() == latest
    assert left[2] == left[1]


async def test_no_number_comes_twice(storage: Storage, look: Work) -> None:
    """Not even when all that had one is forgotten."""
    await keep(storage, ADA)
    numbers = []
    for name in ("s0", "s1", "s2"):
        await begin(storage, session(name, ADA, expires_at=AT))
        await commit(storage, lambda work: work.sessions.end(SessionId(name)))  # noqa: B023 - awaited in this round
        await commit(storage, lambda work: work.revocation_log.purge(at=FAR, limit=9))
        numbers.append(await look.revocation_log.latest())

    assert numbers == sorted(set(numbers))


async def test_a_commit_can_depend_on_a_session(storage: Storage, look: Work) -> None:
    """It is refused when the session has ended; the session itself stays as it is."""
    await keep(storage, ADA)
    kept = session("s", ADA)
    await begin(storage, kept)

    await commit(
        storage,
        lambda work: work.sessions.require(kept.id),
        lambda work: work.sessions.add(session("t", ADA)),
    )
    with pytest.raises(DeniedError):
        await commit(
            storage,
            lambda work: work.sessions.add(session("u", ADA)),
            lambda work: work.sessions.require(SessionId("none")),
        )

    assert await look.sessions.by_id(kept.id) == kept
    assert await look.sessions.count_of(ADA.id) == 2


async def test_a_session_is_exchanged_once(database: Storage) -> None:
    """Of twenty who exchange it at once, one gets another."""
    await keep(database, ADA)
    for number in range(10):
        old = session(f"old {number}", ADA)
        await begin(database, old)

        refusals = await together(
            *(_exchange(database, old.id, session(f"new {number} {n}", ADA)) for n in range(20))
        )

        async with database.open_work() as work:
            assert await work.sessions.count_of(ADA.id) == number + 1
        assert (refusals.count(None), refusals.count(DeniedError)) == (1, 19)


async def _exchange(database: Storage, old: SessionId, new: Session) -> None:
    await commit(
        database,
        lambda work: work.sessions.require(old),
        lambda work: work.sessions.end(old),
        lambda work: work.sessions.add(new),
    )


async def test_nothing_is_done_for_a_session_that_has_ended(database: Storage) -> None:
    """What depends on it is done before its end, or not at all."""
    await keep(database, ADA)
    for number in range(40):
        old = SessionId(f"s{number}")
        await begin(database, session(old, ADA))
        does, ends = (_event(f"{what} {number}") for what in ("does", "ends"))

        refusals = await together(
            commit(database, _requirement(old), does, does, does),
            commit(database, _end(old), ends),
        )

        async with database.open_work() as work:
            events = (await work.audit.page(limit=4)).items
        done = [one.subject.split()[0] for one in reversed(events)]
        assert refusals[0] in (None, DeniedError)
        assert done[1:] == ["does", "does", "ends"] or refusals[0] is DeniedError


def _event(subject: str) -> Callable[[Work], None]:
    event = Event(at=AT, action=Action.SESSION_END, subject=subject)
    return lambda work: work.audit.add(event)


def _requirement(name: SessionId) -> Callable[[Work], None]:
    return lambda work: work.sessions.require(name)


class Follower:
    """Reads the feed all the time, each time after the last number that it has seen."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.seen: list[Revocation] = []

    async def look(self) -> None:
        async with self._storage.open_work() as work:
            last = self.seen[-1].number if self.seen else 0
            self.seen += await work.revocation_log.since(last, limit=PAGE_MAX)

    async def follow(self, others: Sequence["asyncio.Task[None]"]) -> None:
        while not all(one.done() for one in others):
            await self.look()
            await asyncio.sleep(0)
        await self.look()


async def test_who_follows_the_feed_misses_nothing(database: Storage) -> None:
    """Though commits that began earlier end later: none gets in behind the reader's back."""
    people = [account(f"n{number}") for number in range(10)]
    await keep(database, *people)
    sessions = [session(f"s{number}", people[number % 10]) for number in range(200)]
    await begin(database, *sessions)
    ends = [asyncio.create_task(_end_slowly(database, number)) for number in range(100)]
    ends += [asyncio.create_task(_end_all(database, who)) for who in people]
    followers = [Follower(database) for _ in range(3)]

    await asyncio.gather(*(one.follow(ends) for one in followers), *ends)

    async with database.open_work() as work:
        whole = list(await work.revocation_log.since(0, limit=PAGE_MAX))
    assert sorted(one.sid for one in whole) == sorted(sid_digest(one.id) for one in sessions)
    assert all(one.seen == whole for one in followers)


async def _end_slowly(database: Storage, number: int) -> None:
    """End a session in a commit that has little or much to do afterwards."""
    async with database.open_work() as work:
        work.sessions.end(SessionId(f"s{number}"))
        for _ in range(number % 5 * 10):
            work.audit.add(Event(at=AT, action=Action.SESSION_END, subject=ADA.id))
        await work.commit()


async def _end_all(database: Storage, who: Account) -> None:
    await commit(database, lambda work: work.sessions.end_all_of(who.id))


async def test_ends_of_all_kinds_at_once_are_no_deadlock(database: Storage) -> None:
    """One by one, by account, by age and by deletion: each session is told once or expired."""
    for number in range(5):
        people = [account(f"n{number} {one}") for one in range(5)]
        await keep(database, *people)
        names = [f"s{number} {one}" for one in range(60)]
        await begin(
            database,
            *(
                session(name, people[n % 5], created_at=AT + SECOND * n, expires_at=AT + DAY)
                for n, name in enumerate(names)
            ),
        )

        refusals = await together(
            *(_end_named(database, names[n : n + 20]) for n in range(0, 60, 10)),
            *(_end_named(database, names[n : n + 20][::-1]) for n in range(5, 60, 10)),
            *(_end_all(database, who) for who in people[:2]),
            *(_end_oldest(database, who) for who in people[1:3]),
            *(commit(database, _deletion(who)) for who in people[3:]),
            commit(database, lambda work: work.sessions.end_expired(at=AT + DAY, limit=30)),
        )

        assert set(refusals) == {None}
    async with database.open_work() as work:
        found = [one.sid for one in await work.revocation_log.since(0, limit=PAGE_MAX)]
    assert len(set(found)) == len(found)


async def _end_named(database: Storage, names: list[str]) -> None:
    await commit(database, *(_end(SessionId(name)) for name in names))


def _end(name: SessionId) -> Callable[[Work], None]:
    return lambda work: work.sessions.end(name)


async def _end_oldest(database: Storage, who: Account) -> None:
    await commit(database, lambda work: work.sessions.end_oldest_of(who.id, keep=3))


def _deletion(who: Account) -> Callable[[Work], None]:
    return lambda work: work.accounts.delete(who.id)
