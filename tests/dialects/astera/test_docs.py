"""The page of the dialect tells the truth: its examples run, in order, against a real server."""

from pathlib import Path

import pytest

from dialects.typed_page import PAGES, mismatches, untold
from watchword.dialects.astera import dialect

PAGE = (PAGES / "astera.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_tells_what_the_server_does(tmp_path: Path) -> None:
    """Every example gives the status and the body that the page prints after it."""
    wrong = mismatches(PAGE, tmp_path)

    assert wrong == []


def test_the_page_shows_every_call() -> None:
    """Each method and path that is served has a line in the page's table."""
    missing = untold(PAGE, dialect)

    assert missing == set()
