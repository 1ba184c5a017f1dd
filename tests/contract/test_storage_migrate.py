"""What bringing a database up to date promises, on each real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from contract.things import AT, account, keep, session
from parts.processes import beside
from parts.storage_process import open_any
from watchword.core.accounts.model import Account
from watchword.core.kernel.errors import UnavailableError
from watchword.core.sessions.model import Kind, Session
from watchword.storage import migrate
from watchword.storage.engine import Engine, TableMissingError
from watchword.storage.migrate import Migration, SchemaError
from watchword.storage.moments import stored
from watchword.storage.statement import Statement, Steps, Transaction
from watchword.storage.work import SqlStorage

FIRST = Migration("0001_pre_first", "CREATE TABLE first (a {text} PRIMARY KEY){keyed};\n")
SECOND = Migration(
    "0002_pre_second", "CREATE TABLE second (a {integer});INSERT INTO first VALUES ('x');"
)
BROKEN = Migration(
    "0003_post_broken", "CREATE TABLE third (a {text}); INSERT INTO nowhere VALUES (1);"
)


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is."""
    if request.param == "sqlite":
        return str(tmp_path / "watchword.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def empty(target: str, tmp_path: Path) -> AsyncIterator[SqlStorage]:
    """A store without tables."""
    opened = await open_any(target, tmp_path)
    yield opened
    await opened.close()


def engine_of(storage: SqlStorage) -> Engine:
    return storage._engine  # noqa: SLF001 - migrations of a test go past the port


async def run(storage: SqlStorage, sql: str) -> None:
    def steps() -> Steps[None]:
        yield Statement(sql)

    await engine_of(storage).apply(Transaction(steps))


async def test_an_empty_database_gets_every_table_once(empty: SqlStorage) -> None:
    """All that is known is pending, then applied, then neither."""
    known = [migration.name for migration in migrate.known()]

    before = await empty.pending()
    applied = await empty.migrate(at=AT)
    again = await empty.migrate(at=AT)

    assert before == applied == known
    assert again == await empty.pending() == []


def test_migrations_are_numbered_and_say_when_they_may_run() -> None:
    """0001_pre_something.sql, without a gap: `pre` suits the old code too, `post` only the new."""
    names = [migration.name.split("_", 2) for migration in migrate.known()]

    assert [int(number) for number, _, _ in names] == list(range(1, len(names) + 1))
    assert {when for _, when, _ in names} <= {"pre", "post"}


async def test_asking_what_is_pending_changes_nothing(empty: SqlStorage) -> None:
    """`watchword migrate --check` only looks."""
    await empty.pending()

    with pytest.raises(TableMissingError):
        await run(empty, "SELECT name FROM schema_migrations")


async def test_a_database_without_tables_is_unavailable(empty: SqlStorage) -> None:
    """Whoever serves on it is told what to do, reading, writing and checking."""
    async with empty.open_work() as work:
        with pytest.raises(UnavailableError, match="migrate"):
            await work.accounts.count()
    with pytest.raises(UnavailableError, match="migrate"):
        await keep(empty, account("Ada"))
    with pytest.raises(UnavailableError, match="migrate"):
        await empty.check()


async def test_only_what_is_missing_is_applied(empty: SqlStorage) -> None:
    """A newer program brings an older database on."""
    engine = engine_of(empty)
    assert await migrate.migrate(engine, at=AT, migrations=(FIRST,)) == [FIRST.name]

    newer = (FIRST, SECOND)
    assert await migrate.pending(engine, migrations=newer) == [SECOND.name]
    assert await migrate.migrate(engine, at=AT, migrations=newer) == [SECOND.name]
    assert [row[0] for row in await engine.fetch_all("SELECT a FROM first")] == ["x"]


async def test_a_migration_that_fails_leaves_nothing(empty: SqlStorage) -> None:
    """Neither its own first half nor those that came with it."""
    engine = engine_of(empty)
    await migrate.migrate(engine, at=AT, migrations=(FIRST,))

    with pytest.raises(TableMissingError):
        await migrate.migrate(engine, at=AT, migrations=(FIRST, SECOND, BROKEN))

    pending = await migrate.pending(engine, migrations=(FIRST, SECOND, BROKEN))
    assert pending == [SECOND.name, BROKEN.name]
    for table in ("second", "third"):
        with pytest.raises(TableMissingError):
            await run(empty, f"SELECT a FROM {table}")  # noqa: S608 - a name of ours


async def test_a_migration_that_was_changed_is_noticed(empty: SqlStorage) -> None:
    """The digest of what was applied is not that of the file."""
    engine = engine_of(empty)
    await migrate.migrate(engine, at=AT, migrations=(FIRST,))
    changed = Migration(FIRST.name, FIRST.text + "\n")

    with pytest.raises(SchemaError, match=FIRST.name):
        await migrate.pending(engine, migrations=(changed,))
    with pytest.raises(SchemaError, match=FIRST.name):
        await migrate.migrate(engine, at=AT, migrations=(changed, SECOND))


async def test_a_database_of_a_newer_program_is_refused(empty: SqlStorage) -> None:
    """What this program does not know it does not touch."""
    await empty.migrate(at=AT)
    await run(
        empty,
        "INSERT INTO schema_migrations (name, checksum, applied_at)"
        " VALUES ('9999_post_future', 'x', 0)",
    )

    with pytest.raises(SchemaError, match="9999_post_future"):
        await empty.pending()
    with pytest.raises(SchemaError, match="newer"):
        await empty.migrate(at=AT)


async def test_many_tasks_may_migrate_at_once(empty: SqlStorage) -> None:
    """One does the work, and the others find it done."""
    applied = await asyncio.gather(*(empty.migrate(at=AT) for _ in range(8)))

    known = [migration.name for migration in migrate.known()]
    assert sorted(applied, key=len) == [[]] * 7 + [known]


def test_four_processes_may_start_at_once(target: str, tmp_path: Path) -> None:
    """On a database that nobody has ever opened, each migration is applied by one of them."""
    folders = [tmp_path / f"process {number}" for number in range(4)]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(beside("migrate", target, str(folder))) for folder in folders
        ]
        outcomes = [process.communicate(timeout=30)[0] for process in processes]

    known = [migration.name for migration in migrate.known()]
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(" ".join(outcomes).split()) == known


