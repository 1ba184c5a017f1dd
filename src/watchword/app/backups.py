"""Makes backups: one file with the database, and the master key too if it is encrypted."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal

from watchword import __version__
from watchword.app.backup_reading import opened_backup
from watchword.app.house import MASTER_KEY_FILE
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import BackupMade
from watchword.crypto.keyfile import read_master_key
from watchword.crypto.sealedfile import SealKey, Sink, check_recipients, make_seal_key, seal
from watchword.settings.model import Settings
from watchword.storage.backup_archive import (
    DATABASES,
    FORMAT,
    MASTER_KEY,
    Content,
    Manifest,
    Member,
    Unpacking,
    packed,
)
from watchword.storage.backup_contents import Copied
from watchword.storage.backup_disk import writing_to
from watchword.storage.backup_folder import file_name, half_made, keep_newest, tidy
from watchword.storage.backup_watch import Watch, pieces

_NO_RECIPIENTS = (
    "There is nobody to encrypt the backup for: `watchword backup key` makes a pair of keys, and"
    " the public one belongs into backup.recipients."
)
_BEHIND_POOLER = (
    "pg_dump does not work through a pooler: say in backup.database how to reach the same database"
    " without it."
)


class StoreBackups:
    """Implements Backups for the store that the settings name, whether or not it is served."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def create(
        self,
        *,
        encrypt: bool,
        at: datetime,
        name: str,
        is_wanted: Callable[[], bool],
        on_progress: Callable[[int, int | None], None],
    ) -> BackupMade:
        is_over = threading.Event()
        watch = Watch(lambda: not is_over.is_set() and is_wanted(), on_progress)
        making = asyncio.ensure_future(
            asyncio.to_thread(self._create, encrypt=encrypt, at=at, name=name, watch=watch)
        )
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: it is told, and cleans up after itself.
            is_over.set()
            await asyncio.wait([making])
            making.exception()
            raise

    def _create(self, *, encrypt: bool, at: datetime, name: str, watch: Watch) -> BackupMade:
        settings, folder = self._settings, self._settings.backup_folder
        file = file_name(name, is_encrypted=encrypt)
        if encrypt:
            _require_recipients(settings)
        # What is to be encrypted is in the clear nowhere but where it was already.
        scratch = settings.folder if encrypt else folder
        for one in {folder, scratch}:
            with writing_to(one):
                tidy(one)
        made = _made_before(folder / file, watch, is_encrypted=encrypt)
        if made is None:
            keys = _key_text(settings).encode("ascii", "replace") if encrypt else None
            with self._copied(scratch, folder, watch) as copied:
                made = self._write(folder / file, copied, keys, at, watch)
        with writing_to(folder):
            keep_newest(folder, settings.backup.keep, spare=file)
        return made

    def _copied(self, scratch: Path, folder: Path, watch: Watch) -> AbstractContextManager[Copied]:
        file = self._settings.database_file
        if file is not None:
            from watchword.storage import backup_sqlite  # noqa: PLC0415 - one engine is loaded

            return backup_sqlite.copied_sqlite(file, scratch=scratch, target=folder, watch=watch)
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        return backup_postgres.copied_postgres(
            _direct_url(self._settings),
            scratch=scratch,
            pg_dump=self._settings.backup.pg_dump,
            watch=watch,
        )

    def _write(
        self, path: Path, copied: Copied, keys: bytes | None, at: datetime, watch: Watch
    ) -> BackupMade:
        engine = engine_of(self._settings)
        contents = {DATABASES[engine]: Content(copied.stream, copied.size)}
        if keys is not None:
            contents[MASTER_KEY] = Content(keys, len(keys))
        members = {name: content.member(watch) for name, content in contents.items()}
        octets = _told(packed(_manifest(engine, copied, members, at), contents), watch, copied)
        folder = path.parent
        with writing_to(folder, needs=copied.size), half_made(folder, path.name) as half:
            sink = _Digesting(half.stream)
            if keys is None:
                _pour(octets, sink)
            else:
                seal(octets, sink, recipients=self._settings.backup.recipients)
            half.keep_as(path.name)
        return sink.made(path.name, is_encrypted=keys is not None)


def make_backup_key() -> SealKey:
    """Return a new pair of keys: the recipient for the settings, the identity for a safe place."""
    return make_seal_key()


def engine_of(settings: Settings) -> Literal["sqlite", "postgres"]:
    """Return the engine that the settings name."""
    return "postgres" if settings.database_file is None else "sqlite"


class _Digesting:
    """Hands octets on, counts them and digests them."""

    def __init__(self, sink: Sink | None) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, octets: bytes) -> int:
        if self._sink is not None:
            self._sink.write(octets)
        self._digest.update(octets)
        self._size += len(octets)
        return len(octets)

    def made(self, file: str, *, is_encrypted: bool) -> BackupMade:
        return BackupMade(
            file=file,
            size=self._size,
            sha256=self._digest.hexdigest(),
            is_encrypted=is_encrypted,
            has_master_key=is_encrypted,
        )


def _pour(octets: Iterable[bytes], sink: Sink) -> None:
    for piece in octets:
        sink.write(piece)


def _told(octets: Iterable[bytes], watch: Watch, copied: Copied) -> Iterator[bytes]:
    """Hand octets on, and say how far it is: the copy was one half of the work."""
    done = copied.size
    for piece in octets:
        yield piece
        done += len(piece)
        watch.at(min(done, 2 * copied.size), 2 * copied.size)


def _direct_url(settings: Settings) -> str:
    """Return where pg_dump finds the database.

    It sets what its session looks like. A pooler would hand that session on to our server, which
    then finds no table any more.
    """
    if settings.postgres.pooler and not settings.backup.database:
        raise InvalidError("database", _BEHIND_POOLER)
    return settings.backup.database or settings.database


def _require_recipients(settings: Settings) -> None:
    if not settings.backup.recipients:
        raise InvalidError("encrypt", _NO_RECIPIENTS)
    check_recipients(settings.backup.recipients)


def _key_text(settings: Settings) -> str:
    """Return the master key as its file has it, wherever it stands now."""
    if not settings.master_key:
        return read_master_key(settings.folder / MASTER_KEY_FILE)
    keys = (settings.master_key, *settings.retired_master_keys)
    return "".join(f"{key.reveal().strip()}\n" for key in keys)


def _manifest(
    engine: Literal["sqlite", "postgres"],
    copied: Copied,
    members: dict[str, Member],
    at: datetime,
) -> Manifest:
    return Manifest(
        format=FORMAT,
        product="watchword",
        version=__version__,
        engine=engine,
        engine_version=copied.engine_version,
        dumped_by=copied.dumped_by,
        created_at=at,
        instance=copied.instance,
        migrations=dict(copied.migrations),
        members=members,
    )


def _made_before(path: Path, watch: Watch, *, is_encrypted: bool) -> BackupMade | None:
    """Return the backup of this name if there is one that is whole: somebody was killed late.

    Nobody here can look into one that is encrypted; it got its name when it was whole.
    """
    if not path.exists():
        return None
    try:
        with opened_backup(path, watch) as found:
            if found.is_sealed != is_encrypted:
                return None
            unpacking = None if found.is_sealed else Unpacking()
            sink = _Digesting(unpacking)
            _pour(pieces(found), sink)
            if unpacking is not None:
                unpacking.end()
    except InvalidError:
        return None
    return sink.made(path.name, is_encrypted=is_encrypted)
