"""The stores on which every journey is made, and a voice for what was measured on the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parts.server import Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store on each real database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return Store(tmp_path / "data", url)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Store:
    """An empty store, for what does not depend on the database."""
    return Store(tmp_path / "data")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return what says a figure on the terminal, although the test passes."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}")  # noqa: T201 (a figure that somebody wants to read)

    return say
