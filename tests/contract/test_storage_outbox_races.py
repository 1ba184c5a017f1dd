"""A letter goes to one sender, however many ask at once."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest

from contract.storages import Kind, opened
from contract.things import AT, DAY, SECOND, commit, entry, together
from parts.processes import beside, line_of, tell
from parts.storage_process import AT as THEIR_AT
from watchword.core.kernel.errors import DeniedError
from watchword.core.outbox.model import Entry, Standing
from watchword.core.ports import Storage, Work

LETTERS = [entry(f"l{number:03}") for number in range(200)]
ENOUGH = 1000


def addition(one: Entry) -> Callable[[Work], None]:
    return lambda work: work.outbox.add(one)


def ending(one: Entry, standing: Standing) -> Callable[[Work], None]:
    return lambda work: work.outbox.settle(one.id, standing, at=AT, reason="", keeps=True)


async def claim_all(storage: Storage, holder: str, *, limit: int = 3) -> list[str]:
    claimed: list[str] = []
    desk = storage.outbox_desk
    while some := await desk.claim(holder, at=AT, until=AT + DAY, limit=limit):
        claimed += [one.id for one in some]
    return claimed


async def test_four_senders_get_each_letter_once(storage: Storage) -> None:
    """All of them together every one; how many each of them gets is left to chance."""
    await commit(storage, *map(addition, LETTERS))

    claimed = await asyncio.gather(*(claim_all(storage, f"sender {one}") for one in range(4)))

    assert sorted(chain(*claimed)) == [one.id for one in LETTERS]


async def test_of_twenty_senders_one_gets_a_letter(storage: Storage) -> None:
    """The others get nothing; when the claim is over, one of them gets it."""
    await commit(storage, addition(LETTERS[0]))
    for turn in range(10):
        at = AT + turn * SECOND

        claimed = await asyncio.gather(
            *(
                storage.outbox_desk.claim(f"s{one}", at=at, until=at + SECOND, limit=5)
                for one in range(20)
            )
        )

        assert sorted(len(some) for some in claimed) == [0] * 19 + [1]


@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.POSTGRES])
async def test_four_processes_get_each_letter_once(
    kind: Kind, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """As four tasks of one do."""
    async with opened(kind, request, tmp_path) as storage:
        await commit(storage, *(addition(entry(one.id, next_at=THEIR_AT)) for one in LETTERS))
        target = str(tmp_path / "watchword.db")
        if kind is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url("contract")
        with ExitStack() as stack:
            processes = [
                stack.enter_context(beside("claim", target, str(tmp_path), f"sender {one}"))
                for one in range(4)
            ]
            for process in processes:
                assert await asyncio.to_thread(line_of, process) == "ready"
            for process in processes:
                tell(process, "go")
            said = [await asyncio.to_thread(line_of, process) for process in processes]
            codes = [await asyncio.to_thread(process.wait, 30) for process in processes]

    assert sorted(" ".join(said).split()) == [one.id for one in LETTERS]
    assert codes == [0] * 4


async def test_what_is_given_back_is_sent_once(database: Storage) -> None:
    """While it is given back, others ask for it: one of them has it in the end."""
    await commit(database, addition(LETTERS[0]))
    desk = database.outbox_desk
    assert await desk.claim("gone", at=AT, until=AT + DAY, limit=1)
    for turn in range(20):
        before, after = ("gone", "next") if turn % 2 == 0 else ("next", "gone")

        given, claimed = await asyncio.gather(
            desk.release(before),
            asyncio.gather(*(desk.claim(after, at=AT, until=AT + DAY, limit=1) for _ in range(5))),
        )
        claimed.append(await desk.claim(after, at=AT, until=AT + DAY, limit=1))

        assert given == 1
        assert sorted(len(some) for some in claimed) == [0] * 5 + [1]


async def test_what_was_sent_is_sent_whoever_says_else(database: Storage) -> None:
    """The mail server's yes wins against all who settle, defer and retry at the same time."""
    for number in range(20):
        one = entry(f"l{number}")
        await commit(database, addition(one))

        refusals = await together(
            commit(database, ending(one, Standing.REFUSED)),
            commit(database, ending(one, Standing.SENT)),
            commit(database, ending(one, Standing.STALE)),
            commit(database, lambda work: work.outbox.defer(one.id, next_at=AT, reason="")),  # noqa: B023 - awaited in this round
            commit(database, lambda work: work.outbox.retry(one.id, at=AT)),  # noqa: B023 - awaited in this round
        )

        async with database.open_work() as work:
            found = await work.outbox.by_id(one.id)
        assert found is not None
        assert found.standing is Standing.SENT
        assert refusals[:4] == [None] * 4
        assert refusals[4] in (None, DeniedError)
        assert await claim_all(database, "a") == []


async def test_letters_move_in_many_ways_at_once_without_a_deadlock(database: Storage) -> None:
    """They are claimed while others are added, settled by the hundred, deferred and purged."""
    await commit(database, *map(addition, LETTERS))
    new = [entry(f"n{number:03}") for number in range(40)]
    await commit(database, *(ending(one, Standing.SENT) for one in LETTERS[::5]))

    refusals = await together(
        commit(database, *(ending(one, Standing.SENT) for one in LETTERS[:120])),
        _claim(database),
        commit(database, *(ending(one, Standing.REFUSED) for one in LETTERS[80:][::-1])),
        _purge(database),
        commit(database, *(_deferral(one) for one in LETTERS[::-1])),
        *(commit(database, addition(one)) for one in new),
        _purge(database),
        _claim(database),
    )

    assert set(refusals) == {None}
    await _purge(database)
    late = await claim_all(database, "late", limit=ENOUGH)
    assert len(late) + await database.outbox_desk.release("early") == len(new)
    assert {*await claim_all(database, "last"), *late} == {one.id for one in new}
    async with database.open_work() as work:
        assert len((await work.outbox.page(limit=ENOUGH)).items) == len(new)


async def _claim(database: Storage) -> None:
    await claim_all(database, "early")


async def _purge(database: Storage) -> None:
    await commit(database, lambda work: work.outbox.purge(before=AT + DAY, limit=ENOUGH))


def _deferral(one: Entry) -> Callable[[Work], None]:
    return lambda work: work.outbox.defer(one.id, next_at=AT, reason="")
