"""How a real database would do what it is told, and rows enough for it to mind."""

import re
from collections.abc import Callable, Mapping, Sequence

from watchword.core.ports import Revocations
from watchword.storage.engine import Engine
from watchword.storage.statement import Result, Row, Statement, Steps, Transaction, Value
from watchword.storage.work import SqlStorage

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
                several = (statement,) if isinstance(statement, Statement) else statement
                self.told += [(one.sql, one.values) for one in several]
                rows = yield statement
                statement = steps.send(rows)
        except StopIteration as done:
            result: Result = done.value
            return result


def told_engine(database: SqlStorage) -> ToldEngine:
    """Return an engine to listen at, on the same database."""
    return ToldEngine(database._engine)  # noqa: SLF001 - the plans of a test go past the port


async def slow_ones(
    engine: ToldEngine, *tables: str, judge: Callable[..., bool] | None = None
) -> dict[str, str]:
    """Return the plans that read one of these tables whole, or sort, of all that was told."""
    judge = judge or is_slow
    told = list(engine.told)
    plans = {sql: await plan(engine, sql, values) for sql, values in told}
    return {sql: one for sql, one in plans.items() if judge(one, *tables)}


def is_slow(plan: str, *tables: str) -> bool:
    # Only these tables: the others have few rows here, and tests of their own.
    names = "|".join(tables)
    return bool(re.search(rf"SCAN ({names})\b|Seq Scan on ({names})\b|B-TREE|Sort", plan))


async def plan(engine: ToldEngine, sql: str, values: tuple[Value, ...]) -> str:
    explain = "EXPLAIN" if is_postgres(engine) else "EXPLAIN QUERY PLAN"
    rows = await engine.fetch_all(f"{explain} {sql}", *values)
    engine.told.pop()
    return "\n".join(str(row[-1]) for row in map(tuple, rows))


async def run(engine: ToldEngine, sql: str) -> None:
    def steps() -> Steps[None]:
        yield Statement(sql)

    await engine.apply(Transaction(steps))


def numbers(engine: ToldEngine) -> str:
    """Return a table `s` of numbers `n`, as this engine writes it."""
    return NUMBERS["postgres" if is_postgres(engine) else "sqlite"]


async def know_the_rows(engine: ToldEngine) -> None:
    """Have the planner look at the tables, where it would do so by itself in time."""
    if is_postgres(engine):
        await run(engine, "ANALYZE")


def is_postgres(engine: ToldEngine) -> bool:
    return engine.words["integer"] == "BIGINT"
