"""What SQLite must survive: a disk that is full, a file that is damaged, replaced or gone."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from contract.files import (
    is_refused,
    make_folder,
    move,
    names,
    no_larger_files,
    scratch,
    works_again,
    write,
)
from contract.things import AT, PATIENCE_MS, account, commit, keep, session
from parts.waiting import eventually
from watchword.core.accounts.model import Account
from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import SessionId
from watchword.core.ports import Storage
from watchword.storage.sqlite import open_sqlite
from watchword.storage.work import SqlStorage

ADA = account("Ada")


async def _fill(storage: Storage) -> int:
    """Write until it is refused, and return how many were acknowledged."""
    acknowledged = 0
    # Where a large one has no room left, small ones may have some.
    for size in (5000, 0):
        while await _fits(storage, account(f"n{acknowledged}", first_name="x" * size)):
            acknowledged += 1
    return acknowledged


async def _fits(storage: Storage, one: Account) -> bool:
    try:
        await keep(storage, one)
    except UnavailableError:
        return False
    return True


async def test_a_disk_that_takes_no_more_is_noticed(sqlite: SqlStorage, path: Path) -> None:
    """Writes and the check are refused, reads go on, nothing acknowledged is lost."""
    with no_larger_files(path.with_name("watchword.db-wal").stat().st_size + 50_000):
        acknowledged = await _fill(sqlite)
        assert await is_refused(sqlite)
        with pytest.raises(UnavailableError):
            await sqlite.check()
        assert len(await names(sqlite)) == acknowledged + 1

    assert await works_again(sqlite)
    await keep(sqlite, account("Bob"))
    assert len(await names(sqlite)) == acknowledged + 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of one megabyte, None where the machine does not let us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        yield None
        return
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_full_disk_is_noticed_and_gets_better(
    small_disk: Path | None, tmp_path: Path
) -> None:
    """The same on a disk that is really full; where none can be had, under a limit again."""
    await _fill_disk(small_disk or tmp_path, is_small=small_disk is not None)


async def _fill_disk(disk: Path, *, is_small: bool) -> None:
    storage = await open_sqlite(disk / "watchword.db", patience_ms=PATIENCE_MS)
    await storage.migrate(at=AT)
    ballast = disk / "ballast"
    # Where no small disk can be had, the process's own limit stands in for one.
    with no_larger_files(2**20 if is_small else 400_000):
        ballast.write_bytes(bytes(200_000))
        acknowledged = await _fill(storage)
        assert await is_refused(storage)
        with pytest.raises(UnavailableError):
            await storage.check()
        assert len(await names(storage)) == acknowledged
        if is_small:
            ballast.unlink()
            assert await works_again(storage)
    assert await works_again(storage)
    await keep(storage, account("Bob"))
    assert len(await names(storage)) == acknowledged + 1
    await storage.close()


@pytest.mark.parametrize("whole_folder", [False, True])
async def test_a_database_that_is_moved_away_and_back(
    sqlite: SqlStorage,
    path: Path,
    whole_folder: bool,  # noqa: FBT001 - a parameter
) -> None:
    """While it is gone nothing is read and nothing acknowledged; then all goes on."""
    here, away = (path.parent if whole_folder else path), path.parent.with_name("away")
    here.rename(away)

    assert await is_refused(sqlite)
    assert not await works_again(sqlite)
    with pytest.raises(UnavailableError):
        await names(sqlite)
    away.rename(here)

    assert await works_again(sqlite)
    await keep(sqlite, account("Bob"))
    assert await names(sqlite) == ["Ada", "Bob"]


async def test_a_database_that_vanishes_under_a_commit_acknowledges_nothing(
    sqlite: SqlStorage, path: Path
) -> None:
    """Whatever was acknowledged while the file came and went is there at the end."""
    away = path.with_name("away")
    acknowledged: list[str] = []

    async def write(lane: int) -> None:
        for number in range(40):
            one = account(f"n{lane} {number}")
            try:
                await keep(sqlite, one)
            except UnavailableError:
                continue
            acknowledged.append(one.name)

    async def come_and_go() -> None:
        for _ in range(30):
            move(path, away)
            await asyncio.sleep(0)
            move(away, path)
            await asyncio.sleep(0)

    await asyncio.gather(*(write(lane) for lane in range(8)), come_and_go())

    assert await works_again(sqlite)
    assert set(acknowledged) <= set(await names(sqlite))


async def test_a_deleted_database_takes_no_write_and_comes_back_from_a_copy(
    sqlite: SqlStorage, path: Path
) -> None:
    """A restored file is taken up by itself, with what it has."""
    copy = path.with_name("copy.db")
    await _back_up(path, copy)
    await keep(sqlite, account("Lost"))
    remove(path)
    assert await is_refused(sqlite)
    assert not await works_again(sqlite)
    copy.rename(path)

    await eventually(lambda: works_again(sqlite))
    await keep(sqlite, account("Bob"))

    assert await names(sqlite) == ["Ada", "Bob"]


async def test_a_database_that_is_replaced_between_two_reads(
    sqlite: SqlStorage, path: Path
) -> None:
    """The next read says that it has to look, the one after that sees the new file."""
    copy = path.with_name("copy.db")
    await _back_up(path, copy)
    await keep(sqlite, account("Lost"))
    assert await names(sqlite) == ["Ada", "Lost"]
    for file in path.parent.glob("watchword.db-*"):
        file.unlink()
    copy.rename(path)

    with pytest.raises(UnavailableError):
        await names(sqlite)
    await eventually(lambda: works_again(sqlite))

    assert await names(sqlite) == ["Ada"]


def remove(path: Path) -> None:
    """Remove a database with all that lies beside it."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


