"""The tests themselves keep the house rules."""

import ast
import os

import pytest

from architecture import tree

PAUSES = {"time.sleep", "asyncio.sleep", "anyio.sleep", "sleep"}


def test_each_test_says_what_it_claims() -> None:
    """Every test function has a docstring."""
    silent = [
        f"{tree.name(path)}:{node.lineno} {node.name}"
        for path in tree.modules("tests")
        if path.name.startswith("test_")
        for node in tree.functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []


def test_no_test_sleeps() -> None:
    """A pause stands only in a loop that looks again after it (parts/waiting.py has two)."""
    fixed = [
        f"{tree.name(path)}:{call.lineno}"
        for path in tree.modules("tests")
        if "sleep" in (tree.text(path) or "")
        for call in _pauses(tree.parsed(path), looping=False)
    ]

    assert fixed == []


@pytest.mark.slow
@pytest.mark.alone
def test_what_measures_time_runs_alone() -> None:
    """No worker runs a test that is marked so (tests/parts/alone.py): workers run side by side."""
    assert "PYTEST_XDIST_WORKER" not in os.environ


def _pauses(node: ast.AST, *, looping: bool) -> list[ast.Call]:
    """Return the pauses that are in no loop; a pause of zero only lets others run."""
    looping = looping or isinstance(node, ast.While | ast.For | ast.AsyncFor)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in PAUSES and not looping:
        nothing = [ast.unparse(argument) for argument in node.args] == ["0"]
        return [] if nothing else [node]
    children = ast.iter_child_nodes(node)
    return [call for child in children for call in _pauses(child, looping=looping)]
