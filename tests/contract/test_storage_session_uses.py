"""What every keeper of sessions promises about who uses them, and about the idle ones."""

import asyncio
import random
from dataclasses import replace
from datetime import datetime

import pytest

from contract.things import AT, DAY, SECOND, account, commit, keep, session
from watchword.core.joined import Bearer
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.ids import SessionId
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.ports import Storage, Work
from watchword.core.revocations.model import sid_digest
from watchword.core.sessions.model import Kind, Session
from watchword.core.sessions.store import SessionUse

ADA = account("Ada")
BOB = account("Bob")


async def begin(storage: Storage, *sessions: Session) -> None:
    async with storage.open_work() as work:
        for one in sessions:
            work.sessions.add(one)
        await work.commit()


async def use(storage: Storage, **moments: datetime) -> None:
    uses = [SessionUse(SessionId(name), at) for name, at in moments.items()]
    await commit(storage, lambda work: work.sessions.used(uses))


async def left(look: Work) -> list[str]:
    return sorted(one.id for one in (await look.sessions.page(at=AT, limit=PAGE_MAX)).items)


COOKIE = session("cookie", ADA, kind=Kind.COOKIE, client="Ünïcode 2.0", last_used_at=AT + SECOND)
BEARER = session("bearer", ADA, client="c" * 200)


@pytest.mark.parametrize("stored", [COOKIE, BEARER])
async def test_kind_client_and_use_come_back(storage: Storage, look: Work, stored: Session) -> None:
    """Whichever way the session is looked up."""
    await keep(storage, ADA)

    await begin(storage, stored)

    assert await look.sessions.by_id(stored.id) == stored
    assert await look.bearer(stored.id) == Bearer(ADA, stored)
    assert await look.sessions.of(ADA.id, at=AT) == (stored,)
    assert (await look.sessions.page(at=AT, limit=1)).items == (stored,)


async def test_a_client_that_cannot_be_kept_is_refused(storage: Storage) -> None:
    """No database keeps NUL in a text."""
    await keep(storage, ADA)

    with pytest.raises(InvalidError):
        await begin(storage, session("s", ADA, client="a\0b"))


async def test_sessions_are_counted_by_dialect(storage: Storage, look: Work) -> None:
    """Those whose time is over too; nobody else's."""
    await keep(storage, ADA, BOB)
    await begin(
        storage,
        session("a1", ADA, dialect="assets"),
        session("a2", ADA, dialect="assets", expires_at=AT - DAY),
        session("other", ADA, dialect="asta"),
        session("bob's", BOB, dialect="assets"),
    )

    assert await look.sessions.count_of(ADA.id) == 3
    assert await look.sessions.count_of(ADA.id, dialect="assets") == 2
    assert await look.sessions.count_of(ADA.id, dialect="none") == 0


async def test_the_later_use_stays(storage: Storage, look: Work) -> None:
    """Processes write what they saw in any order; the rest of the session is untouched."""
    await keep(storage, ADA)
    await begin(storage, COOKIE, BEARER)
    seen = []

    for seconds in (3, 2, 4):
        await use(storage, cookie=AT + seconds * SECOND)
        seen.append(await look.sessions.by_id(COOKIE.id))

    assert seen == [replace(COOKIE, last_used_at=AT + n * SECOND) for n in (3, 3, 4)]
    assert await look.sessions.by_id(BEARER.id) == BEARER


async def test_uses_of_sessions_that_are_gone_are_left_out(storage: Storage, look: Work) -> None:
    """The others of the same write are kept; none at all is no error."""
    await keep(storage, ADA)
    await begin(storage, BEARER)

    await use(storage)
    await use(storage, gone=AT, bearer=AT)

    assert await look.sessions.by_id(BEARER.id) == replace(BEARER, last_used_at=AT)
    assert await look.sessions.by_id(SessionId("gone")) is None


async def test_many_uses_are_written_at_once(storage: Storage, look: Work) -> None:
    """Hundreds, each to its own session; of two of one session the later counts."""
    await keep(storage, ADA)
    some = [session(f"s{number}", ADA) for number in range(234)]
    await begin(storage, *some)
    uses = [
        SessionUse(one.id, AT + (number + extra) * SECOND)
        for number, one in enumerate(some)
        for extra in (0, 2, 1)
    ]
    random.Random(4).shuffle(uses)

    await commit(storage, lambda work: work.sessions.used(uses))

    found = {one.id: one.last_used_at for one in await look.sessions.of(ADA.id, at=AT)}
    assert found == {one.id: AT + (n + 2) * SECOND for n, one in enumerate(some)}


async def test_the_one_used_least_lately_ends(storage: Storage, look: Work) -> None:
    """One that was never used counts from when it was made; other dialects' and people's stay."""
    await keep(storage, ADA, BOB)
    await begin(
        storage,
        session("old but used", ADA, last_used_at=AT + 9 * SECOND),
        session("old", ADA),
        session("idle", ADA, created_at=AT + SECOND, last_used_at=AT + 3 * SECOND),
        session("new", ADA, created_at=AT + 5 * SECOND),
        session("elsewhere", ADA, dialect="assets"),
        session("bob's", BOB),
    )
    gone = []

    for keep_count in (4, 3, 2, 1, 0, -1):
        before = await left(look)
        await commit(
            storage,
            lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=keep_count),  # noqa: B023 - awaited in this round
        )
        gone.append(sorted(set(before) - set(await left(look))))

    assert gone == [[], ["old"], ["idle"], ["new"], ["old but used"], []]
    assert await left(look) == ["bob's", "elsewhere"]


