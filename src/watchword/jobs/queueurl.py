"""The address of the database in the words of libpq, which reads some of it otherwise than asyncpg.

Storage hands the same URL to asyncpg; both must end at the same database.
"""

from urllib.parse import parse_qs

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from watchword.core.kernel.errors import UnavailableError

NAME = "watchword queue"

_SOCKETS = "/run/postgresql,/var/run/postgresql,/tmp,/private/tmp,localhost"
"""Where asyncpg looks when nobody says where; libpq looks in one folder."""

_OTHER_WORDS = {"database": "dbname"}


def libpq_words(url: str) -> str:
    """Return what libpq needs to connect to the same place.

    Raises UnavailableError, without the address, if it makes no sense.
    """
    place, _, query = url.partition("?")
    try:
        wanted = conninfo_to_dict(place)
        _add_parameters(wanted, query)
        _add_place(wanted)
        return make_conninfo("", **wanted)
    except (psycopg.Error, ValueError):
        # What they say holds pieces of the address, and one of them may be the password.
        raise UnavailableError("The address of the database makes no sense to the queue.") from None


def _add_parameters(wanted: dict[str, str | int | None], query: str) -> None:
    """Add what follows the `?`; what stands before it counts more, as with asyncpg."""
    known = {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults()}
    given = parse_qs(query, strict_parsing=True) if query else {}
    settings = [str(wanted["options"])] if "options" in wanted else []
    for name, values in given.items():
        word = _OTHER_WORDS.get(name, name)
        if word == "options":
            settings.append(values[-1])
        elif word in known:
            wanted.setdefault(word, values[-1])
        else:
            # asyncpg tells the server what it does not know itself, as a setting.
            settings.append(f"-c {word}={_escaped(values[-1])}")
    if settings:
        wanted["options"] = " ".join(settings)


def _add_place(wanted: dict[str, str | int | None]) -> None:
    wanted.setdefault("fallback_application_name", NAME)
    defaults = {one.keyword: one.val for one in psycopg.pq.Conninfo.get_defaults()}
    is_said = {"host", "hostaddr", "service"} & wanted.keys()
    if not is_said and not (defaults[b"host"] or defaults[b"service"]):
        wanted["host"] = _SOCKETS


def _escaped(value: str) -> str:
    return "".join(f"\\{sign}" if sign.isspace() or sign == "\\" else sign for sign in value)
