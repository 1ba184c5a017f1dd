"""Copies of a PostgreSQL database by its own programs, and what those programs do wrong."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from contract.files import names, no_larger_files
from contract.things import AT, account, api_key, commit, keep, signing_key
from parts.postgres import PostgresServer
from parts.waiting import eventually
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.ports import BackupStoppedError, Storage
from watchword.jobs.queueschema import ensure_tables
from watchword.jobs.queueurl import libpq_words
from watchword.storage.backup_contents import INTERRUPTED, Contents, Copied
from watchword.storage.backup_postgres import (
    copied_postgres,
    is_store_of,
    load_postgres,
    look_into_postgres,
    require_server,
    settle_postgres,
    tables_of_postgres,
)
from watchword.storage.backup_watch import Watch
from watchword.storage.engine import TableMissingError
from watchword.storage.postgres import open_postgres

pytestmark = pytest.mark.slow

SECRET = "s3cret/word"


@asynccontextmanager
async def store(url: str, folder: Path) -> AsyncIterator[Storage]:
    storage = await open_postgres(url, folder=folder)
    await storage.migrate(at=AT)
    yield storage
    await storage.close()


@pytest.fixture
async def filled(postgres_url: str, tmp_path: Path) -> str:
    """The URL of a store with an account, a key of theirs, and a signing key."""
    async with store(postgres_url, tmp_path / "data") as storage:
        ada = account("Ada", first_name="tab\there \\ and there\n\\.\n")
        await keep(storage, ada)
        await commit(
            storage,
            lambda work: work.api_keys.add(api_key("k", ada), most=10),
            lambda work: work.signing_keys.add_first(signing_key("s")),
        )
    return postgres_url


QUEUED = (
    "INSERT INTO job_leases VALUES (1, 'heavy', 0, NULL, NULL, 0)",
    "INSERT INTO procrastinate_workers DEFAULT VALUES",
    (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)"
        " SELECT 'heavy', 'run', 'doing', id FROM procrastinate_workers"
    ),
    "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('light', 'run')",
    (
        "INSERT INTO procrastinate_periodic_defers (task_name, job_id)"
        " SELECT 'run', MIN(id) FROM procrastinate_jobs"
    ),
)


def copy(url: str, target: Path, *, watch: Watch | None = None, pg_dump: str = "") -> Copied:
    """Copy a database into a file, and return what the copy said of itself."""
    scratch = target.parent
    with copied_postgres(url, scratch=scratch, pg_dump=pg_dump, watch=watch or Watch()) as copied:
        copied.stream.seek(0)
        target.write_bytes(copied.stream.read())
        return copied


def look(file: Path) -> Contents:
    return look_into_postgres(file, dumped_by=1, pg_dump="")


@pytest.fixture
async def second(postgres_server: PostgresServer, postgres_url: str) -> AsyncIterator[str]:
    """Another empty database."""
    name = f"{postgres_url.rpartition('/')[2]}_second"
    await tell(postgres_server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.url(name)
    await tell(postgres_server.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


async def tell(url: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_a_copy_is_loaded_elsewhere(filled: str, second: str, tmp_path: Path) -> None:
    """What is in it can be read before, and is in the other database afterwards."""
    file = tmp_path / "dump"
    copied = await asyncio.to_thread(copy, filled, file)
    found = await asyncio.to_thread(look, file)
    await asyncio.to_thread(load_postgres, second, file, dumped_by=1, pg_dump="")

    async with store(second, tmp_path / "second") as storage, storage.open_work() as work:
        [ada] = (await work.accounts.page(limit=10)).items
    assert ada.first_name == "tab\there \\ and there\n\\.\n"
    assert [key.id for key in found.signing_keys] == ["s"]
    assert found.signing_keys[0].public == '{"kty":"OKP"}'
    assert found.api_key_digests == ("digest of k",)
    assert found.migrations == copied.migrations
    assert copied.size == size_of(file)
    assert copied.dumped_by >= int(copied.engine_version.split(".")[0])


async def test_a_copy_is_of_one_moment_while_others_write(
    postgres_url: str, second: str, tmp_path: Path
) -> None:
    """Four tasks write all the time; each commit is in the copy whole, or not at all."""
    is_over = False

    async def write(storage: Storage, lane: int) -> int:
        number = 0
        while not is_over:
            pair = (account(f"{lane} {number} {half}") for half in "ab")
            await commit(storage, *(lambda work, one=one: work.accounts.add(one) for one in pair))
            number += 1
        return number

    async with store(postgres_url, tmp_path / "data") as storage:
        writing = [asyncio.create_task(write(storage, lane)) for lane in range(4)]
        await eventually(lambda: has_accounts(storage))
        before = await names(storage)
        await asyncio.to_thread(copy, postgres_url, tmp_path / "dump")
        is_over = True
        written = sum(await asyncio.gather(*writing))
    await asyncio.to_thread(load_postgres, second, tmp_path / "dump", dumped_by=1, pg_dump="")

    async with store(second, tmp_path / "second") as storage:
        found = set(await names(storage))
    assert set(before) <= found
    assert {name[:-1] + other for name in found for other in "ab"} == found
    assert len(found) <= 2 * written


async def has_accounts(storage: Storage) -> bool:
    return len(await names(storage)) > 8


async def test_a_dump_that_was_cut_off_loads_nothing(
    filled: str, second: str, tmp_path: Path
) -> None:
    """All of it is one transaction, in the database as well."""
    file = tmp_path / "dump"
    await asyncio.to_thread(copy, filled, file)
    os.truncate(file, size_of(file) - 200)

    with pytest.raises(UnavailableError) as loading:
        await asyncio.to_thread(load_postgres, second, file, dumped_by=1, pg_dump="")
    with pytest.raises(InvalidError) as looking:
        await asyncio.to_thread(look, file)

    assert "pg_restore failed" in str(loading.value)
    assert looking.value.field == "file"
    assert tables_of_postgres(second) == set()


async def test_whether_a_database_is_empty(filled: str, second: str) -> None:
    """And whether what is in it is a store, and which."""
    [(known,)] = await tell(filled, "SELECT COUNT(*) FROM schema_migrations")
    rows = await tell(filled, "SELECT name, checksum FROM schema_migrations")
    applied: dict[str, str] = dict(map(tuple, rows))

    assert tables_of_postgres(second) == set()
    assert {"accounts", "schema_migrations"} <= tables_of_postgres(filled)
    assert len(applied) == known
    assert is_store_of(filled, instance=None, migrations=applied)
    assert not is_store_of(filled, instance="another", migrations=applied)
    assert not is_store_of(filled, instance=None, migrations={})
    assert not is_store_of(second, instance=None, migrations={})


async def test_a_database_without_our_tables_is_not_copied(second: str, tmp_path: Path) -> None:
    """There is nothing to copy."""
    with pytest.raises(TableMissingError):
        await asyncio.to_thread(copy, second, tmp_path / "dump")

    assert not listed(tmp_path)


async def test_a_restore_ends_what_was_running(filled: str) -> None:
    """A job that was active fails with a reason; another table of the queue may be missing."""
    columns = await tell(
        filled,
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = 'jobs' ORDER BY ordinal_position",
    )
    for number, state in enumerate(["running", "completed"]):
        given = {
            "id": f"{number}",
            "state": f"'{state}'",
            "finished_at": "NULL",
            "key": f"'{number}'",
        }
        values = (given.get(name, "''" if kind == "text" else "0") for name, kind in columns)
        await tell(filled, f"INSERT INTO jobs VALUES ({', '.join(values)})")  # noqa: S608 - of this test
    await ensure_tables(libpq_words(filled))
    for sql in QUEUED:
        await tell(filled, sql)

    await asyncio.to_thread(settle_postgres, filled, at=AT)

    rows = await tell(filled, "SELECT state, error FROM jobs ORDER BY id")
    assert [tuple(row) for row in rows] == [("failed", INTERRUPTED), ("completed", "")]
    for table in ("job_leases", "procrastinate_jobs", "procrastinate_workers"):
        assert await tell(filled, f"SELECT * FROM {table}") == []  # noqa: S608 - of this test


async def test_the_queue_is_copied_with_the_rest(filled: str, second: str, tmp_path: Path) -> None:
    """Its tables, types and functions are there again, as a worker that starts finds them."""
    await ensure_tables(libpq_words(filled))
    for sql in QUEUED:
        await tell(filled, sql)
    await asyncio.to_thread(copy, filled, tmp_path / "dump")
    await asyncio.to_thread(load_postgres, second, tmp_path / "dump", dumped_by=1, pg_dump="")
    await asyncio.to_thread(settle_postgres, second, at=AT)

    await ensure_tables(libpq_words(second))
    await tell(second, QUEUED[3])

    assert len(await tell(second, "SELECT * FROM procrastinate_events")) == 1


async def test_it_stops_while_it_waits_for_somebody(filled: str, tmp_path: Path) -> None:
    """Though pg_dump says nothing for long, since somebody has locked a table."""
    looks = threading.Event()
    locker = await asyncpg.connect(filled)
    async with locker.transaction():
        await locker.execute("LOCK TABLE accounts")
        watch = Watch(lambda: not looks.is_set())
        copying = asyncio.create_task(
            asyncio.to_thread(copy, filled, tmp_path / "dump", watch=watch)
        )
        await eventually(lambda: waits_for_lock(filled))
        looks.set()
        with pytest.raises(BackupStoppedError):
            await copying
    await locker.close()

    assert not (tmp_path / "dump").exists()


async def waits_for_lock(url: str) -> bool:
    sql = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'"
    )
    return bool(await tell(url, sql))


async def test_a_pg_dump_that_is_killed_is_told(filled: str, tmp_path: Path) -> None:
    """Half a dump is never taken for a whole one."""
    locker = await asyncpg.connect(filled)
    async with locker.transaction():
        await locker.execute("LOCK TABLE accounts")
        copying = asyncio.create_task(asyncio.to_thread(copy, filled, tmp_path / "dump"))
        await eventually(lambda: waits_for_lock(filled))
        os.kill(child("pg_dump"), signal.SIGKILL)
        with pytest.raises(UnavailableError) as found:
            await copying
    await locker.close()

    assert "pg_dump failed" in str(found.value)
    assert not (tmp_path / "dump").exists()


def child(name: str) -> int:
    """Return the process of this program that is below us."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (folder / "status").exists():
            told = (folder / "status").read_text()
            if f"Name:\t{name}\n" in told and f"PPid:\t{os.getpid()}\n" in told:
                return int(folder.name)
    raise AssertionError(name)


