"""A ticket is used once and guessed at a few times, however many come at once."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from contract.storages import Kind, opened
from contract.things import AT, DAY, account, commit, keep, ticket, together
from parts.processes import beside, line_of, tell
from watchword.core.accounts.model import Account, State
from watchword.core.kernel.errors import DeniedError, NotFoundError
from watchword.core.ports import Storage, Work
from watchword.core.tickets.model import CODE_TRIES, Purpose, Ticket

ADA = account("Ada")


async def issue(storage: Storage, one: Ticket) -> None:
    await commit(storage, lambda work: work.tickets.add(one))


async def spend(storage: Storage, one: Ticket) -> None:
    await commit(storage, lambda work: work.tickets.spend(one.id, at=AT))


async def void(storage: Storage, who: Account) -> None:
    await commit(storage, _voiding(who))


async def delete(storage: Storage, who: Account) -> None:
    await commit(storage, _deletion(who))


async def guess(storage: Storage, one: Ticket, code: str = "wrong") -> bool:
    return await storage.ticket_desk.guess(one.id, code, at=AT)


async def left(storage: Storage, *tickets: Ticket) -> list[Ticket]:
    async with storage.open_work() as work:
        found = [await work.tickets.by_link(one.link_digest) for one in tickets]
    return [one for one in found if one]


async def test_of_twenty_who_spend_a_ticket_one_succeeds(storage: Storage) -> None:
    """The others are refused, and it is gone."""
    await keep(storage, ADA)
    for number in range(10):
        one = ticket(str(number), ADA, Purpose.RESET)
        await issue(storage, one)

        refusals = await together(*(spend(storage, one) for _ in range(20)))

        assert (refusals.count(None), refusals.count(DeniedError)) == (1, 19)
        assert await left(storage, one) == []


async def test_parallel_guesses_cannot_outrun_the_tries(storage: Storage) -> None:
    """Of twenty wrong ones at once five are looked at, and then the right one is wrong too."""
    await keep(storage, ADA)
    for number in range(10):
        one = ticket(str(number), ADA, Purpose.RESET)
        await issue(storage, one)

        said = await asyncio.gather(*(guess(storage, one) for _ in range(20)))

        assert said == [False] * 20
        assert await left(storage, one) == [replace(one, tries_left=0)]
        assert not await guess(storage, one, one.code_digest)


async def test_every_wrong_guess_is_counted(storage: Storage) -> None:
    """Right ones that come between them are right, and cost nothing."""
    await keep(storage, ADA)
    for number in range(10):
        one = ticket(str(number), ADA, Purpose.RESET)
        await issue(storage, one)
        codes = ["wrong", one.code_digest] * (CODE_TRIES - 1)

        said = await asyncio.gather(*(guess(storage, one, code) for code in codes))

        assert said == [False, True] * (CODE_TRIES - 1)
        assert await left(storage, one) == [replace(one, tries_left=1)]


@pytest.mark.parametrize("kind", [Kind.SQLITE, Kind.POSTGRES])
async def test_processes_cannot_outrun_the_tries(
    kind: Kind, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """What four processes guess counts together: none of their ninety guesses is lost."""
    async with opened(kind, request, tmp_path) as storage:
        await keep(storage, ADA)
        one = ticket("t", ADA, Purpose.RESET, tries_left=100)
        await issue(storage, one)
        target = str(tmp_path / "watchword.db")
        if kind is Kind.POSTGRES:
            target = request.getfixturevalue("postgres_server").url("contract")
        with ExitStack() as stack:
            processes = [
                stack.enter_context(beside("guess", target, str(tmp_path), one.id, times))
                for times in ("20", "20", "25", "25")
            ]
            for process in processes:
                assert await asyncio.to_thread(line_of, process) == "ready"
            for process in processes:
                tell(process, "go")
            said = [await asyncio.to_thread(line_of, process) for process in processes]
        found = await left(storage, one)

    assert said == ["0"] * 4
    assert found == [replace(one, tries_left=10)]


@pytest.mark.parametrize("who", [ADA, None], ids=["reset", "invitation"])
async def test_of_twenty_asked_for_at_once_one_is_left(
    storage: Storage, who: Account | None
) -> None:
    """Each voids the last, in whatever order they come."""
    await keep(storage, ADA)
    purpose = Purpose.RESET if who else Purpose.JOIN
    for turn in range(3):
        tickets = [ticket(f"{turn} {number}", who, purpose) for number in range(20)]

        refusals = await together(*(issue(storage, one) for one in tickets))

        assert set(refusals) == {None}
        assert len(await left(storage, *tickets)) == 1


async def test_a_ticket_is_spent_or_void(database: Storage) -> None:
    """Who spends it while all are voided, or another is made, succeeds or is refused."""
    await keep(database, ADA)
    for number in range(20):
        old = ticket(f"old {number}", ADA, Purpose.RESET)
        new = ticket(f"new {number}", ADA, Purpose.RESET)
        await issue(database, old)
        end = issue(database, new) if number % 2 else void(database, ADA)

        refusals = await together(spend(database, old), end)

        assert refusals in ([None, None], [DeniedError, None])
        assert len(await left(database, old, new)) == number % 2


async def test_a_deleted_account_leaves_no_ticket(database: Storage) -> None:
    """Either the ticket is made first and goes with it, or it is refused."""
    for number in range(30):
        who = account(f"Ada {number}")
        await keep(database, who)
        one = ticket(f"t{number}", who, Purpose.RESET)

        refusals = await together(issue(database, one), delete(database, who))

        assert refusals[0] in (None, NotFoundError)
        assert refusals[1] is None
        assert await left(database, one) == []


async def test_a_disabled_account_gets_no_more_tickets(database: Storage) -> None:
    """Once it is closed, nothing appears that was not there before."""
    for number in range(10):
        who = account(f"Ada {number}")
        await keep(database, who)
        some = [
            ticket(f"{number} {place}", who, Purpose.UNDO, address=f"{place}@example.org")
            for place in range(8)
        ]

        seen, *_ = await asyncio.gather(
            _disable_and_look(database, who, some),
            together(*(issue(database, one) for one in some)),
        )

        assert await left(database, *some) == seen


async def _disable_and_look(database: Storage, who: Account, tickets: list[Ticket]) -> list[Ticket]:
    disabled = replace(who, state=State.DISABLED)
    await commit(database, lambda work: work.accounts.update(disabled, before=who))
    return await left(database, *tickets)


async def test_ending_many_in_many_ways_at_once_is_no_deadlock(database: Storage) -> None:
    """Old ones are purged while they are spent, voided, and deleted with their account."""
    for turn in range(5):
        people = [account(f"p{turn} {number}") for number in range(6)]
        await keep(database, *people)
        # Those of who goes last lie first, so that two ways through them differ.
        tickets = [
            ticket(f"{place:02} {who.id}", who, Purpose.UNDO, address=f"{place}@example.org")
            for who in people[::-1]
            for place in range(30, 0, -1)
        ]
        await commit(database, *(_addition(one) for one in tickets))

        refusals = await together(
            # One after the other: who comes in the middle finds some locked and some not.
            commit(database, *map(_voiding, people[:3])),
            commit(database, *map(_deletion, people[3:])),
            # Some of these come when the others have begun.
            *(commit(database, *[_purging(AT)] * wait, _purging(AT + 2 * DAY)) for wait in (0, 20)),
            *(spend(database, one) for one in tickets[:6]),
        )

        assert refusals[:4] == [None] * 4
        assert set(refusals) <= {None, DeniedError}
        assert await left(database, *tickets) == []


def _voiding(who: Account) -> Callable[[Work], None]:
    return lambda work: work.tickets.void(who.id, set(Purpose))


def _purging(before: datetime) -> Callable[[Work], None]:
    return lambda work: work.tickets.purge(before=before, limit=1000)


def _deletion(who: Account) -> Callable[[Work], None]:
    return lambda work: work.accounts.delete(who.id)


def _addition(one: Ticket) -> Callable[[Work], None]:
    return lambda work: work.tickets.add(one)
