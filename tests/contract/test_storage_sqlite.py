"""What SQLite promises beyond the port: private files, durable commits, bounded waiting."""

import asyncio
from pathlib import Path

import apsw
import pytest

from contract.files import is_refused, make_folder, mode, names, works_again
from contract.things import AT, account, commit, keep
from watchword.core.audit.model import Action, Event
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import AccountId
from watchword.storage import sqlite_writer
from watchword.storage.sqlite import open_sqlite
from watchword.storage.work import SqlStorage

ADA = account("Ada")


async def test_a_new_database_is_for_its_owner_alone(sqlite: SqlStorage, path: Path) -> None:
    """The folder that was made for it and every file in it are closed to others."""
    await sqlite.check()
    sqlite.revocations.stamp()
    modes = {file.name: mode(file) for file in path.parent.iterdir()}

    assert mode(path.parent) == 0o700
    assert modes == dict.fromkeys(
        ("watchword.db", "watchword.db-wal", "watchword.db-shm", "watchword.db-revocations"), 0o600
    )


async def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """Only what we make is ours to close."""
    folder = tmp_path / "data"
    make_folder(folder, mode=0o750)
    storage = await open_sqlite(folder / "watchword.db")
    await storage.close()

    assert mode(folder) == 0o750


async def test_everything_is_there_after_closing(sqlite: SqlStorage, path: Path) -> None:
    """The log is tidied up into the one file that stays, besides the counter."""
    sqlite.revocations.stamp()
    await sqlite.close()
    left = {file.name for file in path.parent.iterdir()}
    again = await open_sqlite(path)

    assert left == {"watchword.db", "watchword.db-revocations"}
    assert await again.pending() == []
    assert await names(again) == ["Ada"]
    await again.close()


async def test_commits_are_synced_and_references_checked(sqlite: SqlStorage) -> None:
    """The database itself says that it is in the mode on which our promises rest."""
    connection = sqlite._engine._file.connect(patience_ms=0)  # type: ignore[attr-defined]  # noqa: SLF001 - no port tells this

    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    assert connection.pragma("foreign_keys") == 1
    connection.close()


async def test_a_locked_database_reads_and_does_not_write(sqlite: SqlStorage, path: Path) -> None:
    """Writers wait a while, all of them the same while, and are told; afterwards all is well."""
    other = apsw.Connection(str(path))
    other.execute("BEGIN EXCLUSIVE")

    refused = await asyncio.gather(*(is_refused(sqlite) for _ in range(20)))
    found = await names(sqlite)
    other.execute("ROLLBACK")

    assert all(refused)
    assert found == ["Ada"]
    assert await works_again(sqlite)
    assert await names(sqlite) == ["Ada"]
    other.close()


async def test_a_lock_that_goes_away_in_time_is_only_a_delay(
    sqlite: SqlStorage, path: Path
) -> None:
    """What waits is written once the other lets go."""
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(keep(sqlite, account("Bob")))
    await asyncio.sleep(0)
    other.execute("COMMIT")

    await waiting

    assert await names(sqlite) == ["Ada", "Bob"]
    other.close()


async def test_a_queue_that_is_full_refuses_at_once(path: Path) -> None:
    """Callers past the limit are not kept waiting, and those before it are served."""
    sqlite = await open_sqlite(path)
    await sqlite.migrate(at=AT)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    event = Event(at=AT, action=Action.SESSION_END, subject="s")
    crowd = [
        asyncio.create_task(commit(sqlite, lambda work: work.audit.add(event)))
        for _ in range(sqlite_writer.WAITING_MAX + 10)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    other.execute("COMMIT")

    outcomes = await asyncio.gather(*crowd, return_exceptions=True)

    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 10
    assert all(isinstance(one, UnavailableError) and one.retry_after == 1 for one in refused)
    other.close()
    await sqlite.close()


async def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    """Opening fails in our words, with the cause."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(UnavailableError) as refused:
        await open_sqlite(tmp_path / "file" / "watchword.db")

    assert isinstance(refused.value.__cause__, OSError)


async def test_a_text_file_cannot_be_opened(tmp_path: Path) -> None:
    """A file of somebody else is not taken for a database, and stays as it is."""
    (tmp_path / "notes.txt").write_text("notes\n" * 1000)

    with pytest.raises(UnavailableError):
        await open_sqlite(tmp_path / "notes.txt")

    assert (tmp_path / "notes.txt").read_text() == "notes\n" * 1000


async def test_closing_finishes_what_was_begun(path: Path, sqlite: SqlStorage) -> None:
    """Writes that wait when the store is closed are written; their callers hear of it."""
    begun = [asyncio.create_task(keep(sqlite, account(f"n{number}"))) for number in range(50)]
    await asyncio.sleep(0)

    await sqlite.close()

    assert await asyncio.gather(*begun) == [None] * 50
    again = await open_sqlite(path)
    assert len(await names(again)) == 51
    await again.close()


async def test_a_caller_who_goes_away_harms_nobody(sqlite: SqlStorage) -> None:
    """A cancelled commit is applied or not, and the others are served."""
    gone = asyncio.create_task(keep(sqlite, account("Gone")))
    await asyncio.sleep(0)
    gone.cancel()

    await keep(sqlite, account("Bob"))

    assert set(await names(sqlite)) >= {"Ada", "Bob"}


async def test_text_with_quotes_and_every_plane_is_kept(sqlite: SqlStorage) -> None:
    """Values are bound, never written into the SQL."""
    strange = account("Robert'); DROP TABLE accounts;-- 𝄞", id=AccountId("\"'`;--"))

    await keep(sqlite, strange)

    async with sqlite.open_work() as work:
        assert await work.accounts.by_id(strange.id) == strange