async def test_a_full_disk_is_told(filled: str, tmp_path: Path) -> None:
    """With the folder; and nothing is left in it."""
    folder = tmp_path / "backups"
    folder.mkdir()

    with no_larger_files(20_000), pytest.raises(UnavailableError) as found:
        await asyncio.to_thread(copy, filled, folder / "dump")

    assert f"The disk with {folder} is full" in str(found.value)
    assert not listed(folder)


async def test_a_server_that_does_not_answer_is_told(filled: str, tmp_path: Path) -> None:
    """Without anything of the address, which may have a password in it."""
    url = filled.replace("postgres@", f"ada:{SECRET.replace('/', '%2F')}@").replace(
        "test_", "none_"
    )

    with pytest.raises(UnavailableError) as found:
        await asyncio.to_thread(copy, url, tmp_path / "dump")

    assert SECRET not in str(found.value)
    assert "none_" not in str(found.value)


async def test_an_older_server_is_named(filled: str) -> None:
    """What was copied from a newer one is not loaded into it, for nobody promises that."""
    with pytest.raises(InvalidError) as found:
        await asyncio.to_thread(require_server, filled, version="99.1")

    require_server(filled, version="9.6")
    assert "PostgreSQL 99.1" in str(found.value)


async def test_a_server_that_is_not_out_yet_has_a_version(filled: str) -> None:
    """As it says it itself; and a backup that names none at all is none of ours."""
    with pytest.raises(InvalidError) as newer:
        await asyncio.to_thread(require_server, filled, version="99beta1")
    with pytest.raises(InvalidError) as none:
        await asyncio.to_thread(require_server, filled, version="beta")

    assert "PostgreSQL 99beta1" in str(newer.value)
    assert none.value.field == "file"