async def test_sessions_of_the_code_before_are_bearer_sessions(empty: SqlStorage) -> None:
    """Those that it made before the migration, and those that it makes while it still runs."""
    older = tuple(one for one in migrate.known() if one.name < "0012")
    await migrate.migrate(engine_of(empty), at=AT, migrations=older)
    ada = account("Ada")
    await run(empty, _account_of_old(ada))
    before, after = session("before", ada), session("after", ada)

    await run(empty, _insertion_of_old(before))
    assert "0012_pre_session_kinds" in await empty.migrate(at=AT)
    await run(empty, _insertion_of_old(after))

    async with empty.open_work() as work:
        found = [await work.sessions.by_id(one.id) for one in (before, after)]
    assert found == [before, after]
    assert [(one.kind, one.client, one.last_used_at) for one in found if one] == [
        (Kind.BEARER, "", None)
    ] * 2


async def test_accounts_of_the_code_before_are_of_no_directory(empty: SqlStorage) -> None:
    """Those that it made before the migration, and those that it makes while it still runs."""
    older = tuple(one for one in migrate.known() if one.name < "0017")
    await migrate.migrate(engine_of(empty), at=AT, migrations=older)
    before, after = account("before"), account("after")

    await run(empty, _account_of_old(before))
    assert "0017_pre_directories" in await empty.migrate(at=AT)
    await run(empty, _account_of_old(after))

    async with empty.open_work() as work:
        found = [await work.accounts.by_id(one.id) for one in (before, after)]
        assert found == [before, after]
        assert [await work.links.of(one.id) for one in (before, after)] == [None, None]


async def test_accounts_of_the_code_before_are_counted(empty: SqlStorage) -> None:
    """Those that it made before the migration, and those that come and go while it still runs."""
    older = tuple(one for one in migrate.known() if one.name < "0018")
    await migrate.migrate(engine_of(empty), at=AT, migrations=older)
    early, late = [account("a"), account("b"), account("c")], [account("d"), account("e")]

    for one in early:
        await run(empty, _account_of_old(one))
    assert "0018_pre_tally" in await empty.migrate(at=AT)
    for one in late:
        await run(empty, _account_of_old(one))
    await run(empty, f"DELETE FROM accounts WHERE id = '{early[0].id}'")  # noqa: S608 - a value of ours

    async with empty.open_work() as work:
        assert await work.accounts.count() == 4


def _account_of_old(one: Account) -> str:
    return (
        "INSERT INTO accounts (id, created_at, updated_at, role, state, source,"  # noqa: S608 - values of ours
        " first_name, last_name, name, name_key)"
        f" VALUES ('{one.id}', {stored(one.created_at)}, {stored(one.updated_at)}, 'user',"
        f" 'active', 'local', '', '', '{one.name}', '{one.name.casefold()}')"
    )


def _insertion_of_old(one: Session) -> str:
    return (
        "INSERT INTO sessions (id, account_id, dialect, created_at, expires_at, address)"  # noqa: S608 - values of ours
        f" VALUES ('{one.id}', '{one.account_id}', '{one.dialect}', {stored(one.created_at)},"
        f" {stored(one.expires_at)}, '{one.address}')"
    )
