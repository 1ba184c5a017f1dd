"""The stores on which every journey is made."""

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