async def _back_up(path: Path, copy: Path) -> None:
    source, target = apsw.Connection(str(path)), apsw.Connection(str(copy))
    with target.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    target.close()


@pytest.mark.parametrize("junk", [b"", b"this is no database" * 1000])
async def test_a_file_that_is_no_database_of_ours_is_refused_until_ours_is_back(
    sqlite: SqlStorage, path: Path, junk: bytes
) -> None:
    """Neither an empty file nor a text is written to, and none of it is ever an answer."""
    away = path.parent.with_name("away")
    path.parent.rename(away)
    make_folder(path.parent, mode=0o700)
    write(path, junk)
    assert await is_refused(sqlite)
    assert not await works_again(sqlite)
    shutil.rmtree(path.parent)
    away.rename(path.parent)

    await eventually(lambda: works_again(sqlite))

    assert await names(sqlite) == ["Ada"]


async def test_damage_is_met_while_running(sqlite: SqlStorage, path: Path) -> None:
    """A page that cannot be read makes the database unavailable, and nothing worse."""
    with apsw.Connection(str(path)) as other:
        other.pragma("wal_checkpoint", "truncate")
    scratch(path)

    assert await is_refused(sqlite)
    with pytest.raises(UnavailableError):
        await sqlite.check()


async def test_a_damaged_database_is_unavailable_and_not_a_crash(
    sqlite: SqlStorage, path: Path
) -> None:
    """What cannot be read is said to be so."""
    await sqlite.close()
    scratch(path)

    with pytest.raises(UnavailableError) as refused:
        await open_sqlite(path, patience_ms=PATIENCE_MS)

    assert isinstance(refused.value.__cause__, apsw.CorruptError)


async def test_ended_sessions_do_not_come_back_with_a_moved_file(
    sqlite: SqlStorage, path: Path
) -> None:
    """A session whose end was refused lives on; one whose end was acknowledged is dead."""
    await commit(sqlite, lambda work: work.sessions.add(session("s", ADA)))
    away = path.with_name("away")
    move(path, away)
    with pytest.raises(UnavailableError):
        await commit(sqlite, lambda work: work.sessions.end(SessionId("s")))
    move(away, path)

    async with sqlite.open_work() as work:
        before = await work.sessions.by_id(SessionId("s"))
        await commit(sqlite, lambda work: work.sessions.end(SessionId("s")))
        after = await work.sessions.by_id(SessionId("s"))

    assert (before is not None, after) == (True, None)


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder of a user whom a read-only file stops; root is stopped by nothing."""
    folder = Path(tempfile.mkdtemp(prefix="watchword-"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        os.seteuid(nobody.pw_uid)
        yield folder
        os.seteuid(0)
    else:
        yield folder
    shutil.rmtree(folder)


async def test_a_read_only_file_is_unavailable_until_it_is_not(nobodys_folder: Path) -> None:
    """Opening it is refused; one that is put in our place is taken up when it can be written."""
    path, copy = nobodys_folder / "watchword.db", nobodys_folder / "copy.db"
    storage = await open_sqlite(path, patience_ms=PATIENCE_MS)
    await storage.migrate(at=AT)
    await keep(storage, ADA)
    await _back_up(path, copy)
    copy.chmod(0o400)

    with pytest.raises(UnavailableError) as refused:
        await open_sqlite(copy, patience_ms=PATIENCE_MS)
    remove(path)
    copy.rename(path)
    assert await is_refused(storage)
    assert not await works_again(storage)
    path.chmod(0o600)

    await eventually(lambda: works_again(storage))
    assert await names(storage) == ["Ada"]
    assert "read-only" in str(refused.value)
    await storage.close()


async def test_a_copy_beside_the_old_log_is_taken_up_or_refused(
    sqlite: SqlStorage, path: Path
) -> None:
    """Whoever copies one file of three gets our rows or an error, and no other answer."""
    copy = path.with_name("copy.db")
    shutil.copyfile(path, copy)
    for number in range(20):
        await keep(sqlite, account(f"n{number}"))
    move(copy, path)

    async def settled() -> list[str] | None:
        try:
            await sqlite.check()
            return sorted(await names(sqlite))
        except UnavailableError:
            return None

    assert await eventually(settled) == sorted(["Ada", *(f"n{number}" for number in range(20))])
