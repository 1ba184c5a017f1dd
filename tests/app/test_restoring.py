"""Restoring: into nothing, by who has the key, all or nothing."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.backing import (
    Site,
    back_up,
    fill,
    is_good,
    listed,
    open_to_others,
    path_of,
    put,
    refusal,
    rows,
    start_job,
)
from contract.files import no_larger_files
from parts.database import run
from watchword.app.backup_reading import UNWATCHED, verify
from watchword.app.house import StartError, open_house
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.crypto.sealedfile import make_seal_key
from watchword.settings.model import Settings

OTHER_KEY = "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28"
NOTHING = {"in-use.lock"}
WITHOUT_TALLY = {
    "sqlite": (
        "DROP TRIGGER accounts_arrive",
        "DROP TRIGGER accounts_depart",
        "DROP TABLE account_tally",
    ),
    "postgres": ("DROP FUNCTION tally_accounts CASCADE", "DROP TABLE account_tally"),
}
WITHOUT_DIRECTORIES = (
    "DROP TABLE directory_links",
    "DROP TABLE directory_marks",
    "ALTER TABLE accounts DROP COLUMN directory",
    "DELETE FROM schema_migrations WHERE name >= '0017'",
)
WITHOUT_JOBS = (
    "DROP TABLE job_output",
    "DROP TABLE jobs",
    "DROP TABLE job_numbers",
    "DROP TABLE job_leases",
    "DELETE FROM schema_migrations WHERE name >= '0016'",
)


async def test_a_store_is_never_written_over(site: Site) -> None:
    """Where one is already nothing is changed."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    held = await fill(there)
    file = path_of(here, await back_up(here))
    before = await rows(site.store("there"))

    error = await refusal(file, there, site)

    assert error.field == "database"
    assert await rows(site.store("there")) == before
    assert await is_good(there, held)


@pytest.mark.parametrize("left", ["watchword.db", "watchword.db-wal", "watchword.db-journal"])
async def test_an_old_log_is_in_the_way_too(own_site: Site, left: str) -> None:
    """SQLite would play it into the database that is restored."""
    here, there = own_site.settings("here"), own_site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here))
    there.folder.mkdir(mode=0o700)
    (there.folder / left).write_bytes(b"old")

    error = await refusal(file, there, own_site)

    assert error.field == "database"
    assert left in str(error)
    assert listed(there.folder) == {left, *NOTHING}


async def test_a_store_that_is_put_aside(own_site: Site) -> None:
    """Whoever asks for it has the old files under other names, which work as they did."""
    here, there = own_site.settings("here"), own_site.settings("there")
    held, old = await fill(here), await fill(there)
    (there.folder / "watchword.db-wal").touch(mode=0o600)
    file = path_of(here, await back_up(here))
    error = await refusal(file, there, own_site)

    done = await put(file, there, own_site, force=True)

    aside = {path.name.partition(".before-")[0]: path for path in done.put_aside}
    assert error.field == "database"
    assert set(aside) == {"watchword.db", "master.key"}
    assert sum(path.name.endswith("-wal") for path in done.put_aside) == 1
    assert await is_good(there, held)
    again = own_site.settings("again")
    again.folder.mkdir(mode=0o700)
    aside["watchword.db"].with_name(_stem(aside["watchword.db"])).rename(
        again.folder / "watchword.db"
    )
    aside["master.key"].rename(again.folder / "master.key")
    assert await is_good(again, old)


def _stem(path: Path) -> str:
    return path.name.removesuffix("-wal").removesuffix("-shm")


@pytest.mark.slow
async def test_a_postgresql_that_is_not_empty_is_never_put_aside(postgres_site: Site) -> None:
    """It may be somebody else's: whoever wants to restore makes a new one."""
    here, there = postgres_site.settings("here"), postgres_site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here))
    await run(postgres_site.store("there"), "CREATE TABLE theirs (x INTEGER)")

    error = await refusal(file, there, postgres_site, force=True)

    assert error.field == "database"
    assert "not empty" in str(error)
    assert listed(there.folder) == NOTHING


