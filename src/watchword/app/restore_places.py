"""Where a restored database goes, for each engine: whether there is room, and how it gets there."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from watchword.app.backup_reading import Opened
from watchword.core.kernel.errors import CoreError, InvalidError
from watchword.core.ports import backup_name
from watchword.settings.model import Settings
from watchword.storage.backup_disk import writing_to
from watchword.storage.private import give_to_owner_of, sync_folder

LOADING = "loading"
"""A file in the workplace: from now on the database may have the whole backup in it."""

_BESIDE = ("", "-wal", "-shm", "-journal")
"""The files of a SQLite database. An old log would be played into the one that is restored."""
_BEHIND_POOLER = (
    "pg_restore does not work through a pooler: for the restore, name the server itself in"
    " `database`, and let postgres.pooler be false."
)


class Place(Protocol):
    """The database that the settings name."""

    @property
    def name(self) -> str: ...

    def require_vacant(self) -> None:
        """Raise InvalidError("database") if something is there that must not be lost."""

    def put(self, opened: Opened, *, at: datetime) -> tuple[Path, ...]:
        """Put the database of a backup there, for good; return what it put aside."""


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A file. With `force` one that is there is put aside."""

    file: Path
    force: bool

    @property
    def name(self) -> str:
        return str(self.file)

    def require_vacant(self) -> None:
        if self.force:
            return
        for path in self._there():
            message = (
                f"There is a database already: {path}. Restore into another folder, or have it"
                " put aside with --force."
            )
            raise InvalidError("database", message)

    def put(self, opened: Opened, *, at: datetime) -> tuple[Path, ...]:
        from watchword.storage import backup_sqlite  # noqa: PLC0415 - one engine is loaded

        backup_sqlite.settle_sqlite(opened.database, at=at)
        with writing_to(self.file.parent):
            finish(opened.database, folder=self.file.parent)
            moves = {path: aside_of(path, at=at) for path in self._there()}
            try:
                for path, aside in moves.items():
                    path.rename(aside)
                opened.database.replace(self.file)
                sync_folder(self.file.parent)
            except BaseException:
                self._undo(opened.database, moves)
                raise
        return tuple(moves.values())

    def _undo(self, database: Path, moves: dict[Path, Path]) -> None:
        """Have all as it was. Somebody may have ended us anywhere, so the files tell how far."""
        if not database.exists():
            self.file.replace(database)
        for path, aside in reversed(moves.items()):
            if not path.exists():
                aside.rename(path)

    def _there(self) -> list[Path]:
        every = (self.file.with_name(f"{self.file.name}{end}") for end in _BESIDE)
        return [path for path in every if path.exists()]


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A database on a server. It must be empty, unless this very restore broke off there."""

    settings: Settings
    workplace: Path

    @property
    def name(self) -> str:
        return str(self.settings.redacted()["database"])

    def require_vacant(self) -> None:
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        if self.settings.postgres.pooler:
            raise InvalidError("database", _BEHIND_POOLER)
        if self._was_loading() or not backup_postgres.tables_of_postgres(self.settings.database):
            return
        message = (
            "The PostgreSQL database is not empty. A backup goes into a new one: CREATE DATABASE,"
            " and name that one in `database`."
        )
        raise InvalidError("database", message)

    def put(self, opened: Opened, *, at: datetime) -> tuple[Path, ...]:
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        url, manifest = self.settings.database, opened.manifest
        backup_postgres.require_server(url, version=manifest.engine_version)
        if backup_postgres.tables_of_postgres(url):
            self._require_own(opened)
        else:
            self._load(opened)
        backup_postgres.settle_postgres(url, at=at)
        return ()

    def _load(self, opened: Opened) -> None:
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        url = self.settings.database
        with writing_to(self.workplace):
            self._mark().touch(mode=0o600)
            sync_folder(self.workplace)
        try:
            backup_postgres.load_postgres(
                url,
                opened.database,
                dumped_by=opened.manifest.dumped_by,
                pg_dump=self.settings.backup.pg_dump,
            )
        except CoreError:
            with suppress(CoreError):
                if not backup_postgres.tables_of_postgres(url):
                    self._mark().unlink()
            raise

    def _require_own(self, opened: Opened) -> None:
        from watchword.storage import backup_postgres  # noqa: PLC0415 - one engine is loaded

        manifest = opened.manifest
        if not backup_postgres.is_store_of(
            self.settings.database, instance=manifest.instance, migrations=manifest.migrations
        ):
            raise InvalidError("database", "The PostgreSQL database is not empty.")

    def _was_loading(self) -> bool:
        return self._mark().exists()

    def _mark(self) -> Path:
        return self.workplace / LOADING


def aside_of(path: Path, *, at: datetime) -> Path:
    """Return the name that a file gets when it is put aside, which says when."""
    stamp = backup_name(at).rpartition("-")[2]
    # The ending of a log stays at the end: so it is still found beside its database.
    ending = next((end for end in _BESIDE[1:] if path.name.endswith(end)), "")
    return path.with_name(f"{path.name.removesuffix(ending)}.before-{stamp}{ending}")


def finish(path: Path, *, folder: Path) -> None:
    """Have a file belong to whom a folder belongs, and survive a crash of the machine."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        give_to_owner_of(folder, descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
