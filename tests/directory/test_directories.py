"""What the core gets: directories by name, places for who waits, and readings."""

from pathlib import Path

import pytest

from directory.asking import NAME, directories_of, options_for
from parts.domain import Domain
from watchword.core.directory.model import Asked, Person
from watchword.core.kernel.errors import InvalidError, NotFoundError, UnavailableError
from watchword.directory.directories import LdapDirectories
from watchword.directory.options import DirectoryOptions

PLAIN = DirectoryOptions(name=NAME, urls=("ldaps://127.0.0.1:1",), domain="corp.example")


def test_an_authority_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """At once, and by the name of the setting."""
    empty = tmp_path / "empty.pem"
    empty.touch()

    for path in (empty, tmp_path / "missing.pem"):
        options = DirectoryOptions(name=NAME, urls=(), domain="corp.example", ca_file=path)
        with pytest.raises(InvalidError) as refusal, directories_of(options):
            pass
        assert refusal.value.field == "directories.corp.ca_file"


def test_a_service_account_without_a_password_is_refused() -> None:
    """A directory would take it for nobody, and let nobody in."""
    options = DirectoryOptions(name=NAME, urls=(), domain="corp.example", bind_user="svc")

    with pytest.raises(InvalidError) as refusal, directories_of(options):
        pass

    assert refusal.value.field == "directories.corp.bind_password"


def test_directories_keep_the_order_of_the_settings() -> None:
    """And are known by their names alone."""
    others = [DirectoryOptions(name=name, urls=(), domain=f"{name}.example") for name in "bac"]

    with directories_of(*others) as directories:
        names = directories.names
        principal = directories.of_principal("ada@A.EXAMPLE")
        candidates = directories.candidates("ada")

    assert names == ("b", "a", "c")
    assert principal is not None
    assert principal.directory == "a"
    assert [asked.directory for asked in candidates] == ["b", "a", "c"]


async def test_an_unknown_directory_is_not_found() -> None:
    """Whatever is asked of it."""
    with directories_of(PLAIN) as directories:
        with pytest.raises(NotFoundError):
            directories.can_look("elsewhere")
        with pytest.raises(NotFoundError):
            await directories.find(Asked(directory="elsewhere", login="ada"))


def test_there_are_so_many_places() -> None:
    """One address has a quarter of them, and whoever is sent away hears when to come back."""
    with directories_of(PLAIN) as directories:
        held = [directories.place("192.0.2.1") for _ in range(64)]
        for place in held:
            place.__enter__()

        with pytest.raises(UnavailableError) as refusal, directories.place("192.0.2.1"):
            pass
        with directories.place("192.0.2.2"), directories.place("192.0.2.1", exempt=True):
            pass
        for place in held:
            place.__exit__(None, None, None)
        with directories.place("192.0.2.1"):
            pass

    assert refusal.value.retry_after >= 1


@pytest.mark.slow
async def test_a_reading_has_a_line_of_its_own(looking: LdapDirectories) -> None:
    """It is open to its end, and tells of everybody."""
    people: list[Person] = []
    async with looking.read(NAME) as reading:
        async for some in reading.people():
            people += some
        is_whole, cursor = reading.is_whole, reading.cursor
    async with looking.read(NAME, since=cursor) as reading:
        is_part = not reading.is_whole

    assert {"alice", "bob"} <= {person.login for person in people}
    assert is_whole
    assert is_part


@pytest.mark.slow
async def test_a_reading_of_a_directory_that_is_away_does_not_begin(domain: Domain) -> None:
    """It is unavailable, as all else."""
    options = options_for(domain, urls=("ldaps://127.0.0.1:1",))
    with directories_of(options) as directories, pytest.raises(UnavailableError):
        async with directories.read(NAME):
            pass


@pytest.mark.slow
async def test_a_base_that_is_not_there_is_unavailable(domain: Domain) -> None:
    """Not an empty directory, of which everybody left."""
    options = options_for(domain, base="OU=Nowhere,DC=ad,DC=test")
    with directories_of(options) as directories:
        async with directories.read(NAME) as reading:
            with pytest.raises(UnavailableError):
                await anext(aiter(reading.people()))
