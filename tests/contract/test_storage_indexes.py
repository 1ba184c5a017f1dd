"""Tickets and letters are found by an index, however many there are, on each real database."""

from collections.abc import Awaitable, Callable

import pytest

from contract.plans import is_slow, know_the_rows, numbers, plan, run, slow_ones, told_engine
from contract.things import AT, DAY, account, commit, entry, ticket
from watchword.core.kernel.ids import AccountId, LetterId, TicketId
from watchword.core.outbox.model import Standing
from watchword.core.ports import Storage
from watchword.core.tickets.model import Purpose
from watchword.storage.moments import stored
from watchword.storage.work import SqlStorage

ADA = account("Ada")


async def read_tickets(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.tickets.by_link("l7")
        await work.tickets.of(ADA.id, Purpose.RESET)
        await work.tickets.about("x7", Purpose.JOIN, limit=5)


async def change_tickets(storage: Storage) -> None:
    await storage.ticket_desk.guess(TicketId("t7"), "wrong", at=AT)
    await commit(
        storage,
        lambda work: work.tickets.add(ticket("a", ADA, Purpose.RESET)),
        lambda work: work.tickets.add(ticket("b", ADA, Purpose.UNDO)),
        lambda work: work.tickets.add(ticket("c", None, Purpose.JOIN)),
        lambda work: work.tickets.spend(TicketId("a"), at=AT),
        lambda work: work.tickets.void(ADA.id, {Purpose.UNDO}),
        lambda work: work.tickets.purge(before=AT, limit=9),
    )


async def read_letters(storage: Storage) -> None:
    async with storage.open_work() as work:
        await work.outbox.by_id(LetterId("l7"))
        await work.outbox.is_due(at=AT + DAY)
        await work.outbox.is_held("me")
        for standing in (None, Standing.WAITING, Standing.REFUSED):
            page = await work.outbox.page(standing=standing, limit=9)
            await work.outbox.page(standing=standing, after=page.next, limit=9)


async def change_letters(storage: Storage) -> None:
    await storage.outbox_desk.claim("me", at=AT + DAY, until=AT + DAY, limit=9)
    await storage.outbox_desk.release("me")
    one = entry("a").id
    await commit(
        storage,
        lambda work: work.outbox.add(entry(one)),
        lambda work: work.outbox.defer(one, next_at=AT, reason=""),
        lambda work: work.outbox.put_back(one, next_at=AT, reason="away"),
        lambda work: work.outbox.withdraw(entry("b").id),
        lambda work: work.outbox.settle(one, Standing.REFUSED, at=AT, reason="", keeps=True),
        lambda work: work.outbox.retry(one, at=AT),
        lambda work: work.outbox.settle(one, Standing.SENT, at=AT, reason="", keeps=True),
        lambda work: work.outbox.purge(before=AT, limit=9),
    )


@pytest.mark.parametrize("use", [read_tickets, change_tickets, read_letters, change_letters])
async def test_no_statement_reads_a_whole_table(
    database: SqlStorage, use: Callable[[Storage], Awaitable[None]]
) -> None:
    """Nor does it sort what it found: the index has the order, too."""
    await _fill(database)
    engine = told_engine(database)

    await use(SqlStorage(engine))

    assert engine.told
    assert await slow_ones(engine, "tickets", "letters") == {}


async def test_the_tickets_of_an_account_are_found_when_it_goes(database: SqlStorage) -> None:
    """What the database does by itself is done by an index as well."""
    await _fill(database)

    found = await plan(
        told_engine(database), "DELETE FROM tickets WHERE account_id = $1", (AccountId("a"),)
    )

    assert not is_slow(found, "tickets")


async def _fill(database: SqlStorage) -> None:
    engine, at = told_engine(database), stored(AT)
    table = numbers(engine)
    await commit(database, lambda work: work.accounts.add(ADA))
    await run(
        engine,
        "INSERT INTO tickets (id, purpose, address, address_key, detail, link_digest,"  # noqa: S608 - numbers of ours
        " code_digest, tries_left, created_at, expires_at, code_expires_at)"
        f" SELECT 't' || n, 'join', 'x' || n, 'x' || n, '', 'l' || n, '', 5, {at}, {at} + n, {at}"
        f" FROM {table}",
    )
    await run(
        engine,
        "INSERT INTO letters (id, kind, recipient, sealed, standing, tries, reason,"  # noqa: S608 - numbers of ours
        " created_at, next_at, settled_at) SELECT 'l' || n, 'reset', 'x', 'x',"
        " CASE n % 3 WHEN 0 THEN 'waiting' WHEN 1 THEN 'sent' ELSE 'refused' END, 0, '',"
        f" {at} + n, {at} + n, CASE n % 3 WHEN 0 THEN NULL ELSE {at} + n END FROM {table}",
    )
    await know_the_rows(engine)