async def test_a_database_that_is_migrated_meanwhile_is_copied_later(
    filled: str, tmp_path: Path
) -> None:
    """What such a copy says of itself may be of another moment than what is in it."""
    sql = "INSERT INTO schema_migrations VALUES ('9999_pre_new', 'x', 0) ON CONFLICT DO NOTHING"

    def migrate(*_: object) -> None:
        asyncio.run(tell(filled, sql))

    watch = Watch(on_progress=migrate)

    with pytest.raises(UnavailableError, match="was migrated meanwhile"):
        await asyncio.to_thread(copy, filled, tmp_path / "dump", watch=watch)

    await asyncio.to_thread(copy, filled, tmp_path / "dump")
    assert "9999_pre_new" in (await asyncio.to_thread(look, tmp_path / "dump")).migrations


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE api_keys RENAME digest TO another",
        "ALTER TABLE signing_keys ALTER created_at TYPE TEXT USING 'soon'",
    ],
)
async def test_a_copy_of_other_tables_is_refused(filled: str, tmp_path: Path, sql: str) -> None:
    """They have the names of ours, and hold something else."""
    await tell(filled, sql)
    await asyncio.to_thread(copy, filled, tmp_path / "dump")

    with pytest.raises(InvalidError) as found:
        await asyncio.to_thread(look, tmp_path / "dump")

    assert found.value.field == "file"


def listed(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir() if one.name.startswith((".", "dump"))}


def read(file: Path) -> str:
    return file.read_text()


def size_of(file: Path) -> int:
    return file.stat().st_size
