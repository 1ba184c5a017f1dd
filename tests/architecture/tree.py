"""Where the repository's files are, for the tests that look at the code as text."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "watchword"

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where statements stand within statements."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is in the repository, or is about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def modules(*folders: str) -> list[Path]:
    """Return the Python files in these top folders."""
    tops = {ROOT / folder for folder in folders}
    return [path for path in files() if path.suffix == ".py" and tops & set(path.parents)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str | None:
    """Return what stands in a file, or None if it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def parsed(path: Path) -> ast.Module:
    """Read a file as Python does. To keep them all would be slower: they are much to go through
    for whoever collects garbage.
    """
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[FunctionNode]:
    """Go through the statements of a file; to look into expressions too takes ten times as long."""
    waiting: list[ast.AST] = [parsed(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, FunctionNode):
            yield node
        for part in BLOCKS:
            waiting += getattr(node, part, [])
