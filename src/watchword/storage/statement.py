"""SQL statements, and what one transaction does with them."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, overload

from watchword.core.kernel.errors import CoreError, InvalidError

Value: TypeAlias = str | int | None


class Row(Protocol):
    """What a driver returns for one row; the columns have whatever types the SQL asked for."""

    def __iter__(self) -> Iterator[Any]: ...

    @overload
    def __getitem__(self, index: int, /) -> Any: ...  # noqa: ANN401 - the SQL decides
    @overload
    def __getitem__(self, index: slice, /) -> tuple[Any, ...]: ...


Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL text with its values; `$1` is the first.

    `expect` makes the error to raise when no row comes back, so such a statement is a
    SELECT or ends in RETURNING. `revokes` says that a row that comes back was something
    other processes may still remember. What is `apart` neither sees nor changes what its
    neighbours change, so an engine may do several such neighbours in one go.
    """

    sql: str
    values: tuple[Value, ...] = ()
    expect: Callable[[], CoreError] | None = None
    revokes: bool = False
    apart: bool = False


TOGETHER_MAX = 8

Together: TypeAlias = tuple[Statement, ...]
"""Statements that are apart from each other; an engine may tell no more than how many rows came."""

Steps: TypeAlias = Generator[Statement | Together, Sequence[Row], Result_co]
"""Yields a statement, is sent its rows, yields the next, and returns what came of it.

After statements that go together it is sent nothing.
"""


@dataclass(frozen=True, slots=True)
class Transaction(Generic[Result_co]):
    """What an engine does whole or not at all; `steps` may be begun more than once.

    `locks` names what it needs for itself alone: two transactions with a name in common
    run one after the other.
    """

    steps: Callable[[], Steps[Result_co]]
    locks: frozenset[str] = frozenset()


class Run(Generic[Result]):
    """One go at a transaction, for an engine to drive.

    After `first`, and again after each `then`, there are statements to execute, of which
    several go together, until there are none: then `result` is there.
    """

    def __init__(self, transaction: Transaction[Result]) -> None:
        self._steps = transaction.steps()
        self._asked: Together = ()
        self._results: list[Result] = []
        self.revoked = False

    @property
    def result(self) -> Result:
        return self._results[0]

    def first(self) -> Together:
        return self._send(None)

    def then(self, answers: Sequence[Sequence[Row]]) -> Together:
        """Take the rows of each statement before; raises what one expected in vain."""
        for asked, rows in zip(self._asked, answers, strict=True):
            if not rows and asked.expect is not None:
                raise asked.expect()
            self.revoked = self.revoked or (asked.revokes and bool(rows))
        return self._send(answers[0] if len(answers) == 1 else ())

    def _send(self, rows: Sequence[Row] | None) -> Together:
        try:
            asked = next(self._steps) if rows is None else self._steps.send(rows)
        except StopIteration as done:
            self._results.append(done.value)
            self._asked = ()
        else:
            self._asked = (asked,) if isinstance(asked, Statement) else asked
        return self._asked


class Batch:
    """Collects what a unit of work wants done, in order."""

    def __init__(self) -> None:
        self._parts: list[Statement | Callable[[], Steps[None]]] = []
        self._locks: set[str] = set()

    def record(
        self,
        sql: str,
        *values: Value,
        expect: Callable[[], CoreError] | None = None,
        revokes: bool = False,
        apart: bool = False,
    ) -> None:
        """Add one statement. Raises InvalidError for text that no engine can keep."""
        if not storable(values):
            raise InvalidError("text")
        self._parts.append(Statement(sql, values, expect, revokes, apart))

    def record_steps(self, steps: Callable[[], Steps[None]]) -> None:
        """Add statements of which one depends on what another finds."""
        self._parts.append(steps)

    def lock(self, *keys: str) -> None:
        """Name what the transaction needs for itself alone."""
        self._locks.update(keys)

    def take(self) -> Transaction[None] | None:
        """Return all that was recorded, and begin again with nothing; None if there is nothing."""
        parts, locks = tuple(self._parts), frozenset(self._locks)
        self._parts.clear()
        self._locks.clear()
        return Transaction(lambda: _all_of(parts), locks) if parts else None


def storable(values: Sequence[Value]) -> bool:
    """Say whether both engines can hold each text: valid UTF-8 without NUL."""
    # Looked at as one text, for there may be thousands of values.
    text = "".join([value for value in values if isinstance(value, str)])
    if "\0" in text:
        return False
    # A lone surrogate has no UTF-8; ASCII has none.
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _all_of(parts: tuple[Statement | Callable[[], Steps[None]], ...]) -> Steps[None]:
    neighbours: list[Statement] = []
    for part in parts:
        is_next = isinstance(part, Statement) and _goes_with(neighbours, part)
        if neighbours and not is_next:
            yield tuple(neighbours)
            neighbours.clear()
        if not isinstance(part, Statement):
            yield from part()
        elif part.apart:
            neighbours.append(part)
        else:
            yield part
    if neighbours:
        yield tuple(neighbours)


def _goes_with(neighbours: list[Statement], one: Statement) -> bool:
    # The same text may well meet the same row, which no statement changes twice.
    is_another = all(one.sql != other.sql for other in neighbours)
    return one.apart and is_another and len(neighbours) < TOGETHER_MAX