async def test_who_has_the_wrong_identity_gets_nothing(site: Site) -> None:
    """Nor who has none."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here))

    without = await refusal(file, there, site, identity=None)
    wrong = await refusal(file, there, site, identity=make_seal_key().identity)

    assert without.field == wrong.field == "identity"
    assert "is encrypted" in str(without)
    assert listed(there.folder) == NOTHING


@pytest.mark.slow
async def test_each_engine_takes_its_own(own_site: Site, postgres_url: str) -> None:
    """A backup of one is not restored into the other, and the refusal names both."""
    here = own_site.settings("here")
    await fill(here)
    file = path_of(here, await back_up(here))
    other = Site(own_site.folder, {"there": postgres_url}, own_site.key)

    error = await refusal(file, other.settings("there"), own_site)

    assert error.field == "database"
    assert "of SQLite, and the settings name PostgreSQL" in str(error)


async def test_a_store_of_a_newer_version_is_not_restored(site: Site) -> None:
    """It can be looked into; the refusal names the migration that is not known here."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    await run(site.store("here"), "INSERT INTO schema_migrations VALUES ('9999_pre_new', 'x', 0)")
    file = path_of(here, await back_up(here))

    found = await asyncio.to_thread(verify, file, here, identity=site.key.identity)
    error = await refusal(file, there, site)

    assert found.is_newer
    assert error.field == "file"
    assert "9999_pre_new" in str(error)
    assert listed(there.folder) == NOTHING


@pytest.mark.parametrize(
    "lacking", [WITHOUT_DIRECTORIES, WITHOUT_DIRECTORIES + WITHOUT_JOBS], ids=["0016", "0015"]
)
async def test_a_store_of_an_older_version_is_brought_up_to_date(
    own_site: Site, lacking: tuple[str, ...]
) -> None:
    """By the first start, as any store of an older version."""
    here, there = own_site.settings("here"), own_site.settings("there")
    held = await fill(here)
    store = own_site.store("here")
    engine = "sqlite" if store.database is None else "postgres"
    for sql in (*WITHOUT_TALLY[engine], *lacking):
        await run(store, sql)
    file = path_of(here, await back_up(here))

    await put(file, there, own_site)

    assert await is_good(there, held)
    for table in ("jobs", "directory_links"):
        sql = f"SELECT COUNT(*) FROM {table}"  # noqa: S608 - a name of ours
        assert await run(own_site.store("there"), sql) == [(0,)]


async def test_jobs_that_ran_are_over(site: Site) -> None:
    """Whoever asked for one sees why, and may start it again."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    job = await start_job(here)
    file = path_of(here, await back_up(here))

    await put(file, there, site)

    sql = "SELECT id, state, error FROM jobs"
    assert await run(site.store("there"), sql) == [
        (job, "failed", "The store was restored from a backup while this ran.")
    ]
    assert (await run(site.store("here"), sql))[0][1] == "not-started"


async def test_a_store_in_use_is_left_alone(site: Site) -> None:
    """A server that runs on the folder is told of, even if its database was taken away."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here))
    other = site.settings("here")

    async with open_house(other):
        with pytest.raises(UnavailableError) as found:
            await put(file, other, site)

    assert "works on" in str(found.value)
    assert listed(there.folder) == set()


async def test_nobody_starts_while_it_is_restored(own_site: Site) -> None:
    """A server would make an empty store where the restored one is about to be."""
    here, there = own_site.settings("here"), own_site.settings("there")
    held = await fill(here)
    file = path_of(here, await back_up(here))
    met: list[str] = []

    def start(*_: object) -> None:
        met.append(asyncio.run(_start(there)))

    watch = type(UNWATCHED)(on_progress=start)
    await put(file, there, own_site, watch=watch)

    assert met
    assert all("is being restored" in one for one in met)
    assert await is_good(there, held)


async def _start(settings: Settings) -> str:
    try:
        async with open_house(settings):
            return "started"
    except StartError as error:
        return str(error)


async def test_nobody_starts_on_half_a_restore(site: Site) -> None:
    """A restore that broke off is told of; it can be started again, or be given up."""
    here, there = site.settings("here"), site.settings("there")
    held = await fill(here)
    file = path_of(here, await back_up(here))
    there.folder.mkdir(mode=0o700)
    unfinished = there.folder / "restore.partial"
    unfinished.mkdir()
    (unfinished / "watchword.db").write_bytes(b"half")

    told = await _start(there)
    await put(file, there, site)

    assert "did not come to its end" in told
    assert str(unfinished) in told
    assert not unfinished.exists()
    assert await is_good(there, held)


