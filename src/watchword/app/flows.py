"""Which flows there are: ours, filled with what they need, and those of installed packages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from watchword.core.ports import BackupMade
from watchword.jobs.book import AnyFlow, Book, entered_flows
from watchword.settings.model import Settings

DIRECTORY_SYNC = "directory.sync"

LETTERS_LOCK = "postman.lock"
"""Held by whoever sends letters, in the data folder."""


@dataclass(frozen=True, slots=True)
class LateBackups:
    """Implements Backups. What makes them is loaded for the first: a server only knows the flow."""

    settings: Settings

    async def create(
        self,
        *,
        encrypt: bool,
        at: datetime,
        name: str,
        is_wanted: Callable[[], bool],
        on_progress: Callable[[int, int | None], None],
    ) -> BackupMade:
        from watchword.app.backups import StoreBackups  # noqa: PLC0415 - see above

        return await StoreBackups(self.settings).create(
            encrypt=encrypt, at=at, name=name, is_wanted=is_wanted, on_progress=on_progress
        )


def make_book(settings: Settings) -> Book:
    """Return the book of all flows. Nothing of them is loaded before somebody looks into it."""
    return Book(lambda: _ours(settings), entered_flows)


def asleep(settings: Settings) -> frozenset[str]:
    """Return the flows of ours that have nothing to do with these settings, so are not there."""
    return frozenset() if settings.directories else frozenset({DIRECTORY_SYNC})


def _ours(settings: Settings) -> Iterable[AnyFlow]:
    # Most processes never look at a flow, and these are what it takes to run one.
    from watchword.jobs.flows import (  # noqa: PLC0415
        accounts_export,
        accounts_import,
        backup_create,
        keys_rotate,
        mail_send,
        sessions_purge,
    )

    return (
        accounts_export.flow(),
        accounts_import.flow(settings.import_folder),
        backup_create.flow(LateBackups(settings), has_recipients=bool(settings.backup.recipients)),
        keys_rotate.flow(),
        mail_send.flow(settings.folder / LETTERS_LOCK),
        sessions_purge.flow(),
        *_of_directories(settings),
    )


def _of_directories(settings: Settings) -> Iterable[AnyFlow]:
    if not settings.directories:
        return ()
    from watchword.jobs.flows import directory_sync  # noqa: PLC0415 - as above

    can_look = any(one.bind_user for one in settings.directories.values())
    return (directory_sync.flow(is_scheduled=can_look),)
