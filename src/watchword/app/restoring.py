"""Puts a backup in place: all of it or nothing, into a store that is empty and at rest."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from joserfc.errors import JoseError

from watchword.app.backup_reading import (
    UNWATCHED,
    Opened,
    Verified,
    look_into,
    unpacked,
    verified,
)
from watchword.app.backups import engine_of
from watchword.app.house import MASTER_KEY_FILE, MASTER_KEY_VARIABLE, master_key
from watchword.app.occupancy import alone, workplace
from watchword.app.restore_places import (
    LOADING,
    Place,
    PostgresPlace,
    SqlitePlace,
    aside_of,
    finish,
)
from watchword.core.kernel.clock import Clock, SystemClock
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.signing.model import SigningKey
from watchword.crypto.keyfile import parse_master_key, put_master_key, read_master_key
from watchword.crypto.keypairs import signing_half
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.master import MasterKey, SealError, Standing
from watchword.settings.model import Settings
from watchword.storage.backup_contents import Contents, require_known
from watchword.storage.backup_disk import writing_to
from watchword.storage.backup_watch import Watch
from watchword.storage.migrate import SchemaError
from watchword.storage.private import make_folder

_ENGINES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place. `put_aside` are files of before, under other names."""

    backup: Verified
    database: str
    master_key: str
    put_aside: tuple[Path, ...]


def restore(
    file: Path,
    settings: Settings,
    *,
    identity: str | None = None,
    key_text: str | None = None,
    force: bool = False,
    clock: Clock | None = None,
    watch: Watch = UNWATCHED,
) -> Restored:
    """Put a backup where there is no store yet.

    `identity` and `key_text` are the texts of such files. With `force` a SQLite database and a
    master key that are there are put aside. Raises InvalidError, whose field says what is
    wrong, and UnavailableError. Then nothing is in place; but where a PostgreSQL server went
    away at the very end, the same call goes on from there.
    """
    at = (clock or SystemClock()).now()
    with writing_to(settings.folder):
        make_folder(settings.folder)
    with alone(settings), _working(workplace(settings)) as folder:
        place = _place(settings, folder, force=force)
        place.require_vacant()
        opened = unpacked(file, folder, identity=identity, watch=watch)
        _require_fit(opened, settings)
        contents = look_into(opened, settings)
        key = _chosen_key(settings, opened.keys, key_text, force=force)
        _require_opens(key.master, contents)
        path = settings.folder / MASTER_KEY_FILE
        with _in_place(key, path, opened.database, at=at) as aside:
            aside.extend(place.put(opened, at=at))
        return Restored(
            backup=verified(opened, contents),
            database=place.name,
            master_key=MASTER_KEY_VARIABLE if settings.master_key else MASTER_KEY_FILE,
            put_aside=tuple(aside),
        )


@dataclass(frozen=True, slots=True)
class _Key:
    """The master key to be, and its text if it has to be written down."""

    master: MasterKey
    text: str | None = None


@contextmanager
def _working(folder: Path) -> Iterator[Path]:
    """Have a folder for the time of a restore. One that is left there says that it broke off."""
    with writing_to(folder.parent):
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _clear(folder)
    try:
        yield folder
    except BaseException:
        _clear(folder)
        if not (folder / LOADING).exists():
            folder.rmdir()
        raise
    with writing_to(folder.parent):
        shutil.rmtree(folder)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != LOADING:
            path.unlink()


def _place(settings: Settings, folder: Path, *, force: bool) -> Place:
    file = settings.database_file
    return PostgresPlace(settings, folder) if file is None else SqlitePlace(file, force)


def _require_fit(opened: Opened, settings: Settings) -> None:
    """Raise InvalidError if the backup cannot go where the settings say."""
    made_of, wanted = opened.manifest.engine, engine_of(settings)
    if made_of != wanted:
        message = (
            f"The backup is of {_ENGINES[made_of]}, and the settings name {_ENGINES[wanted]}:"
            " a backup goes back into what it was made of."
        )
        raise InvalidError("database", message)
    try:
        require_known(opened.manifest.migrations)
    except SchemaError as error:
        raise InvalidError("file", str(error)) from error


def _chosen_key(
    settings: Settings, from_backup: str | None, given: str | None, *, force: bool
) -> _Key:
    """Return the master key that will count: a server looks at its settings first."""
    randomness, path = SystemRandomness(), settings.folder / MASTER_KEY_FILE
    if settings.master_key:
        if given is not None:
            message = f"{MASTER_KEY_VARIABLE} is set, and counts alone: unset it, or give no key."
            raise InvalidError("master_key", message)
        return _Key(master_key(settings, randomness))
    text = from_backup if given is None else given
    if text is None:
        return _Key(_kept_key(settings, path))
    named = "with the master key" if given is not None else f"{MASTER_KEY_FILE} in the backup"
    master = parse_master_key(text, named=named, randomness=randomness)
    if not path.exists():
        return _Key(master, text)
    if read_master_key(path).split() == text.split():
        return _Key(master)
    if not force:
        message = f"{path} is there already, and another: move it away, or give the right one."
        raise InvalidError("master_key", message)
    return _Key(master, text)


def _kept_key(settings: Settings, path: Path) -> MasterKey:
    if not path.exists():
        message = (
            "The backup has no master key in it, for it was not encrypted: give the one that the"
            " store had."
        )
        raise InvalidError("master_key", message)
    return master_key(settings, SystemRandomness())


def _require_opens(master: MasterKey, contents: Contents) -> None:
    """Raise InvalidError("master_key") if it is not the one that the backup's store had."""
    signing = [key for key in contents.signing_keys if key.retired_at is None]
    if not all(_opens(master, key) for key in signing) or not (
        signing or _knows_one(master, contents.api_key_digests)
    ):
        message = f"{master.source} holds another master key than the store in the backup had."
        raise InvalidError("master_key", message)


def _opens(master: MasterKey, key: SigningKey) -> bool:
    try:
        signing_half(key, master=master)
    except (SealError, JoseError, ValueError):
        return False
    return True


def _knows_one(master: MasterKey, digests: Sequence[str]) -> bool:
    """Say whether any of these API keys hangs on it. Some may hang on one that is lost."""
    safe = StoredKeySafe(master)
    return not digests or any(safe.standing(one) is not Standing.UNKNOWN for one in digests)


@contextmanager
def _in_place(key: _Key, path: Path, database: Path, *, at: datetime) -> Iterator[list[Path]]:
    """Write the key down before there is a database that needs it; undo that if none comes.

    `database` is the unpacked one: where it is gone, it was put in place, and needs the key.
    """
    if key.text is None:
        yield []
        return
    before = aside_of(path, at=at) if path.exists() else None
    try:
        if before is not None:
            with writing_to(path.parent):
                path.rename(before)
        put_master_key(path, key.text, randomness=SystemRandomness())
        finish(path, folder=path.parent)
        yield [] if before is None else [before]
    except BaseException:
        if database.exists():
            _undo(path, before)
        raise


def _undo(path: Path, before: Path | None) -> None:
    if before is None:
        path.unlink(missing_ok=True)
    elif before.exists():
        before.replace(path)
