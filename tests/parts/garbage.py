"""Collects garbage seldom: else a fourth of the time of quick tests is spent in looking for it.

A run holds a million small things from its beginning to its end, which are the tests themselves,
and makes as many again; by its usual measure Python goes through them time and again.
"""

import gc

import pytest

NEW, YOUNG, OLD = 20_000, 20, 20


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave out what is there for good, and look for more when there is much of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW, YOUNG, OLD)
