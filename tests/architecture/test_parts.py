"""The tree has the parts that the map draws, and nothing that we do not want in it."""

import re

from architecture import tree

DIALECT_PARTS = {"__init__.py", "routes.py", "wire.py", "errors.py", "NOTES.md"}
VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
MAP = tree.ROOT / "docs" / "map.md"


def test_what_the_map_names_exists() -> None:
    """Each path on the map is there."""
    named = set(re.findall(r"`([\w.\-/]+/[\w.\-/]*)`", MAP.read_text(encoding="utf-8")))

    assert named
    assert {path for path in named if not (tree.ROOT / path).exists()} == set()


def test_the_map_names_each_room() -> None:
    """Each folder below the package with code in it is on the map, and so is each top module."""
    drawn = MAP.read_text(encoding="utf-8")
    modules = tree.modules("src")
    folders = {f"{tree.name(path.parent)}/" for path in modules} - {"src/watchword/"}
    tops = {tree.name(path) for path in modules if path.parent == tree.PACKAGE}

    assert {path for path in folders | tops if f"`{path}`" not in drawn} == set()


def test_each_dialect_has_its_parts() -> None:
    """A dialect's folder has a door, routes, shapes, refusals and notes."""
    doors = [path for path in tree.modules("src") if path.match("dialects/*/__init__.py")]
    missing = {
        tree.name(door.parent): lacks
        for door in doors
        if (lacks := DIALECT_PARTS - {path.name for path in door.parent.iterdir()})
    }

    assert doors
    assert missing == {}


def test_names_say_what_is_inside() -> None:
    """No module or folder has a name that fits everything."""
    modules = tree.modules("src", "tests", "benchmarks")

    vague = {
        tree.name(path)
        for path in modules
        if VAGUE_NAMES & {part.removesuffix(".py") for part in path.relative_to(tree.ROOT).parts}
    }

    assert vague == set()
