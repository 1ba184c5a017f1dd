"""Directories in the house: made of the settings, loaded late, watched, and closed."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.test_life import Life
from parts.waiting import eventually
from watchword.app.directories import directory_options, directory_rules
from watchword.app.flows import make_book
from watchword.app.house import StartError, open_house
from watchword.app.start import check_directories, check_jobs
from watchword.app.web import WebApp
from watchword.core.accounts.model import Role
from watchword.core.services.directoryrules import Creates, DirectoryRules, Offline
from watchword.directory.options import AttributeNames, DirectoryOptions
from watchword.observability.metrics import Metrics
from watchword.settings.directories import DirectorySettings
from watchword.settings.load import load
from watchword.settings.model import Settings

ADMINS = "S-1-5-21-1-2-3-1103"
STAFF = "CN=Staff,OU=Groups,DC=corp,DC=example"
LEAST: dict[str, Any] = {"urls": ["ldaps://127.0.0.50:9"], "domain": "corp.example"}
"""Nobody listens there."""

SERVICE = {"bind_user": "reader", "bind_password": "another secret"}

OTHERWISE: dict[str, Any] = {
    "urls": ["ldaps://dc1", "ldap://dc2"],
    "domain": "ad.example",
    "netbios": "AD",
    "upn_suffixes": ["example"],
    "base": "OU=People,DC=ad,DC=example",
    "user_filter": "(a=b)",
    "bind_user": "reader@ad.example",
    "bind_password": "secret",
    "ca_file": "ca.pem",
    "timeout_s": 1.5,
    "pool_size": 7,
    "bare_names": False,
    "create": "never",
    "allowed_groups": [STAFF],
    "roles": {"admin": [ADMINS]},
    "groups": {"Ours": [STAFF, ADMINS]},
    "trust_email": True,
    "offline": "cache",
    "offline_grace_s": 5,
    "cache_days": 2,
    "stop_percent": 20,
    "stop_above": 30,
    "attributes": {"name": "cn", "email": "", "first_name": "a", "last_name": "b"},
}

# Opens a house, does something in it, and says what is loaded then.
IN_HOUSE = """
import asyncio, sys
from pathlib import Path
from watchword.app.house import open_house
from watchword.settings.load import load

async def main():
    async with open_house(load(Path(sys.argv[1]), environ={})) as house:
        exec(sys.argv[2])

asyncio.run(main())
print(*(name for name in ("ldap", "gssapi", "watchword.directory") if name in sys.modules))
"""

# None in sys.modules is as if it were not installed.
WITHOUT = """
import sys
from pathlib import Path
from watchword.app.house import StartError
from watchword.app.start import check_directories
from watchword.settings.load import load

sys.modules[sys.argv[2]] = None
try:
    check_directories(load(Path(sys.argv[1]), environ={}))
