"""Brings a database to the tables that this program knows.

Migrations are numbered files. Each is applied once, and what was applied is remembered
with the digest of its text, so that a file changed afterwards is noticed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from watchword.core.kernel.errors import UnavailableError
from watchword.storage import locks
from watchword.storage.engine import Engine, TableMissingError
from watchword.storage.moments import stored
from watchword.storage.statement import Row, Statement, Steps, Transaction

APPLIED = "SELECT name, checksum FROM schema_migrations ORDER BY name"
FOLDER = Path(__file__).parent / "migrations"


class SchemaError(UnavailableError):
    """The database was made by another version of the program."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from an older set of tables to a newer one."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self, words: Mapping[str, str]) -> list[str]:
        """Return its statements in the words of one engine.

        A semicolon ends each, but for those in a word: an engine may say more by one, or nothing.
        """
        parts = [_worded(part, words) for part in self.text.split(";")]
        return [part for part in parts if part.strip()]


@cache
def known() -> tuple[Migration, ...]:
    """Return the migrations of this program, in order."""
    files = sorted(FOLDER.glob("*.sql"), key=_name)
    return tuple(Migration(_name(file), file.read_text(encoding="utf-8")) for file in files)


async def pending(engine: Engine, *, migrations: tuple[Migration, ...] | None = None) -> list[str]:
    """Return the names of what has yet to be applied; raises SchemaError on a strange database."""
    try:
        applied = await engine.fetch_all(APPLIED)
    except TableMissingError:
        applied = []
    return [migration.name for migration in missing(applied, migrations or known())]


async def migrate(
    engine: Engine, *, at: datetime, migrations: tuple[Migration, ...] | None = None
) -> list[str]:
    """Apply what is missing, all of it or nothing, and return the names.

    Several processes may do this at once: one does the work, the others find it done.
    """
    if not await pending(engine, migrations=migrations):
        return []
    words, wanted = engine.words, migrations or known()
    return await engine.apply(
        Transaction(lambda: _apply(wanted, words, at), frozenset({locks.MIGRATIONS}))
    )


def missing(applied: Sequence[Row], migrations: tuple[Migration, ...]) -> list[Migration]:
    """Compare what was applied with what is known; raises SchemaError where they disagree."""
    checksums = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in applied:
        if name not in checksums:
            raise SchemaError(
                f"The database has had the migration {name}, which this version does not know:"
                " start the newer version that applied it."
            )
        if checksum != checksums[name]:
            raise SchemaError(
                f"The migration {name} is not the one that the database has had:"
                " its file was changed afterwards."
            )
    done = {name for name, _ in applied}
    return [migration for migration in migrations if migration.name not in done]


def _apply(
    migrations: tuple[Migration, ...], words: Mapping[str, str], at: datetime
) -> Steps[list[str]]:
    yield Statement(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"
    )
    # Another process may have done it all while this one waited for its turn.
    applied = yield Statement(APPLIED)
    todo = missing(applied, migrations)
    for migration in todo:
        for sql in migration.statements(words):
            yield Statement(sql)
        yield Statement(
            "INSERT INTO schema_migrations (name, checksum, applied_at) VALUES ($1, $2, $3)",
            (migration.name, migration.checksum, stored(at)),
        )
    return [migration.name for migration in todo]


def _worded(text: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(f"{{{word}}}", meaning)
    return text


def _name(file: Path) -> str:
    return file.name.removesuffix(".sql")
