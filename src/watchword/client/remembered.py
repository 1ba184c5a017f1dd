"""A memory that does not grow."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """What was used of late, in two generations: threads need no lock for it.

    When the young are half of what may be kept, they become the old, and the old are gone.
    What is used again is young again.
    """

    def __init__(self, most: int) -> None:
        self._young_max = max(1, most // 2)
        self._young: dict[str, Value] = {}
        self._old: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, name: str) -> Value | None:
        found = self._young.get(name)
        if found is None and (found := self._old.get(name)) is not None:
            self.add(name, found)
        return found

    def add(self, name: str, value: Value) -> None:
        if len(self._young) >= self._young_max:
            self._old, self._young = self._young, {}
        self._young[name] = value
