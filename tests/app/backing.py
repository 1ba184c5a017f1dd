"""Stores to back up and to restore into, on either engine."""

import asyncio
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.things import commit, link
from parts.database import dump
from parts.server import Store
from watchword.app.backups import StoreBackups, make_backup_key
from watchword.app.house import open_house
from watchword.app.restoring import Restored, restore
from watchword.core.accounts.model import Account
from watchword.core.apikeys.model import Scope
from watchword.core.directory.model import Mark
from watchword.core.jobs.model import Job
from watchword.core.kernel.caller import Origin, operator
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import BackupMade, backup_name
from watchword.core.services.apikeys import KeyWish, ShownKey
from watchword.core.services.authenticate import Caller
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.services.signup import Wish
from watchword.crypto.sealedfile import SealKey
from watchword.settings.load import load
from watchword.settings.model import Settings

AT = datetime(2030, 1, 1, 12, 30, 15, tzinfo=UTC)
PASSWORD = "a staple for every horse"
OPERATOR = operator(Origin("", "cli"))


@dataclass(frozen=True)
class Site:
    """A place for several stores. `databases` are empty ones on a server, if that is the engine."""

    folder: Path
    databases: Mapping[str, str]
    key: SealKey = field(default_factory=make_backup_key)

    def settings(
        self, name: str = "here", environ: Mapping[str, str] | None = None, **backup: object
    ) -> Settings:
        """Return the settings of a store."""
        given = {"recipients": [self.key.recipient], **backup}
        overrides = {
            "data": str(self.folder / name),
            "database": self.databases.get(name),
            "backup": given,
        }
        return load(environ=environ or {}, overrides=overrides)

    def store(self, name: str) -> Store:
        return Store(self.folder / name, self.databases.get(name))


@dataclass(frozen=True)
class Held:
    """What Ada has of a store."""

    token: str
    key: str


async def fill(settings: Settings) -> Held:
    """Make a store with Ada in it, who is logged in, has a key, and is a person elsewhere."""
    async with open_house(settings) as house:
        await house.keys.ensure_first()
        services = house.services
        ada = await services.signup.create(OPERATOR, Wish(name="ada", password=PASSWORD))
        assert isinstance(ada, Account), ada
        wish = KeyWish(name="feed", scopes=frozenset(Scope))
        key = await services.api_keys.make_for(OPERATOR, ada.id, wish)
        assert isinstance(key, ShownKey), key
        mark = Mark(directory="corp", cursor="a place", synced_at=AT, whole_at=AT)
        await commit(
            house.storage,
            lambda work: work.links.add_all([link(ada)]),
            lambda work: work.links.put_mark(mark),
        )
        terms = Terms(lifetime=timedelta(hours=1))
        signed = await services.signin.with_password(
            "ada", PASSWORD, origin=Origin("192.0.2.7", "asta"), terms=terms
        )
        assert isinstance(signed, SignedIn), signed
    return Held(signed.token, key.text)


async def is_good(settings: Settings, held: Held) -> bool:
    """Say whether a store takes Ada's token and key, as a server does that starts on it."""
    async with open_house(settings) as house:
        assert await house.keys.ensure_first() is None
        by_token = await house.services.authenticate.token(held.token)
        by_key = await house.services.check_key.caller(held.key)
    assert isinstance(by_key, Caller), by_key
    return by_token is not None and by_token.account.name == by_key.account.name == "ada"


async def start_job(settings: Settings) -> int:
    """Ask for a job that nobody works on, and return its number."""
    async with open_house(settings) as house:
        job = await house.services.jobs.start(OPERATOR, "accounts.export", {})
    assert isinstance(job, Job), job
    return job.id


async def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that a store holds, of each table that has anything."""
    found = await dump(store)
    return {name: sorted(map(tuple, some)) for name, some in found.items() if some}


async def back_up(
    settings: Settings,
    *,
    encrypt: bool = True,
    at: datetime = AT,
    **ways: Any,  # noqa: ANN401 - any
) -> BackupMade:
    """Make a backup as the flow does."""
    usual = {"is_wanted": lambda: True, "on_progress": lambda *_: None}
    return await StoreBackups(settings).create(
        encrypt=encrypt, at=at, name=backup_name(at), **{**usual, **ways}
    )


def path_of(settings: Settings, made: BackupMade) -> Path:
    return settings.backup_folder / made.file


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def open_to_others(folder: Path) -> list[str]:
    """Return what in a folder somebody else could read."""
    others = stat.S_IRWXG | stat.S_IRWXO
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & others]


async def put(file: Path, settings: Settings, site: Site, **ways: object) -> Restored:
    """Restore a backup, with the identity of the place."""
    given = {"identity": site.key.identity, **ways}
    return await asyncio.to_thread(restore, file, settings, **given)  # type: ignore[arg-type] # any


async def refusal(file: Path, settings: Settings, site: Site, **ways: object) -> InvalidError:
    """Restore a backup that must be refused, and return why."""
    with pytest.raises(InvalidError) as found:
        await put(file, settings, site, **ways)
    return found.value
