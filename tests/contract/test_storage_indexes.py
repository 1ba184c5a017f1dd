"""Tickets and letters are found by an index, however many there are, on each real database."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from contract.things import AT, DAY, account, commit, entry, ticket
from watchword.core.kernel.ids import AccountId, LetterId, TicketId
from watchword.core.outbox.model import Standing
from watchword.core.ports import Revocations, Storage
from watchword.core.tickets.model import Purpose
from watchword.storage.engine import Engine
from watchword.storage.moments import stored
from watchword.storage.statement import Result, Row, Statement, Steps, Transaction, Value
from watchword.storage.work import SqlStorage

ADA = account("Ada")
MANY = 5_000
NUMBERS = {
    "sqlite": "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s"  # noqa: S608 - a number
    f" WHERE n < {MANY}) SELECT n FROM s) AS s",
    "postgres": f"generate_series(1, {MANY}) AS s (n)",
}


class ToldEngine:
    """An engine that remembers every statement it was given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.told: list[tuple[str, tuple[Value, ...]]] = []

    @property
    def revocations(self) -> Revocations:
        return self._engine.revocations

    @property
    def words(self) -> Mapping[str, str]:
        return self._engine.words

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        self.told.append((sql, values))
        return await self._engine.fetch_one(sql, *values)

    async def fetch_all(self, sql: str, *values: Value) -> Sequence[Row]:
        self.told.append((sql, values))
        return await self._engine.fetch_all(sql, *values)

    async def apply(self, transaction: Transaction[Result]) -> Result:
        told = Transaction(lambda: self._listen(transaction), transaction.locks)
        return await self._engine.apply(told)

    async def close(self) -> None:
        await self._engine.close()

    def _listen(self, transaction: Transaction[Result]) -> Steps[Result]:
        steps = transaction.steps()
        try:
            statement = next(steps)
            while True:
                self.told.append((statement.sql, statement.values))
                rows = yield statement
                statement = steps.send(rows)
        except StopIteration as done:
            result: Result = done.value
            return result


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
    engine = ToldEngine(database._engine)  # noqa: SLF001 - the plans of a test go past the port

    await use(SqlStorage(engine))

    slow = {
        sql: plan
        for sql, values in engine.told
        if _is_slow(plan := await _plan(engine, sql, values))
    }
    assert engine.told
    assert slow == {}


async def test_the_tickets_of_an_account_are_found_when_it_goes(database: SqlStorage) -> None:
    """What the database does by itself is done by an index as well."""
    await _fill(database)
    engine = ToldEngine(database._engine)  # noqa: SLF001 - the plans of a test go past the port

    plan = await _plan(engine, "DELETE FROM tickets WHERE account_id = $1", (AccountId("a"),))

    assert not _is_slow(plan)


def _is_slow(plan: str) -> bool:
    # Only these two tables: the others have few rows here, and tests of their own.
    return bool(
        re.search(r"SCAN (tickets|letters)|Seq Scan on (tickets|letters)|B-TREE|Sort", plan)
    )


async def _plan(engine: ToldEngine, sql: str, values: tuple[Value, ...]) -> str:
    explain = "EXPLAIN" if _is_postgres(engine) else "EXPLAIN QUERY PLAN"
    rows = await engine.fetch_all(f"{explain} {sql}", *values)
    engine.told.pop()
    return "\n".join(str(row[-1]) for row in map(tuple, rows))


async def _fill(database: SqlStorage) -> None:
    engine = ToldEngine(database._engine)  # noqa: SLF001 - the rows of a test go past the port
    numbers, at = NUMBERS["postgres" if _is_postgres(engine) else "sqlite"], stored(AT)
    await commit(database, lambda work: work.accounts.add(ADA))
    await _run(
        engine,
        "INSERT INTO tickets (id, purpose, address, address_key, detail, link_digest,"  # noqa: S608 - numbers of ours
        " code_digest, tries_left, created_at, expires_at, code_expires_at)"
        f" SELECT 't' || n, 'join', 'x' || n, 'x' || n, '', 'l' || n, '', 5, {at}, {at} + n, {at}"
        f" FROM {numbers}",
    )
    await _run(
        engine,
        "INSERT INTO letters (id, kind, recipient, sealed, standing, tries, reason,"  # noqa: S608 - numbers of ours
        " created_at, next_at, settled_at) SELECT 'l' || n, 'reset', 'x', 'x',"
        " CASE n % 3 WHEN 0 THEN 'waiting' WHEN 1 THEN 'sent' ELSE 'refused' END, 0, '',"
        f" {at} + n, {at} + n, CASE n % 3 WHEN 0 THEN NULL ELSE {at} + n END FROM {numbers}",
    )
    if _is_postgres(engine):
        await _run(engine, "ANALYZE")


async def _run(engine: ToldEngine, sql: str) -> None:
    def steps() -> Steps[None]:
        yield Statement(sql)

    await engine.apply(Transaction(steps))


def _is_postgres(engine: ToldEngine) -> bool:
    return engine.words["integer"] == "BIGINT"
