"""A process of its own that makes or restores a backup step by step, for tests that kill it.

Run as `python -m parts.backup_process VERB DATA DATABASE ...`; it says how far it is, and goes
on when it is told to. An empty DATABASE is the SQLite file in the folder.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from watchword.app.backups import StoreBackups
from watchword.app.restoring import restore as restored
from watchword.core.ports import backup_name
from watchword.settings.load import load
from watchword.settings.model import Settings
from watchword.storage.backup_watch import Watch

AT = datetime(2030, 1, 1, 12, 30, 15, tzinfo=UTC)


def create(settings: Settings, encrypt: str) -> None:
    """Make a backup, encrypted if the word says something."""
    backups = StoreBackups(settings)
    made = asyncio.run(
        backups.create(
            encrypt=bool(encrypt),
            at=AT,
            name=backup_name(AT),
            is_wanted=lambda: True,
            on_progress=_wait,
        )
    )
    _say("made", made.file)


def restore(settings: Settings, file: str, identity: str) -> None:
    """Restore a backup."""
    done = restored(Path(file), settings, identity=identity, watch=Watch(on_progress=_wait))
    _say("restored", done.database)


def _wait(done: int, total: int | None) -> None:
    _say(str(done), str(total))
    sys.stdin.readline()


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - what it did is its answer


VERBS: dict[str, Callable[..., None]] = {"create": create, "restore": restore}

if __name__ == "__main__":
    verb, data, database, recipient, *rest = sys.argv[1:]
    overrides = {
        "data": data,
        "database": database or None,
        "backup": {"recipients": [recipient]},
    }
    VERBS[verb](load(environ={}, overrides=overrides), *rest)
