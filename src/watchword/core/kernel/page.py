"""A stretch of a long list, and the place where the next one begins."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

PAGE_MAX = 1000
"""No store returns more items than this at once."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order; `next` is the cursor of the rest, None at the end.

    A cursor is opaque text from the store that made it. A foreign one is refused
    with InvalidError("after").
    """

    items: tuple[Item, ...]
    next: str | None = None
