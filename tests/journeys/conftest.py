"""What journeys share: empty stores, a server with a directory, a voice for what was measured."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journeys.directory import Corp, at_corp, settings_of
from parts.domain import Domain
from parts.server import Store

NORTH, SOUTH = "OU=North", "OU=South"


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


@pytest.fixture(scope="session")
def corp(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corp]:
    """One server for many tests (under xdist: for each worker), with a real directory behind it.

    Who is in the group Bosses is an admin; others lead into groups of ours. There are two
    called Operators, and two called Crew, of which those in OU=North count.
    """
    bosses, crew = (
        domain.new_group("Bosses"),
        domain.new_group("Crew", ou=NORTH, login="Crew North"),
    )
    domain.new_group("Crew", ou=SOUTH, login="Crew South")
    ours = {
        "crew": crew.sid,
        "divers": domain.group("Deep10").dn,
        "northerners": domain.group("Operators North").dn,
        "users": domain.group("AppUsers").sid,
    }
    settings = settings_of(
        domain,
        roles={"admin": [bosses.sid]},
        groups={name: [theirs] for name, theirs in ours.items()},
        stop_percent="100",
    )
    store = Store(tmp_path_factory.mktemp("corp") / "data")
    with at_corp(store, domain, settings={**settings, "WATCHWORD_LOG__LEVEL": "debug"}) as corp:
        yield corp
