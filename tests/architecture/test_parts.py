"""The tree has the parts that the map draws, and nothing that we do not want in it."""

import re

from architecture import drawing, tree

DIALECT_PARTS = {"__init__.py", "routes.py", "wire.py", "errors.py", "NOTES.md"}
VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def test_what_the_map_names_exists() -> None:
    """Each path on the map is there."""
    named = set(re.findall(r"`([\w.\-/]+/[\w.\-/]*)`", drawing.MAP.read_text(encoding="utf-8")))

    assert named
    assert {path for path in named if not (tree.ROOT / path).exists()} == set()


def test_the_map_shows_every_file() -> None:
    """The map has a line for each room, folder and file of the code; `make fix` draws them."""
    written = drawing.MAP.read_text(encoding="utf-8")

    assert drawing.DRAWN in written
    assert written.splitlines() == drawing.draw().splitlines()


def test_the_map_shows_every_kind_of_test() -> None:
    """Each folder of tests has a line on the map, so that a reader finds what proves what."""
    written = drawing.MAP.read_text(encoding="utf-8")
    below = [path.relative_to(tree.ROOT).parts for path in tree.modules("tests")]

    kinds = {f"tests/{parts[1]}/" for parts in below if len(parts) > len(("tests", "a file"))}

    assert kinds
    assert {kind for kind in kinds if f"`{kind}`" not in written} == set()


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
