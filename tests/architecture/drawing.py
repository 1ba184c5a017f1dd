"""Draws the map of the code out of each file's first sentence; `make fix` runs it."""

import ast
from collections.abc import Iterable
from pathlib import Path

from architecture import tree

MAP = tree.ROOT / "docs" / "map.md"
DRAWN = "<!-- From here on `make fix` draws: each file says its own line. -->\n"


def draw() -> str:
    """Return the map as it should be: the part written by hand, then the drawing."""
    written = MAP.read_text(encoding="utf-8").partition(DRAWN)[0]
    lines = _folder(tree.PACKAGE, tree.files(), depth=0)
    return written + DRAWN + "\n" + "\n".join(lines) + "\n"


def _folder(folder: Path, among: Iterable[Path], *, depth: int) -> list[str]:
    below = [path for path in among if folder in path.parents]
    files = sorted(path for path in below if path.parent == folder)
    folders = sorted({path for file in below for path in file.parents if path.parent == folder})
    indent = "  " * depth
    lines = [f"{indent}- `{tree.name(folder)}/` {_sentence(folder / '__init__.py')}".rstrip()]
    lines += [
        f"{indent}  - `{path.name}` {_sentence(path)}".rstrip()
        for path in files
        if path.name not in {"__init__.py", "py.typed"}
    ]
    return lines + [line for path in folders for line in _folder(path, below, depth=depth + 1)]


def _sentence(path: Path) -> str:
    """Return what a file says of itself first."""
    if not path.is_file():
        return ""
    if path.suffix == ".py":
        return (ast.get_docstring(tree.parsed(path)) or "").partition("\n")[0]
    mark = {".sql": "-- ", ".md": "# "}.get(path.suffix)
    first = path.read_text(encoding="utf-8").partition("\n")[0] if mark else ""
    return first.removeprefix(mark) if mark and first.startswith(mark) else ""


if __name__ == "__main__":
    MAP.write_text(draw(), encoding="utf-8")
