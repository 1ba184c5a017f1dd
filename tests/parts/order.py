"""Lets workers begin with what takes long, so that none of them is left alone with it at the end.

pytest-xdist gives each worker a part of the list, and who is done takes from the end of another's.
So each part begins with its share of the journeys, and ends with what takes milliseconds.
"""

from collections.abc import Sequence
from itertools import groupby, islice
from pathlib import Path

import pytest

LONG = "journeys"


@pytest.hookimpl(trylast=True)  # once it is known which tests are wanted
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    given: dict[str, int] | None = getattr(config, "workerinput", None)
    if given is not None:
        items[:] = spread(items, given["workercount"])


def spread(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the same tests with a share of the long ones at the head of each worker's part."""
    files = [(path, list(found)) for path, found in groupby(items, key=lambda item: item.path)]
    long = [found for path, found in files if _is_long(path)]
    heads = [[item for found in long[one::workers] for item in found] for one in range(workers)]
    others = iter([item for path, found in files if not _is_long(path) for item in found])
    size = len(items) // workers
    ordered: list[pytest.Item] = []
    for head in heads:
        ordered += head
        ordered += islice(others, max(0, size - len(head)))
    return [*ordered, *others]


def _is_long(path: Path) -> bool:
    return path.parent.name == LONG
