"""Files and functions stay small enough to be read in a sitting."""

from architecture import tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 40


def test_no_file_is_longer_than_a_sitting() -> None:
    """A Python file has four hundred lines at most."""
    lengths = {
        tree.name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in tree.modules("src", "tests", "benchmarks")
    }

    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """A function has forty lines at most, its docstring and signature included."""
    lengths = {
        f"{tree.name(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in tree.modules("src", "tests", "benchmarks")
        for node in tree.functions(path)
    }

    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == {}
