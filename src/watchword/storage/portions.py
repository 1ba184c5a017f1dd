"""Splits long lists into few sizes, for statements that hold a list of values."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import TypeVar

from watchword.storage.statement import Statement, Value

Item = TypeVar("Item")

# Few sizes, so that an engine that keeps statements prepared keeps few of these. With a
# hundred rows of thirteen columns the text has 10 KiB: past 15 neither driver would keep it.
_SIZES = (100, 10, 1)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Return all items in order, some at a time."""
    begin = 0
    for size in _SIZES:
        while len(items) - begin >= size:
            yield items[begin : begin + size]
            begin += size


def places(count: int, *, after: int = 0) -> str:
    """Return so many placeholders for a list of values, after those that stand before it."""
    return ", ".join(f"${number}" for number in range(after + 1, after + count + 1))


def inserts(head: str, rows: Sequence[tuple[Value, ...]], tail: str = "") -> Iterator[Statement]:
    """Return statements that insert rows, many at a time; `head` names table and columns."""
    for some in portions(rows):
        sql = _insert(head, len(some), len(some[0]), tail)
        yield Statement(sql, tuple(chain.from_iterable(some)))


@cache
def _insert(head: str, count: int, columns: int, tail: str) -> str:
    return f"{head} VALUES {rows_of_places(count, columns)}{tail}"


def rows_of_places(count: int, columns: int) -> str:
    """Return placeholders for so many rows of an INSERT."""
    return ", ".join(f"({places(columns, after=row * columns)})" for row in range(count))
