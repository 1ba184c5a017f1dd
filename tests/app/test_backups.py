"""Making backups: one file, whole or not there, of a store that may be busy."""

import asyncio
import hashlib
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.backing import (
    AT,
    Site,
    back_up,
    fill,
    is_good,
    listed,
    open_to_others,
    path_of,
    rows,
)
from watchword.app.backup_reading import verify
from watchword.app.house import open_house
from watchword.app.restoring import restore
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import BackupStoppedError
from watchword.settings.model import Settings

NAME, SEALED_NAME = "watchword-20300101T123015Z.wwb", "watchword-20300101T123015Z.wwb.age"


async def checked(file: Path, settings: Settings, site: Site) -> Any:  # noqa: ANN401 - of several types
    return await asyncio.to_thread(verify, file, settings, identity=site.key.identity)


async def test_an_encrypted_backup_is_the_whole_store(site: Site) -> None:
    """Restored elsewhere it has the same rows, and Ada's token and key are as good as before."""
    here, there = site.settings("here"), site.settings("there")
    held = await fill(here)
    made = await back_up(here)

    restored = await asyncio.to_thread(
        restore, path_of(here, made), there, identity=site.key.identity
    )

    assert (made.file, made.is_encrypted, made.has_master_key) == (SEALED_NAME, True, True)
    assert await rows(site.store("there")) == await rows(site.store("here"))
    assert await is_good(there, held)
    assert await is_good(here, held)
    assert open_to_others(there.folder) == []
    assert restored.master_key == "master.key"
    assert (there.folder / "master.key").read_text() == (here.folder / "master.key").read_text()


async def test_a_plain_backup_holds_no_key(site: Site) -> None:
    """Nothing of the master key is in it; whoever restores it brings that along."""
    here, there = site.settings("here"), site.settings("there")
    held = await fill(here)
    made = await back_up(here, encrypt=False)
    file, key = path_of(here, made), (here.folder / "master.key").read_text()

    with pytest.raises(InvalidError) as refusal:
        await asyncio.to_thread(restore, file, there)
    left = listed(there.folder)
    await asyncio.to_thread(restore, file, there, key_text=key)

    assert (made.file, made.is_encrypted, made.has_master_key) == (NAME, False, False)
    assert refusal.value.field == "master_key"
    assert left == {"in-use.lock"}
    assert await is_good(there, held)
    assert key.strip().encode() not in file.read_bytes()


async def test_what_was_made_is_told_and_can_be_verified(site: Site) -> None:
    """Its size and digest are those of the file, and it says of itself what is in it."""
    here = site.settings()
    await fill(here)
    made = await back_up(here)
    octets = path_of(here, made).read_bytes()

    found = await checked(path_of(here, made), here, site)

    assert (made.size, made.sha256) == (len(octets), hashlib.sha256(octets).hexdigest())
    assert (found.size, found.is_encrypted, found.has_master_key) == (len(octets), True, True)
    assert found.engine == ("postgres" if site.databases else "sqlite")
    assert found.created_at == AT
    assert found.migrations[0] == "0001_pre_accounts"
    assert found.instance
    assert not found.is_newer
    if not site.databases:
        assert found.counts == {"accounts": 1, "sessions": 1, "api_keys": 1, "jobs": 0}


async def test_nobody_else_can_read_a_backup(site: Site) -> None:
    """The folder is made for us alone, and the file too; nothing else lies there."""
    here = site.settings()
    await fill(here)

    await back_up(here, encrypt=False)
    await back_up(here)

    assert listed(here.backup_folder) == {NAME, SEALED_NAME}
    assert open_to_others(here.backup_folder) == []


