"""The address of the database, for libpq: the same place as asyncpg finds."""

import os

import pytest
from psycopg.conninfo import conninfo_to_dict

from watchword.core.kernel.errors import UnavailableError
from watchword.jobs.queueurl import NAME, libpq_words


def words(url: str) -> dict[str, str | int | None]:
    """Return what libpq is told, but the name by which the server knows us."""
    found = conninfo_to_dict(libpq_words(url))
    assert found.pop("fallback_application_name") == NAME
    return found


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_plain_address_is_the_same(scheme: str) -> None:
    """Both spellings of the scheme, and signs that an address must wrap up."""
    found = words(f"{scheme}://ada:p%40ss%20word@db.example.org:6543/watch%20word")

    assert found == {
        "user": "ada",
        "password": "p@ss word",
        "host": "db.example.org",
        "port": "6543",
        "dbname": "watch word",
    }


def test_several_servers_are_tried_in_order() -> None:
    """As asyncpg does; one of them may have an address of IPv6."""
    found = words("postgresql://one.example.org,[::1]:6543/x?target_session_attrs=primary")

    assert found["host"] == "one.example.org,::1"
    assert found["port"] == ",6543"
    assert found["target_session_attrs"] == "primary"


def test_what_stands_in_the_place_counts_more() -> None:
    """asyncpg takes from behind the question mark only what is not there yet."""
    found = words("postgresql://ada@db.example.org/one?user=bob&host=other&dbname=two&password=p")

    assert found == {"user": "ada", "host": "db.example.org", "dbname": "one", "password": "p"}


def test_the_other_word_for_a_database() -> None:
    """libpq does not know it."""
    assert words("postgresql://db.example.org?database=one")["dbname"] == "one"


def test_settings_of_the_server_are_handed_on() -> None:
    """asyncpg tells the server what it does not know itself; libpq would refuse it."""
    found = words("postgresql://h/x?search_path=a,b%20c&statement_timeout=9s&options=-c%20a%3Db")

    assert found["options"] == r"-c search_path=a,b\ c -c statement_timeout=9s -c a=b"


def test_encryption_is_the_same() -> None:
    """Who asks for it gets it on these connections too."""
    found = words("postgresql://h/x?sslmode=verify-full&sslrootcert=/etc/ca.pem")

    assert (found["sslmode"], found["sslrootcert"]) == ("verify-full", "/etc/ca.pem")


@pytest.mark.skipif(
    not {"PGHOST", "PGSERVICE"}.isdisjoint(os.environ), reason="the environment names a place"
)
def test_without_a_place_it_looks_where_asyncpg_looks() -> None:
    """libpq knows one folder for sockets only."""
    host = words("postgresql:///x")["host"]

    assert str(host).split(",")[0] == "/run/postgresql"
    assert str(host).split(",")[-1] == "localhost"


def test_a_socket_is_a_place() -> None:
    """Wrapped up in the address, or behind it."""
    assert words("postgresql://%2Ftmp%2Fpg/x")["host"] == "/tmp/pg"  # noqa: S108 - no file
    assert words("postgresql:///x?host=/srv/pg")["host"] == "/srv/pg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hush-w0rd@[::1/x",
        "postgresql://ada:hush%w0rd@h/x",
        "postgresql://ada@h/x?password=hush-w0rd&sslmode",
        "mysql://ada:hush-w0rd@h/x",
    ],
)
def test_what_makes_no_sense_is_refused_without_being_told(url: str) -> None:
    """Pieces of it may be a password, and nobody knows which."""
    with pytest.raises(UnavailableError) as refused:
        libpq_words(url)

    assert "w0rd" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