except StartError as error:
    print(error)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of settings with a directory and a keytab."""
    file = tmp_path / "watchword.toml"
    file.write_text(
        f'data = "{tmp_path / "data"}"\n'
        '[directories.corp]\nurls = ["ldaps://127.0.0.50:9"]\ndomain = "corp.example"\n'
        f'[kerberos]\nkeytab = "{tmp_path / "http.keytab"}"\n'
    )
    return file


def settings_of(folder: Path, *directories: dict[str, Any], **more: object) -> Settings:
    named = {name: LEAST | one for name, one in zip(("corp", "more"), directories, strict=False)}
    overrides = {"data": str(folder / "data"), "directories": named, **more}
    return load(environ={}, overrides=overrides)


def run(code: str, *arguments: object) -> str:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


class TestSettings:
    def test_they_reach_who_asks_and_who_decides(self, tmp_path: Path) -> None:
        """Where a directory is goes to the one, who may come in to the other."""
        settings = settings_of(tmp_path, OTHERWISE)

        [options], rules = directory_options(settings), directory_rules(settings)

        assert options == DirectoryOptions(
            name="corp",
            urls=("ldaps://dc1", "ldap://dc2"),
            domain="ad.example",
            netbios="AD",
            upn_suffixes=("example",),
            base="OU=People,DC=ad,DC=example",
            user_filter="(a=b)",
            bind_user="reader@ad.example",
            bind_password="secret",
            ca_file=Path("ca.pem"),
            timeout_s=1.5,
            pool_size=7,
            bare_names=False,
            attributes=AttributeNames(name="cn", email="", first_name="a", last_name="b"),
            watched=frozenset({ADMINS, STAFF}),
        )
        assert rules == {
            "corp": DirectoryRules(
                allowed=frozenset({STAFF}),
                roles={Role.ADMIN: frozenset({ADMINS})},
                groups={"Ours": frozenset({STAFF, ADMINS})},
                creates=Creates.NEVER,
                trusts_mail=True,
                offline=Offline.CACHE,
                grace=timedelta(seconds=5),
                cached_for=timedelta(days=2),
                stop_percent=20,
                stop_above=30,
            )
        }

    def test_their_defaults_are_those_of_core(self, tmp_path: Path) -> None:
        """They stand in several places, and are the same."""
        settings = settings_of(tmp_path, {})

        [options], rules = directory_options(settings), directory_rules(settings)

        least = {**LEAST, "urls": tuple(LEAST["urls"])}
        assert options == DirectoryOptions(name="corp", **least)
        assert rules == {"corp": DirectoryRules()}

    @pytest.mark.parametrize("key", OTHERWISE)
    def test_no_key_is_without_effect(self, key: str, tmp_path: Path) -> None:
        """Whatever an operator changes arrives somewhere."""
        usual = settings_of(tmp_path, SERVICE)
        changed = settings_of(tmp_path, SERVICE | {key: OTHERWISE[key]})

        assert set(OTHERWISE) == set(DirectorySettings.__struct_fields__)
        assert (directory_options(usual), directory_rules(usual)) != (
            directory_options(changed),
            directory_rules(changed),
        )

    def test_their_order_is_kept(self, tmp_path: Path) -> None:
        """Names without a domain are asked for in it."""
        settings = settings_of(tmp_path, {}, {"domain": "a.example"})

        assert [one.name for one in directory_options(settings)] == ["corp", "more"]


class TestLoading:
    def test_a_house_without_directories_loads_nothing_for_them(self, tmp_path: Path) -> None:
        """Who has none does not need what speaks to them."""
        file = tmp_path / "watchword.toml"
        file.write_text(f'data = "{tmp_path / "data"}"\n')

        assert run(IN_HOUSE, file, "assert house.directories is None") == ""

    def test_nor_does_one_that_asks_none(self, file: Path) -> None:
        """Most commands have to do with something else."""
        assert run(IN_HOUSE, file, "assert house.directories.names == ('corp',)") == ""

    def test_whoever_asks_one_loads_it(self, file: Path) -> None:
        """And nothing for Kerberos."""
        pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")

        loaded = run(IN_HOUSE, file, "house.directories.candidates('ada')")

        assert loaded == "ldap watchword.directory"

    @pytest.mark.parametrize(
        ("module", "package", "extra"),
        [("ldap", "python-ldap", "directory"), ("gssapi", "gssapi", "kerberos")],
    )
    def test_what_is_not_installed_is_named(
        self, module: str, package: str, extra: str, file: Path
    ) -> None:
        """The server does not start, and says which extra is missing."""
        pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")

        told = run(WITHOUT, file, module)

        assert f"{package} is needed and cannot be loaded" in told
        assert f"pip install 'watchword[{extra}]'" in told
        assert "make setup-directory" in told


class TestHouse:
    def test_authorities_that_are_none_stop_the_start(self, tmp_path: Path) -> None:
        """Nobody could log in."""
        pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")
        settings = settings_of(tmp_path, {"ca_file": str(tmp_path / "gone.pem")})

        with pytest.raises(StartError, match=r"^directories\.corp\.ca_file: .* No such file"):
            check_directories(settings)

    async def test_its_services_know_them(self, tmp_path: Path) -> None:
        """By their names in the settings, with their rules."""
        async with open_house(settings_of(tmp_path, {})) as house:
            names = house.services.directory_sync.names

        assert names == ("corp",)

    async def test_a_worker_of_a_server_looks_whether_they_are_there(self, tmp_path: Path) -> None:
        """While nobody logs in, too; it ends with the worker."""
        pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")
        metrics = Metrics(version="0")
        settings = settings_of(tmp_path, {})
        async with open_house(settings) as house:
            await house.keys.ensure_first()

        async def is_told() -> bool:
            return b'watchword_directory_up{directory="corp"} 0.0' in metrics.render()[0]

        async with Life(WebApp(settings, 0, demo=False, metrics=metrics)) as life:
            await eventually(is_told)

        assert life.said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class TestSchedules:
    @pytest.mark.parametrize(
        ("directories", "schedules"),
        [
            ([], []),
            ([{}], [""]),
            ([{}, {"domain": "b.example", **SERVICE}], ["*/15 * * * *"]),
        ],
    )
    def test_synchronisation_starts_by_itself_where_somebody_can_be_seen(
        self, directories: list[dict[str, Any]], schedules: list[str], tmp_path: Path
    ) -> None:
        """Without a directory there is no such flow; without a service account it sees nobody."""
        book = make_book(settings_of(tmp_path, *directories))

        assert [one.schedule for one in book.ours() if one.name == "directory.sync"] == schedules

    async def test_one_of_a_flow_that_sleeps_is_harmless(self, tmp_path: Path) -> None:
        """Who takes a directory out of the settings for a day can leave its schedule in them."""
        jobs = {"schedules": {"directory.sync": "*/5 * * * *"}}

        async with open_house(settings_of(tmp_path, jobs=jobs)) as house:
            check_jobs(house)

            assert "directory.sync" not in {flow.name for flow in house.book.flows()}

    async def test_one_of_no_flow_at_all_is_not(self, tmp_path: Path) -> None:
        """A mistyped name does not pass in silence."""
        jobs = {"schedules": {"directory.snyc": "*/5 * * * *"}}

        async with open_house(settings_of(tmp_path, jobs=jobs)) as house:
            with pytest.raises(StartError, match=r"directory\.snyc"):
                check_jobs(house)
