"""A command line over an empty store."""

from pathlib import Path

import pytest

from cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def each_shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    """The same on each engine."""
    if request.param == "postgres":
        return Shell(tmp_path / "data", request.getfixturevalue("postgres_url"))
    return Shell(tmp_path / "data")