async def test_a_store_may_be_busy_meanwhile(site: Site) -> None:
    """Four tasks write while it is made; what was there before it began is in it."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    is_over = threading.Event()

    async def write(number: int) -> None:
        async with open_house(here) as house:
            while not is_over.is_set():
                async with house.storage.open_work() as work:
                    work.setup.put_token(f"{number}", at=AT)
                    await work.commit()

    writing = [asyncio.create_task(write(lane)) for lane in range(4)]
    made = await back_up(here)
    is_over.set()
    await asyncio.gather(*writing)
    await asyncio.to_thread(restore, path_of(here, made), there, identity=site.key.identity)

    before, after = await rows(site.store("here")), await rows(site.store("there"))
    before.pop("setup_token")
    after.pop("setup_token", None)
    assert before == after


async def test_how_far_it_is(site: Site) -> None:
    """It never goes back, and where all is known it ends there."""
    here, seen = site.settings(), []
    await fill(here)

    await back_up(here, on_progress=lambda done, total: seen.append((done, total)))

    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert all(total is None or done <= total for done, total in seen)


async def test_the_same_once_more_is_the_same(own_site: Site) -> None:
    """A job that was killed at its end finds its backup, whole, and makes no other."""
    here = own_site.settings()
    await fill(here)
    for encrypt in (False, True):
        first = await back_up(here, encrypt=encrypt)
        inode = path_of(here, first).stat().st_ino

        second = await back_up(here, encrypt=encrypt)

        assert second == first
        assert path_of(here, first).stat().st_ino == inode


@pytest.mark.parametrize("damage", [b"", b"noise" * 1000, None])
async def test_a_broken_one_of_that_name_is_made_anew(own_site: Site, damage: bytes | None) -> None:
    """A file that is empty, something else, or cut off does not pass for the backup."""
    here = own_site.settings()
    await fill(here)
    made = await back_up(here, encrypt=False)
    file = path_of(here, made)
    file.write_bytes(file.read_bytes()[:-5000] if damage is None else damage)

    await back_up(here, encrypt=False)

    assert (await checked(file, here, own_site)).counts["accounts"] == 1


async def test_only_some_are_kept(own_site: Site) -> None:
    """As many as the settings say, the newest of them; other files stay."""
    here = own_site.settings(keep=2)
    await fill(here)
    here.backup_folder.mkdir(mode=0o700)
    (here.backup_folder / "mine.wwb").write_bytes(b"x")

    for day in range(1, 5):
        await back_up(here, encrypt=False, at=AT.replace(day=day))

    assert listed(here.backup_folder) == {
        "mine.wwb",
        "watchword-20300103T123015Z.wwb",
        "watchword-20300104T123015Z.wwb",
    }


async def test_without_recipients_nothing_is_encrypted(own_site: Site) -> None:
    """The error says how to have some."""
    here = own_site.settings(recipients=[])
    await fill(here)

    with pytest.raises(InvalidError) as refusal:
        await back_up(here)

    assert refusal.value.field == "encrypt"
    assert "watchword backup key" in str(refusal.value)
    assert listed(here.backup_folder) == set()


async def test_it_stops_when_it_is_not_wanted(site: Site) -> None:
    """At whatever step; nothing is left of it."""
    here = site.settings()
    await fill(here)
    for steps in (0, 1, 2, 4):
        seen: list[int] = []

        with pytest.raises(BackupStoppedError):
            await back_up(
                here,
                is_wanted=lambda: len(seen) < steps,  # noqa: B023 - called in this round
                on_progress=lambda done, _: seen.append(done),  # noqa: B023 - the same
            )

        assert listed(here.backup_folder) == set()
        assert listed(here.folder) <= {
            "backups",
            "in-use.lock",
            "key-rates",
            "letters-taken",
            "master.key",
            "revocations",
            "watchword.db",
            "watchword.db-revocations",
            "watchword.db-shm",
            "watchword.db-wal",
        }


async def test_who_is_cancelled_leaves_nothing(own_site: Site) -> None:
    """The thread that works ends before the task does."""
    here = own_site.settings()
    await fill(here)
    begun, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        begun.set()
        go_on.wait(10)

    making = asyncio.create_task(back_up(here, on_progress=wait))
    await asyncio.to_thread(begun.wait, 10)
    making.cancel()
    await asyncio.sleep(0)
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await making
    assert listed(here.backup_folder) == set()


async def test_the_environment_gives_the_key_too(own_site: Site) -> None:
    """Then that is in the backup, with the retired ones, as their file would have them."""
    keys = [
        "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4",
        "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28",
    ]
    environ = {"WATCHWORD_MASTER_KEY": keys[0], "WATCHWORD_RETIRED_MASTER_KEYS": keys[1]}
    here, there = own_site.settings("here", environ), own_site.settings("there")
    held = await fill(here)
    made = await back_up(here)

    await asyncio.to_thread(restore, path_of(here, made), there, identity=own_site.key.identity)

    assert not (here.folder / "master.key").exists()
    assert (there.folder / "master.key").read_text().split() == keys
    assert await is_good(there, held)


async def test_what_is_encrypted_is_in_the_clear_nowhere_else(own_site: Site) -> None:
    """The copy that is encrypted lies beside the store, and never in the folder of backups."""
    elsewhere = own_site.folder / "elsewhere"
    here = own_site.settings(folder=str(elsewhere))
    await fill(here)
    places: dict[bool, set[Path]] = {True: set(), False: set()}

    for encrypt, seen in places.items():
        await back_up(here, encrypt=encrypt, on_progress=lambda *_: seen.update(copies()))  # noqa: B023 - called in this round

    assert places == {True: {here.folder}, False: {elsewhere}}
    assert listed(elsewhere) == {NAME, SEALED_NAME}


def copies() -> set[Path]:
    """Return the folders in which this process has a copy of a database open."""
    links: list[Path] = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # others open and close files all the time
            links.append(one.readlink())
    return {link.parent for link in links if link.name.startswith(".watchword-copy.")}
