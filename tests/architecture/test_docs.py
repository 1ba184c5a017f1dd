"""The pages hold together: links lead somewhere, and decisions are numbered and short."""

import re
from pathlib import Path

from architecture import tree

DECISION_LINES_MAX = 60
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"`([a-z_]+(?:/[a-z_0-9]+)*/[a-z_0-9]+\.py)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def test_links_between_pages_lead_somewhere() -> None:
    """Each link to a file finds it, and each link to a heading finds that."""
    pages = [path for path in tree.files() if path.suffix == ".md"]
    broken = [
        f"{tree.name(page)}: {target}"
        for page in pages
        for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        if "://" not in target and not _leads_somewhere(page, target)
    ]

    assert pages
    assert broken == []


def test_modules_that_pages_name_are_there() -> None:
    """A reader who is sent to a file finds it."""
    pages = [path for path in tree.files() if path.suffix == ".md"]
    named = {
        (tree.name(page), module)
        for page in pages
        for module in MODULE.findall(page.read_text(encoding="utf-8"))
    }
    homes = (tree.ROOT, tree.PACKAGE)

    assert named
    assert {
        (page, it) for page, it in named if not any((home / it).exists() for home in homes)
    } == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    """Decisions are called 0001-some-words.md and so on."""
    names = sorted(path.name for path in _decisions())

    assert names
    assert [name for name in names if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name)] == []
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_a_decision_is_a_page_at_most() -> None:
    """Who asks why gets the answer on one page."""
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in _decisions()}

    assert {name: lines for name, lines in lengths.items() if lines > DECISION_LINES_MAX} == {}


def _decisions() -> list[Path]:
    folder = tree.ROOT / "docs" / "adr"
    return [path for path in tree.files() if path.parent == folder and path.name != "README.md"]


def _leads_somewhere(page: Path, target: str) -> bool:
    place, _, anchor = target.partition("#")
    found = page.parent / place if place else page
    if not found.exists():
        return False
    return not anchor or anchor in _anchors(found)


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }
