"""Reads a backup back: opens it, sees that it is whole, and says what it holds."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.sealedfile import MAGIC_BYTES, is_sealed, unseal
from watchword.settings.model import Settings
from watchword.storage.backup_archive import MASTER_KEY, Manifest, Unpacking
from watchword.storage.backup_contents import Contents, is_newer
from watchword.storage.backup_disk import writing_to
from watchword.storage.backup_watch import Watch, pieces

UNWATCHED = Watch()
_NO_IDENTITY = "The backup is encrypted: give an identity of one whom it was encrypted for."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A backup that is whole, and what is in it. `counts` is empty for PostgreSQL."""

    file: Path
    size: int
    is_encrypted: bool
    has_master_key: bool
    engine: str
    engine_version: str
    version: str
    created_at: datetime
    instance: str | None
    migrations: tuple[str, ...]
    is_newer: bool
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A backup whose members are whole and lie in a folder."""

    file: Path
    size: int
    folder: Path
    is_encrypted: bool
    manifest: Manifest

    @property
    def database(self) -> Path:
        return self.folder / self.manifest.database

    @property
    def keys(self) -> str | None:
        """Return the text of the master key, if it is in there."""
        if not self.manifest.has_master_key:
            return None
        return (self.folder / MASTER_KEY).read_text("ascii", "replace")


@dataclass(slots=True)
class BackupStream:
    """A backup as octets, and how many of them were read."""

    stream: BinaryIO
    size: int
    is_sealed: bool
    watch: Watch
    done: int = 0

    def read(self, count: int, /) -> bytes:
        octets = self.stream.read(count)
        self.done += len(octets)
        self.watch.at(self.done, self.size)
        return octets

    def unpack(self, unpacking: Unpacking, identity: str | None) -> Manifest:
        """Put all of it into the unpacking, and return what the backup says of itself."""
        try:
            if not self.is_sealed:
                for piece in pieces(self):
                    unpacking.write(piece)
            elif identity is None:
                raise InvalidError("identity", _NO_IDENTITY)
            else:
                unseal(self, unpacking, identity=identity)
            return unpacking.end()
        finally:
            unpacking.close()


def verify(
    file: Path, settings: Settings, *, identity: str | None = None, watch: Watch = UNWATCHED
) -> Verified:
    """Read a whole backup, see that nothing in it is damaged, and say what it holds.

    `identity` is the text of a file of identities. Raises InvalidError with the field `file` or
    `identity`, and UnavailableError if there is no room to unpack it.
    """
    with tempfile.TemporaryDirectory(prefix="watchword-") as folder:
        opened = unpacked(file, Path(folder), identity=identity, watch=watch)
        return verified(opened, look_into(opened, settings))


def unpacked(file: Path, folder: Path, *, identity: str | None, watch: Watch) -> Opened:
    """Unpack a backup into a folder of ours, and see that each member is what it was."""
    with opened_backup(file, watch) as found:
        manifest = found.unpack(Unpacking(folder), identity)
        return Opened(
            file=file,
            size=found.size,
            folder=folder,
            is_encrypted=found.is_sealed,
            manifest=manifest,
        )


@contextmanager
def opened_backup(file: Path, watch: Watch) -> Iterator[BackupStream]:
    """Open a file that may be a backup. Raises InvalidError("file") if it cannot be read."""
    try:
        # Not to wait for ever if it is a named pipe.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InvalidError("file", f"{file} is not a file.")
            sealed = is_sealed(stream.read(MAGIC_BYTES))
            stream.seek(0)
            yield BackupStream(stream, status.st_size, sealed, watch)
    except OSError as error:
        # Whatever is written meanwhile has words of its own for what goes wrong.
        message = f"{file} cannot be read: {error.strerror or error}."
        raise InvalidError("file", message) from error


def look_into(opened: Opened, settings: Settings) -> Contents:
    """Have the engine read the database of a backup. Raises InvalidError("file")."""
    manifest = opened.manifest
    if manifest.engine == "sqlite":
        from watchword.storage import backup_sqlite  # noqa: PLC0415 - one engine is loaded

        contents = backup_sqlite.look_into_sqlite(opened.database)
    else:
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        with writing_to(opened.folder):
            contents = backup_postgres.look_into_postgres(
                opened.database, dumped_by=manifest.dumped_by, pg_dump=settings.backup.pg_dump
            )
    if contents.migrations != manifest.migrations:
        raise InvalidError("file", "The manifest of the backup is that of another database.")
    return contents


def verified(opened: Opened, contents: Contents) -> Verified:
    """Say what a backup holds that was unpacked and looked into."""
    manifest = opened.manifest
    return Verified(
        file=opened.file,
        size=opened.size,
        is_encrypted=opened.is_encrypted,
        has_master_key=manifest.has_master_key,
        engine=manifest.engine,
        engine_version=manifest.engine_version,
        version=manifest.version,
        created_at=manifest.created_at,
        instance=manifest.instance,
        migrations=tuple(manifest.migrations),
        is_newer=is_newer(manifest.migrations),
        counts=contents.counts,
    )
