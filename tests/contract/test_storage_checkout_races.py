"""An asset has one holder or none, however many ask at once, on each real database."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from contract.storages import Kind, opened
from contract.things import AT, SECOND, account, commit, keep
from parts.processes import beside, line_of, tell
from watchword.core.accounts.model import Account, State
from watchword.core.checkouts.model import Holder
from watchword.core.kernel.errors import CoreError, NotFoundError
from watchword.core.ports import Storage

PEOPLE = [account(f"p{number}") for number in range(5)]
CROWD = [Holder(account_id=PEOPLE[n % 5].id, client=f"client {n // 5}") for n in range(50)]
ROUNDS = 100


class Borrower:
    """Takes one asset again and again; all of them share a note of who has it."""

    def __init__(self, storage: Storage, note: list[Holder], holder: Holder) -> None:
        self._desk = storage.checkout_desk
        self._note = note
        self._holder = holder
        self.had = 0

    async def borrow(self) -> None:
        found = await self._desk.take("asset", self._holder, at=AT, is_download=False)
        if found.holder != self._holder:
            assert found.holder in CROWD
            return
        assert self._note == []
        self._note.append(self._holder)
        # Whoever else could take it now, does.
        await asyncio.sleep(0)
        assert self._note == [self._holder]
        self._note.clear()
        given = await self._desk.give_back("asset", self._holder)
        assert given == found
        self.had += 1


async def refused(*attempts: Awaitable[object]) -> list[type[BaseException] | None]:
    """Run all at once and return what each was refused with. A fault that is none of ours fails."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    faults = [one if isinstance(one, BaseException) else None for one in outcomes]
    assert all(one is None or isinstance(one, CoreError) for one in faults), faults
    return [None if one is None else type(one) for one in faults]


async def test_an_asset_has_one_holder_at_each_moment(storage: Storage) -> None:
    """Fifty at once take it a hundred times over, and give it back when they got it."""
    await keep(storage, *PEOPLE)
    note: list[Holder] = []
    crowd = [Borrower(storage, note, holder) for holder in CROWD]

    async def again_and_again(one: Borrower) -> None:
        for _ in range(ROUNDS):
            await one.borrow()

    await asyncio.gather(*(again_and_again(one) for one in crowd))

    async with storage.open_work() as work:
        assert await work.checkouts.of("asset") is None
    # Somebody has it at least every other time that all have asked.
    assert sum(one.had for one in crowd) >= ROUNDS // 2


async def test_of_fifty_at_once_one_gets_it(storage: Storage) -> None:
    """All are told the same, and it is what is stored."""
    await keep(storage, *PEOPLE)
    for number in range(5):
        asset, take = f"asset{number}", storage.checkout_desk.take

        told = await asyncio.gather(
            *(take(asset, holder, at=AT, is_download=False) for holder in CROWD)
        )

        async with storage.open_work() as work:
            stored = await work.checkouts.of(asset)
        assert {*told} == {stored}


async def test_of_fifty_who_give_it_back_one_did(storage: Storage) -> None:
    """The others find that nobody has it."""
    await keep(storage, *PEOPLE)
    taken = await storage.checkout_desk.take("asset", CROWD[0], at=AT, is_download=False)

    given = await asyncio.gather(
        *(storage.checkout_desk.give_back("asset", CROWD[0]) for _ in range(50))
    )

    assert (given.count(taken), given.count(None)) == (1, 49)


@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.POSTGRES])
async def test_four_processes_never_have_it_at_once(
    kind: Kind, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Who has it makes a file that must not be there, and takes it away again.

    Each of four tasks in each of them has it five times in the end.
    """
    async with opened(kind, request, tmp_path) as storage:
        await keep(storage, *PEOPLE)
        target = str(tmp_path / "watchword.db")
        if kind is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url("contract")
        with ExitStack() as stack:
            processes = [
                stack.enter_context(beside("borrow", target, str(tmp_path), who.id, "5"))
                for who in PEOPLE[:4]
            ]
            for process in processes:
                assert await asyncio.to_thread(line_of, process) == "ready"
            for process in processes:
                tell(process, "go")
            said = [await asyncio.to_thread(line_of, process) for process in processes]
            codes = [await asyncio.to_thread(process.wait, 30) for process in processes]
        async with storage.open_work() as work:
            assert await work.checkouts.of("asset") is None

    assert (said, codes) == (["done"] * 4, [0] * 4)


async def test_a_deleted_account_holds_nothing(database: Storage) -> None:
    """Either it takes the asset first and that goes with it, or it is refused."""
    for number in range(30):
        who = account(f"Ada {number}")
        await keep(database, who)

        refusals = await refused(
            _take(database, f"asset{number}", who),
            _delete(database, who),
        )

        async with database.open_work() as work:
            assert await work.checkouts.of(f"asset{number}") is None
        assert refusals[0] in (None, NotFoundError)
        assert refusals[1] is None


async def test_a_disabled_account_takes_nothing_more(database: Storage) -> None:
    """Once it is closed, nothing appears that was not there before."""
    for number in range(10):
        who = account(f"Ada {number}")
        await keep(database, who)
        assets = [f"asset {number} {one}" for one in range(8)]

        seen, _ = await asyncio.gather(
            _disable_and_look(database, who),
            refused(*(_take(database, asset, who) for asset in assets)),
        )

        assert await _held_by(database, who) == seen


async def _disable_and_look(database: Storage, who: Account) -> list[str]:
    disabled = replace(who, state=State.DISABLED)
    await commit(database, lambda work: work.accounts.update(disabled, before=who))
    return await _held_by(database, who)


async def _held_by(database: Storage, who: Account) -> list[str]:
    async with database.open_work() as work:
        page = await work.checkouts.page(account_id=who.id, limit=100)
    return [one.asset_id for one in page.items]


async def test_ending_many_in_many_ways_at_once_is_no_deadlock(database: Storage) -> None:
    """Old ones end while they are given back and while their account is deleted."""
    assets = [f"asset{number:03}" for number in range(100)]
    for number in range(10):
        who = account(f"Ada {number}")
        await keep(database, who)
        # The other way round than an index has them, so that two ways through them differ.
        for asset in assets[::-1]:
            await _take(database, asset, who)

        refusals = await refused(
            _end_old(database),
            _delete(database, who),
            _end_old(database),
            *(database.checkout_desk.give_back(asset, None) for asset in assets[40:60]),
        )

        async with database.open_work() as work:
            assert (await work.checkouts.page(limit=1)).items == ()
        assert set(refusals) == {None}


async def _take(database: Storage, asset: str, who: Account) -> None:
    holder = Holder(account_id=who.id)
    await database.checkout_desk.take(asset, holder, at=AT, is_download=False)


async def _delete(database: Storage, who: Account) -> None:
    await commit(database, lambda work: work.accounts.delete(who.id))


async def _end_old(database: Storage) -> None:
    await commit(database, lambda work: work.checkouts.end_old(before=AT + SECOND, limit=100))
