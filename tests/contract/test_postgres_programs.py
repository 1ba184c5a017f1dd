"""PostgreSQL's own programs: which one is taken, and what it is told and may tell."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from watchword.core.kernel.errors import InvalidError
from watchword.storage.postgres_programs import Program, address_of, find_program, nearest

SECRET = "s3cret/word"
FAKE = """#!/bin/sh
if [ "$1" = --version ]; then echo "{name} (PostgreSQL) {version}"; exit 0; fi
printf '%s\\n' "$@" > {folder}/arguments
env > {folder}/environment
echo "{name}: error: no luck with $PGPASSWORD" >&2
exit 1
"""


def program(folder: Path, version: str, name: str = "pg_dump") -> Path:
    """Make a program that only says its version, writes down what it is told, and fails."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(FAKE.format(name=name, version=version, folder=folder))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


RUN = """
import sys
from pathlib import Path
from watchword.core.kernel.errors import UnavailableError
from watchword.storage.postgres_programs import Program, address_of, running

fake = Program(Path(sys.argv[1]), 99, "99")
try:
    with running(fake, "--option", address=address_of(sys.argv[2])) as run:
        list(run.read(lambda: None))
        run.end()
except UnavailableError as error:
    print(error)
"""


def find(given: Path, major: int, name: str = "pg_dump") -> tuple[Path, int, str]:
    found = find_program(
        name, pg_dump=str(given), major=major, for_what="the server, PostgreSQL 16.1"
    )
    return found.path, found.major, found.version


def test_an_older_pg_dump_is_named(tmp_path: Path) -> None:
    """With its version and that of the server, and what to install or set."""
    old = program(tmp_path, "9.6.24")

    with pytest.raises(InvalidError) as found:
        find(old, 16)

    told = str(found.value)
    assert found.value.field == "pg_dump"
    assert f"{old} is of PostgreSQL 9.6.24, older than the server, PostgreSQL 16.1." in told
    assert "postgresql-client-16" in told
    assert "backup.pg_dump" in told


def test_a_pg_dump_that_is_missing_is_named(tmp_path: Path) -> None:
    """One that is not there, and one that is something else; and what to do about it."""
    for given in (tmp_path / "none" / "pg_dump", Path("/bin/true"), tmp_path):
        with pytest.raises(InvalidError) as found:
            find(given, 16)

        assert f"There is no pg_dump beside {given}. Install the client pro" in str(found.value)


def test_the_password_is_in_no_argument_and_no_error(tmp_path: Path) -> None:
    """pg_dump finds it in its environment; what it says of it is masked. Ours it never gets."""
    fake = program(tmp_path, "99.1")
    told = subprocess.run(
        [sys.executable, "-c", RUN, fake, f"postgresql://u:{SECRET.replace('/', '%2F')}@h/db"],
        env={**os.environ, "WATCHWORD_MASTER_KEY": "ours", "PGOPTIONS": "theirs"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    arguments, environment = (
        (tmp_path / name).read_text() for name in ("arguments", "environment")
    )
    assert told == "pg_dump failed: pg_dump: error: no luck with ***\n"
    assert arguments == "--option\n--no-password\n--dbname=user=u dbname=db host=h\n"
    assert {f"PGPASSWORD={SECRET}", "PGOPTIONS=theirs", "LC_ALL=C"} <= set(environment.split("\n"))
    assert "WATCHWORD_" not in environment


def test_the_nearest_version_is_taken() -> None:
    """The same as the server's if there is one, else the next; the first of two on the way."""
    found = [
        Program(Path(place), major, "")
        for place, major in [("a", 15), ("b", 17), ("c", 16), ("d", 16)]
    ]

    assert nearest(found, major=16) == found[2]
    assert nearest(found, major=14) == found[0]
    assert nearest(found, major=18) is None
    assert nearest([], major=1) is None


def test_versions_are_read_as_the_programs_say_them(tmp_path: Path) -> None:
    """Those that are not out yet, too."""
    new, old = program(tmp_path / "new", "18beta1"), program(tmp_path / "old", "16.3")

    assert find(new, 16) == (new, 18, "18beta1")
    assert find(old, 16) == (old, 16, "16.3")


def test_pg_restore_is_looked_for_beside_pg_dump(tmp_path: Path) -> None:
    """Whoever names the one has named the other."""
    given = program(tmp_path, "16.3", "pg_dump-16")
    beside = program(tmp_path, "16.3", "pg_restore-16")

    assert find(given, 16, "pg_restore") == (beside, 16, "16.3")


@pytest.mark.parametrize(
    ("url", "conninfo", "secrets"),
    [
        ("postgresql://h/db", "host=h dbname=db", {}),
        ("postgres://u:a%40b@h:5/db", "user=u dbname=db host=h port=5", {"password": "a@b"}),
        ("postgresql://h/db?password=x&database=y", "dbname=db host=h", {"password": "x"}),
        ("postgresql:///db?host=/sockets", "host=/sockets dbname=db", {}),
        (
            "postgresql://h/db?sslmode=require&search_path=a%20b",
            r"sslmode=require options='-c search_path=a\\ b' dbname=db host=h",
            {},
        ),
        ("postgresql://h/db?service=s", "service=s dbname=db host=h", {}),
    ],
)
def test_addresses_mean_the_same_to_all(url: str, conninfo: str, secrets: dict[str, str]) -> None:
    """PostgreSQL's programs end where our driver does, and learn no secret from the address."""
    address = address_of(url)

    assert set(address.conninfo.split()) == set(conninfo.split())
    assert address.secrets == secrets
    assert all(secret not in repr(address) for secret in secrets.values() if len(secret) > 1)


@pytest.mark.parametrize(
    "name", ["sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"]
)
def test_a_secret_that_cannot_be_handed_on_is_refused(name: str) -> None:
    """The programs take it on their command line alone; the words say what to do instead."""
    with pytest.raises(InvalidError) as found:
        address_of(f"postgresql://u@h/db?{name}={SECRET}")

    assert found.value.field == "database"
    assert name in str(found.value)
    assert "backup.database" in str(found.value)
    assert SECRET not in str(found.value)


@pytest.mark.parametrize("url", ["postgresql://u:%zz@h/db", "postgresql://u:s3 cret@h/d b"])
def test_an_address_that_makes_no_sense_is_not_repeated(url: str) -> None:
    """It may be the password that is spelled wrongly."""
    with pytest.raises(InvalidError) as found:
        address_of(url)

    assert found.value.field == "database"
    assert "cret" not in str(found.value)
    assert found.value.__cause__ is None
