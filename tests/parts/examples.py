"""`make check` looks at two examples of everything; `make test` looks at all of them.

Most tests of the surfaces are one behaviour with many examples: names, bodies, languages,
refusals. All of them took two and a half minutes before each commit. What is quick, or is
the heart of the matter, is always looked at whole, though on PostgreSQL by `make test` alone.
"""

from collections import Counter
from pathlib import Path

import pytest

ENOUGH = 2
POSTGRES = "postgres"
WHOLE = {"app", "architecture", "contract", "crypto", "jobs", "observability", "unit"}


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is slow
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seen: Counter[str] = Counter()
    tests = Path(config.rootpath) / "tests"
    for item in items:
        if not item.path.is_relative_to(tests) or item.get_closest_marker("slow"):
            continue
        behaviour, _, example = item.nodeid.partition("[")
        if POSTGRES in example.rstrip("]").split("-"):
            item.add_marker(pytest.mark.slow)
            continue
        if item.path.relative_to(tests).parts[0] in WHOLE:
            continue
        seen[behaviour] += 1
        if seen[behaviour] > ENOUGH:
            item.add_marker(pytest.mark.slow)