@pytest.mark.slow
async def test_a_restore_that_broke_off_at_its_end_goes_on(postgres_site: Site) -> None:
    """PostgreSQL had taken all, and the rest was not done: the same call does it."""
    here, there = postgres_site.settings("here"), postgres_site.settings("there")
    held = await fill(here)
    await start_job(here)
    file = path_of(here, await back_up(here))
    await put(file, there, postgres_site)
    await run(postgres_site.store("there"), "UPDATE jobs SET state = 'running'")
    (there.folder / "master.key").unlink()
    (there.folder / "restore.partial").mkdir(mode=0o700)
    (there.folder / "restore.partial" / "loading").touch()

    await put(file, there, postgres_site)

    assert await run(postgres_site.store("there"), "SELECT state FROM jobs") == [("failed",)]
    assert await is_good(there, held)


@pytest.mark.slow
async def test_it_goes_on_with_its_own_store_alone(postgres_site: Site) -> None:
    """Though a restore broke off here: what is in the database now is not it."""
    here, there = postgres_site.settings("here"), postgres_site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here))
    await fill(there)
    (there.folder / "restore.partial").mkdir(mode=0o700)
    (there.folder / "restore.partial" / "loading").touch()
    (there.folder / "master.key").unlink()

    error = await refusal(file, there, postgres_site)

    assert error.field == "database"
    assert not (there.folder / "master.key").exists()


async def test_a_full_disk_puts_nothing_in_place(site: Site) -> None:
    """What was unpacked by then is removed, and the next try begins anew."""
    here, there = site.settings("here"), site.settings("there")
    held = await fill(here)
    file = path_of(here, await back_up(here))

    with no_larger_files(20_000), pytest.raises(UnavailableError, match="is full") as found:
        await put(file, there, site)
    left = listed(there.folder)
    await put(file, there, site)

    assert str(there.folder) in str(found.value)
    assert left == NOTHING
    assert await is_good(there, held)


async def test_a_database_may_lie_elsewhere(own_site: Site) -> None:
    """Where the settings say, with what a restore needs meanwhile on the same disk."""
    here = own_site.settings("here")
    held = await fill(here)
    file = path_of(here, await back_up(here))
    place = own_site.folder / "elsewhere" / "store.db"
    there = Site(own_site.folder, {"there": f"sqlite:///{place}"}, own_site.key).settings("there")

    done = await put(file, there, own_site)

    assert done.database == str(place)
    assert await is_good(there, held)
    assert open_to_others(place.parent) == []
    assert listed(place.parent) == {
        name for name in listed(place.parent) if name.startswith("store.db")
    }


async def test_files_that_are_none_are_refused(own_site: Site) -> None:
    """A folder, a pipe that nobody writes to, nothing at all; nobody waits."""
    pipe = own_site.folder / "pipe"
    os.mkfifo(pipe)

    for file in (own_site.folder, pipe, own_site.folder / "none"):
        error = await refusal(file, own_site.settings("there"), own_site)

        assert error.field == "file"
        assert str(file) in str(error)


async def test_a_manifest_of_another_database_is_refused(own_site: Site) -> None:
    """Both are whole, and do not belong together."""
    here = own_site.settings("here")
    await fill(here)
    file = path_of(here, await back_up(here, encrypt=False))
    octets = file.read_bytes()
    file.write_bytes(octets.replace(b'"0001_pre_accounts"', b'"0001_pre_another!"', 1))

    with pytest.raises(InvalidError) as found:
        await asyncio.to_thread(verify, file, here)

    assert "another database" in str(found.value)


async def test_a_damaged_database_is_not_put_in_place(own_site: Site) -> None:
    """Though its digest be right: it was damaged before it was copied."""
    here, there = own_site.settings("here"), own_site.settings("there")
    await fill(here)
    with closing(sqlite3.connect(here.folder / "watchword.db")) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("UPDATE passwords SET account_id = 'nobody'")
    file = path_of(here, await back_up(here))

    error = await refusal(file, there, own_site)

    assert "damaged" in str(error)
    assert listed(there.folder) == NOTHING


@pytest.mark.slow
async def test_nothing_of_it_goes_through_a_pooler(postgres_site: Site) -> None:
    """pg_dump and pg_restore set up sessions that a server would get afterwards."""
    here, there = postgres_site.settings("here"), postgres_site.settings("there")
    behind = {"WATCHWORD_POSTGRES__POOLER": "true"}
    await fill(here)

    with pytest.raises(InvalidError, match=r"say in backup\.database"):
        await back_up(postgres_site.settings("here", behind))
    beside = postgres_site.settings("here", behind, database=postgres_site.databases["here"])
    file = path_of(here, await back_up(beside))
    error = await refusal(file, postgres_site.settings("there", behind), postgres_site)

    assert error.field == "database"
    assert "postgres.pooler" in str(error)
    assert listed(there.folder) == NOTHING
