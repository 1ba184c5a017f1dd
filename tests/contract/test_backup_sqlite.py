"""Copies of a SQLite database: of one moment, whole, and made while others write."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from contract.files import mode, names, no_larger_files, scratch
from contract.things import AT, PATIENCE_MS, account, commit, keep, password, signing_key
from watchword.core.jobs.model import State
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.ports import BackupStoppedError
from watchword.storage.backup_contents import INTERRUPTED, Copied
from watchword.storage.backup_disk import require_room
from watchword.storage.backup_sqlite import copied_sqlite, look_into_sqlite, settle_sqlite
from watchword.storage.backup_watch import Watch
from watchword.storage.engine import TableMissingError
from watchword.storage.sqlite import open_sqlite
from watchword.storage.work import SqlStorage

LARGE = "x" * 5000
ROOM = 600
"""So many large rows are several megabytes: the copy takes many steps."""


@pytest.fixture
async def large(sqlite: SqlStorage) -> SqlStorage:
    """A store of several megabytes."""
    await commit(
        sqlite,
        *(
            lambda work, n=n: work.accounts.add(account(f"n{n}", first_name=LARGE))
            for n in range(ROOM)
        ),
    )
    return sqlite


def copy(path: Path, target: Path, *, watch: Watch | None = None) -> Copied:
    """Copy a database into a file, and return what the copy said of itself."""
    folder = target.parent
    with copied_sqlite(path, scratch=folder, target=folder, watch=watch or Watch()) as copied:
        copied.stream.seek(0)
        target.write_bytes(copied.stream.read())
        return copied


def listed(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def spoil(file: Path) -> None:
    """Damage two pages in the middle."""
    with file.open("r+b") as octets:
        octets.seek(file.stat().st_size // 2 // 4096 * 4096)
        octets.write(b"\xff" * 8192)


def rows(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


async def test_a_copy_is_of_one_moment_while_others_write(
    large: SqlStorage, path: Path, tmp_path: Path
) -> None:
    """Between any two steps somebody writes; the copy begins only once, and has none of it."""
    loop, target = asyncio.get_running_loop(), tmp_path / "copy.db"
    seen: list[int] = []

    def write_between(done: int, _: int | None) -> None:
        one = account(f"late {len(seen)}", first_name=LARGE)
        asyncio.run_coroutine_threadsafe(keep(large, one), loop).result(5)
        seen.append(done)

    before = await names(large)
    copied = await asyncio.to_thread(copy, path, target, watch=Watch(on_progress=write_between))
    after = await names(large)

    found = look_into_sqlite(target)
    assert len(seen) > 3
    assert seen == sorted(set(seen))
    assert len(after) == len(before) + len(seen)
    assert found.counts["accounts"] == len(before)
    assert found.migrations == copied.migrations
    assert copied.size == target.stat().st_size


async def test_the_server_may_be_in_the_middle_of_anything(
    large: SqlStorage, path: Path, tmp_path: Path
) -> None:
    """Copies follow on each other while four tasks write: each is whole, none goes back."""
    is_over = False

    async def write(lane: int) -> int:
        number = 0
        while not is_over:
            await keep(large, account(f"{lane} {number}"))
            number += 1
        return number

    writing = [asyncio.create_task(write(lane)) for lane in range(4)]
    counts = []
    for number in range(4):
        target = tmp_path / f"{number}.db"
        await asyncio.to_thread(copy, path, target)
        counts.append(look_into_sqlite(target).counts["accounts"])
    is_over = True
    written = sum(await asyncio.gather(*writing))

    assert counts == sorted(counts)
    assert ROOM < counts[-1] <= ROOM + 1 + written


async def test_a_copy_opens_anywhere(sqlite: SqlStorage, path: Path, tmp_path: Path) -> None:
    """In a folder that cannot be written too: no log belongs to it."""
    copy(path, tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_bytes()[18:20] == b"\x01\x01"
    assert rows(tmp_path / "copy.db", "SELECT name FROM accounts") == [("Ada",)]
    assert listed(tmp_path) == {"copy.db", "data"}
    assert await names(sqlite) == ["Ada"]


@pytest.mark.parametrize("after", [1, 3])
async def test_it_stops_when_it_is_not_wanted(
    large: SqlStorage, path: Path, tmp_path: Path, after: int
) -> None:
    """Soon, with nothing left behind, and the server goes on."""
    folder = tmp_path / "backups"
    looks: list[int] = []
    folder.mkdir()
    watch = Watch(lambda: len(looks) < after, lambda *_: looks.append(1))

    with pytest.raises(BackupStoppedError):
        copy(path, folder / "copy.db", watch=watch)

    assert len(looks) == after
    assert listed(folder) == set()
    assert len(await names(large)) == ROOM + 1


async def test_it_stops_while_the_database_is_looked_through(large: SqlStorage, path: Path) -> None:
    """Nobody waits for that to come to its end either."""
    with pytest.raises(BackupStoppedError):
        copy(path, path.with_name("copy.db"), watch=Watch(lambda: False))

    assert len(await names(large)) == ROOM + 1


async def test_a_damaged_database_is_not_copied(
    large: SqlStorage, path: Path, tmp_path: Path
) -> None:
    """A backup of it would push a good one out. The error says what it is."""
    await large.close()
    spoil(path)

    with pytest.raises(UnavailableError) as found:
        copy(path, tmp_path / "copy.db")

    assert "damaged" in str(found.value)
    assert not (tmp_path / "copy.db").exists()


async def test_a_full_disk_is_told(large: SqlStorage, path: Path, tmp_path: Path) -> None:
    """With the folder and how much is needed; nothing of the copy is left on it."""
    folder = tmp_path / "backups"
    folder.mkdir()

    with no_larger_files(1_000_000), pytest.raises(UnavailableError) as found:
        copy(path, folder / "copy.db")

    assert f"The disk with {folder} is full: about " in str(found.value)
    assert "Free some space there and start again." in str(found.value)
    assert listed(folder) == set()
    await keep(large, account("Bob"))


async def test_a_disk_that_would_be_full_is_not_filled(tmp_path: Path) -> None:
    """Where the room is known to be missing nothing is begun: others need that disk."""
    free = shutil.disk_usage(tmp_path).free

    with pytest.raises(UnavailableError) as found:
        require_room([(tmp_path, free), (tmp_path, 5_000_000_000)])

    assert f"The disk with {tmp_path} is full" in str(found.value)
    require_room([(tmp_path, 1000), (tmp_path, 1000)])


async def test_no_database_is_made_for_a_copy(tmp_path: Path) -> None:
    """Where there is none, or one without our tables, there is nothing to copy."""
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch(mode=0o600)

    with pytest.raises(UnavailableError):
        copy(missing, tmp_path / "copy.db")
    with pytest.raises(TableMissingError):
        copy(empty, tmp_path / "copy.db")

    assert not missing.exists()


async def test_a_restore_ends_what_was_running(tmp_path: Path) -> None:
    """Jobs that were active fail with a reason, others stay, and nothing waits in the queue."""
    file = tmp_path / "copy.db"
    storage = await open_sqlite(file, patience_ms=PATIENCE_MS)
    await storage.migrate(at=AT)
    await storage.close()
    states = [state.value for state in State]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA journal_mode = DELETE")
        for number, state in enumerate(states):
            database.execute(job_in(database, number, state))
        database.execute("INSERT INTO job_leases VALUES (1, 'heavy', 0, NULL, NULL, 0)")

    settle_sqlite(file, at=AT)

    found = rows(file, "SELECT state, error, finished_at IS NOT NULL FROM jobs ORDER BY id")
    assert found[:4] == [("failed", INTERRUPTED, 1)] * 4
    assert found[4:] == [(state, "", 0) for state in states[4:]]
    assert rows(file, "SELECT * FROM job_leases") == []
    assert listed(tmp_path) == {"copy.db"}


def job_in(database: sqlite3.Connection, number: int, state: str) -> str:
    """Return what puts a job in, whatever other columns there are."""
    columns = database.execute("PRAGMA table_info(jobs)").fetchall()
    given = {"id": str(number), "state": f"'{state}'", "key": f"'{number}'", "finished_at": "NULL"}
    plain = {"INTEGER": "0", "TEXT": "''"}
    values = [given.get(name, plain[kind]) for _, name, kind, *_ in columns]
    return f"INSERT INTO jobs VALUES ({', '.join(values)})"  # noqa: S608 - of this test


def old_schema(database: sqlite3.Connection) -> None:
    database.execute("DROP TABLE job_output")
    for table in ("jobs", "job_leases", "api_keys"):
        database.execute(f"DROP TABLE {table}")


async def test_older_schemas_have_fewer_tables(
    sqlite: SqlStorage, path: Path, tmp_path: Path
) -> None:
    """What a table does not have yet is not missed."""
    await commit(sqlite, lambda work: work.signing_keys.add_first(signing_key("k")))
    file = tmp_path / "copy.db"
    copy(path, file)
    with closing(sqlite3.connect(file)) as database:
        old_schema(database)

    settle_sqlite(file, at=AT)
    found = look_into_sqlite(file)

    assert found.counts == {"accounts": 1, "sessions": 0}
    assert [key.id for key in found.signing_keys] == ["k"]
    assert found.api_key_digests == ()


def _not_a_database(file: Path) -> None:
    file.write_bytes(b"this is no database" * 1000)


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _orphan(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE passwords SET account_id = 'nobody'")


@pytest.mark.parametrize("damage", [_not_a_database, _cut, scratch, _orphan])
async def test_a_copy_that_is_damaged_is_noticed(
    sqlite: SqlStorage, path: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Each page is read, and every reference followed."""
    await commit(sqlite, lambda work: work.credentials.put_password(password(account("Ada"))))
    file = tmp_path / "copy.db"
    copy(path, file)
    look_into_sqlite(file)
    damage(file)

    with pytest.raises(InvalidError) as found:
        look_into_sqlite(file)

    assert found.value.field == "file"
    assert "damaged" in str(found.value)


async def test_nothing_of_a_copy_can_be_read_by_others(
    large: SqlStorage, path: Path, tmp_path: Path
) -> None:
    """While it is made it has no name; what a restore works on keeps its mode."""
    folder = tmp_path / "backups"
    folder.mkdir()
    seen: set[str] = set()
    with suppress(BackupStoppedError):
        copy(
            path,
            folder / "copy.db",
            watch=Watch(on_progress=lambda *_: seen.update(listed(folder))),
        )
    file = folder / "copy.db"
    file.chmod(0o600)
    settle_sqlite(file, at=AT)

    assert seen == set()
    assert mode(file) == 0o600
    assert apsw.Connection(str(file)).pragma("integrity_check") == "ok"
    assert len(await names(large)) == ROOM + 1
