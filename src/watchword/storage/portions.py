"""Splits long lists into few sizes, for statements that hold a list of values."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

# Few sizes, so that an engine that keeps statements prepared keeps few of these.
_SIZES = (100, 10, 1)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Return all items in order, some at a time."""
    begin = 0
    for size in _SIZES:
        while len(items) - begin >= size:
            yield items[begin : begin + size]
            begin += size
