"""What a database says of itself, for whoever looks for the cause of trouble. Changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.kernel.errors import UnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """An engine and its version; a server also has a clock, a role and a limit of its own.

    `synchronous_commit` is what our connections get, of the server, the database or the role.
    """

    engine: str
    version: str
    now: datetime | None = None
    is_standby: bool = False
    connections_max: int | None = None
    synchronous_commit: str | None = None
    fsync: str | None = None


def sqlite_facts() -> DatabaseFacts:
    """Return which SQLite we carry."""
    import apsw  # noqa: PLC0415 - one engine is loaded

    return DatabaseFacts(engine="SQLite", version=apsw.sqlite_lib_version())


async def postgres_facts(url: str, *, patience_s: float = 3.0) -> DatabaseFacts:
    """Ask a PostgreSQL server. Raises UnavailableError if it does not answer."""
    import asyncpg  # noqa: PLC0415 - one engine is loaded

    try:
        connection = await asyncpg.connect(url, timeout=patience_s, command_timeout=patience_s)
        try:
            row = await connection.fetchrow(
                "SELECT current_setting('server_version'), clock_timestamp(),"
                " pg_is_in_recovery(), current_setting('max_connections')::INTEGER,"
                " current_setting('synchronous_commit'), current_setting('fsync')"
            )
        finally:
            await connection.close()
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        OSError,
        TimeoutError,
        ValueError,
    ) as error:
        # The driver's own text may hold parts of the URL.
        raise UnavailableError(f"PostgreSQL does not answer: {type(error).__name__}.") from error
    assert row is not None
    version, now, is_standby, connections_max, synchronous_commit, fsync = row
    return DatabaseFacts(
        engine="PostgreSQL",
        version=version,
        now=now,
        is_standby=is_standby,
        connections_max=connections_max,
        synchronous_commit=synchronous_commit,
        fsync=fsync,
    )
