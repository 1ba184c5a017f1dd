"""Lets the tests marked `alone` run last, one by one, when the others run side by side.

The workers of pytest-xdist leave them out and name them at their end; then the process that
started the workers runs them itself. So there is one run, with one closing line for all.
"""

from collections.abc import Generator, Sequence
from typing import Any

import pytest

MARK = "alone"
LEFT_OUT = "left_out"  # in what a worker says at its end
_left_out = pytest.StashKey[Sequence[str]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out, if this is a worker, once it is known which tests are wanted at all."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[LEFT_OUT] = [item.nodeid for item in items if item.get_closest_marker(MARK)]
        items[:] = [item for item in items if not item.get_closest_marker(MARK)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 (xdist has no public name for it)
    """Keep what a worker left out; they all say the same. One that crashed says nothing."""
    output: dict[str, Any] = getattr(node, "workeroutput", {})
    if LEFT_OUT in output:
        node.config.stash[_left_out] = output[LEFT_OUT]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Run them when the workers are gone."""
    ran = yield
    if session.config.pluginmanager.has_plugin("dsession"):
        _run_left_out(session, session.config.stash[_left_out])
    return ran


def _run_left_out(session: pytest.Session, names: Sequence[str]) -> None:
    """Run the tests of these names, if there are any, and count the others too."""
    if names:
        others = session.testscollected
        items = session.perform_collect(names)
        session.testscollected += others
        _run(session, items)


def _run(session: pytest.Session, items: Sequence[pytest.Item]) -> None:
    """Run tests as pytest does without workers."""
    for item, after in zip(items, [*items, None][1:], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