async def test_of_those_used_at_one_moment_the_oldest_ends(storage: Storage, look: Work) -> None:
    """And of those made at one moment too, the one with the lesser id."""
    await keep(storage, ADA)
    used = AT + DAY / 2
    await begin(
        storage,
        session("c", ADA, last_used_at=used),
        session("b", ADA, created_at=AT + SECOND, last_used_at=used),
        session("a", ADA, created_at=AT + SECOND, last_used_at=used),
    )
    seen = []

    for keep_count in (2, 1):
        await commit(
            storage,
            lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=keep_count),  # noqa: B023 - awaited in this round
        )
        seen.append(await left(look))

    assert seen == [["a", "b"], ["b"]]


async def test_idle_sessions_end_and_others_do_not(storage: Storage, look: Work) -> None:
    """Of those that are named; one that was never used counts from when it was made."""
    await keep(storage, ADA, BOB)
    since = AT + 5 * SECOND
    await begin(
        storage,
        session("never used", ADA),
        session("long ago", BOB, last_used_at=since - SECOND / 1_000_000),
        session("then", ADA, last_used_at=since),
        session("new", ADA, created_at=since),
        session("not named", ADA),
    )
    named = [SessionId(one) for one in ("never used", "long ago", "then", "new", "gone")]

    await commit(storage, lambda work: work.sessions.end_idle(named, since=since))

    told = await look.revocation_log.since(0, limit=9)
    ended = [SessionId("long ago"), SessionId("never used")]
    assert await left(look) == ["new", "not named", "then"]
    assert sorted(one.sid for one in told) == sorted(map(sid_digest, ended))


async def test_many_idle_sessions_end_at_once(storage: Storage, look: Work) -> None:
    """Hundreds, and the end of each is felt; none at all is no error."""
    await keep(storage, ADA)
    some = [session(f"s{number}", ADA) for number in range(234)]
    await begin(storage, *some)
    before = storage.revocations.stamp()

    await commit(storage, lambda work: work.sessions.end_idle((), since=AT + DAY))
    kept = await look.sessions.count_of(ADA.id)
    await commit(
        storage, lambda work: work.sessions.end_idle([one.id for one in some], since=AT + DAY)
    )

    assert (kept, await look.sessions.count_of(ADA.id)) == (234, 0)
    assert len(await look.revocation_log.since(0, limit=PAGE_MAX)) == 234
    assert storage.revocations.stamp() not in (None, before)


async def test_the_end_of_an_idle_session_is_felt_and_told(storage: Storage, look: Work) -> None:
    """As any other end is: whoever remembered its token looks again."""
    await keep(storage, ADA)
    await begin(storage, session("idle", ADA), session("used", ADA, last_used_at=AT + SECOND))
    before = storage.revocations.stamp()

    await commit(storage, lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=1))

    told = await look.revocation_log.since(0, limit=9)
    assert [one.sid for one in told] == [sid_digest(SessionId("idle"))]
    assert before is not None
    assert storage.revocations.stamp() not in (None, before)


async def test_a_use_and_room_enough_revoke_nothing(lonely: Storage) -> None:
    """Nobody's token is looked up again for it."""
    await keep(lonely, ADA)
    await begin(lonely, session("s", ADA))
    before = lonely.revocations.stamp()

    await use(lonely, s=AT)
    await commit(lonely, lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=1))

    async with lonely.open_work() as work:
        assert await work.revocation_log.latest() == 0
    assert before is not None
    assert lonely.revocations.stamp() == before


async def test_many_log_ins_at_once_keep_to_the_limit(database: Storage) -> None:
    """However many come at once, as many are left as may be."""
    await keep(database, ADA)

    async def log_in(number: int) -> None:
        opened = session(f"s{number}", ADA, created_at=AT + number * SECOND)
        await commit(
            database,
            lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=4),
            lambda work: work.sessions.add(opened),
        )

    await asyncio.gather(*(log_in(number) for number in range(30)))

    async with database.open_work() as work:
        assert await work.sessions.count_of(ADA.id) == 5


async def test_uses_and_ends_at_once_are_no_deadlock(database: Storage) -> None:
    """Each writes to many sessions, in whatever order."""
    await keep(database, ADA)
    for number in range(10):
        some = [session(f"s{number} {one}", ADA) for one in range(60)]
        await begin(database, *some)
        uses = [SessionUse(one.id, AT + SECOND) for one in some]

        await asyncio.gather(
            commit(database, lambda work: work.sessions.used(uses)),  # noqa: B023 - awaited in this round
            commit(database, lambda work: work.sessions.used(uses[::-1])),  # noqa: B023 - awaited in this round
            commit(database, lambda work: work.sessions.end_oldest_of(ADA.id, keep=40)),
            commit(
                database,
                lambda work: work.sessions.end_idlest_of(ADA.id, dialect="asta", keep=20),
            ),
            commit(database, lambda work: work.sessions.end_all_of(ADA.id)),
        )

        async with database.open_work() as work:
            assert await work.sessions.count_of(ADA.id) == 0
