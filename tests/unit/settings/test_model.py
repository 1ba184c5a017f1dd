"""What the settings say once they are read, and what they never show."""

import io
import pickle
import subprocess
import sys
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from watchword.core.policy.signin import AttemptLimits
from watchword.settings.load import SettingsError, load
from watchword.settings.model import LimitSettings, Settings
from watchword.settings.secret import Secret, without_password

SECRET = "hunter2/and@more"
KEY = b64encode(bytes(range(32))).decode()
RETIRED = b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def secretive() -> Settings:
    """Settings with a secret in each place that can hold one."""
    return load(
        environ={
            "WATCHWORD_ADMIN_PASSWORD": SECRET,
            "WATCHWORD_MASTER_KEY": KEY,
            "WATCHWORD_RETIRED_MASTER_KEYS": f"{RETIRED}, {SECRET}",
            "WATCHWORD_DATABASE": f"postgresql://user:{SECRET}@host/name?sslpassword={SECRET}",
            "WATCHWORD_BACKUP__DATABASE": f"postgresql://user:{SECRET}@host/name",
            "WATCHWORD_DIALECTS__ASTA__CLIENT_SECRET": SECRET,
            "WATCHWORD_DIALECTS__ASTA__UPSTREAM__API_KEY": SECRET,
            "WATCHWORD_DIALECTS__ASTA__TOKEN_DAYS": "30",
            "WATCHWORD_DIALECTS__ASTA__PEERS": f'[{{"token": "{SECRET}", "host": "h"}}]',
        }
    )


class TestSecrets:
    def test_no_way_of_printing_shows_one(self, secretive: Settings) -> None:
        """Text, repr, formatting, rich and the view for people show a mask."""
        shown = io.StringIO()
        Console(file=shown, width=400).print(secretive)

        views = [str(secretive), repr(secretive), str(secretive.redacted()), f"{secretive}"]
        for view in [*views, shown.getvalue(), str(secretive.admin_password)]:
            assert SECRET not in view
            assert "more" not in view
            assert KEY not in view
            assert RETIRED not in view
            assert "***" in view

    def test_the_view_keeps_what_is_no_secret(self, secretive: Settings) -> None:
        """An operator still sees which database it is, and that a secret is set at all."""
        view = secretive.redacted()

        assert view["database"] == "postgresql://user:***@host/name?sslpassword=***"
        assert view["backup"]["database"] == "postgresql://user:***@host/name"
        assert (view["admin_password"], view["master_key"]) == ("***", "***")
        assert list(view["retired_master_keys"]) == ["***", "***"]
        assert Settings().redacted()["admin_password"] == ""
        assert view["server"]["port"] == 9261
        assert view["dialects"] == {
            "asta": {
                "client_secret": "***",
                "upstream": {"api_key": "***"},
                "token_days": "***",
                "peers": [{"token": "***", "host": "h"}],
            }
        }

    @pytest.mark.parametrize(
        "name", ["password", "scram_client_key", "scram_server_key", "oauth_client_secret"]
    )
    def test_each_secret_in_a_url_is_masked(self, name: str) -> None:
        """Whatever PostgreSQL's library calls it; what follows stays."""
        url = f"postgresql://host/name?{name}={SECRET}&sslmode=require"

        masked = without_password(url)

        assert masked == f"postgresql://host/name?{name}=***&sslmode=require"

    def test_who_asks_for_it_gets_it(self, secretive: Settings) -> None:
        """The secrets are there, whole, also in another process of ours."""
        there = pickle.loads(pickle.dumps(secretive))  # noqa: S301 - our own bytes

        assert there == secretive
        assert there.admin_password.reveal() == SECRET
        assert there.master_key.reveal() == KEY
        assert [one.reveal() for one in there.retired_master_keys] == [RETIRED, SECRET]
        assert there.dialects["asta"]["client_secret"] == SECRET

    @pytest.mark.parametrize(
        "variable",
        [
            "WATCHWORD_DATABASE",
            "WATCHWORD_PUBLIC_URL",
            "WATCHWORD_ADMIN_PASWORD",
            "WATCHWORD_SERVER__PORT",
            "WATCHWORD_SERVER__TRUSTED_PROXIES",
            "WATCHWORD_LOG__LEVEL",
        ],
    )
    def test_a_complaint_does_not_repeat_the_value(self, variable: str) -> None:
        """A secret that was put into the wrong place is not printed either."""
        with pytest.raises(SettingsError) as caught:
            load(environ={variable: f"x://user:{SECRET}"})

        assert SECRET not in str(caught.value)
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"retired_master_keys": [SECRET]}, "go with master_key"),
            ({"master_key": KEY, "retired_master_keys": [SECRET] * 8}, "length <= 7"),
            ({"master_key": KEY, "retired_master_keys": SECRET}, "Expected `array`"),
            ({"master_key": KEY, "retired_master_keys": [SECRET, 5]}, "Expected `str`"),
        ],
    )
    def test_retired_keys_that_cannot_be(self, said: dict[str, object], why: str) -> None:
        """Too many, no list, no texts, or none that they are retired from; none is repeated."""
        with pytest.raises(SettingsError, match=why) as caught:
            load(environ={}, overrides=said)

        assert len(caught.value.problems) == 1
        assert SECRET not in str(caught.value)

    def test_a_secret_is_its_text(self) -> None:
        """Secrets compare by what they hold; an empty one counts as none."""
        assert Secret("a") == Secret("a")
        assert Secret("a") != Secret("b")
        assert len({Secret("a"), Secret("a")}) == 1
        assert Secret("a") != "a"
        assert not Secret()


class TestDerived:
    @pytest.mark.parametrize(
        ("database", "expected"),
        [
            ("", Path("here/watchword.db")),
            ("sqlite:///other.db", Path("other.db")),
            ("sqlite:////var/lib/other.db", Path("/var/lib/other.db")),
            ("postgresql://host/name", None),
            ("postgresql:///name", None),
        ],
    )
    def test_the_file_of_the_store(self, database: str, expected: Path | None) -> None:
        """No database means a file in the data folder; a fourth slash makes a path absolute."""
        settings = load(environ={"WATCHWORD_DATA": "here", "WATCHWORD_DATABASE": database})

        assert settings.folder == Path("here")
        assert settings.database_file == expected

    def test_the_default_limits_are_those_of_core(self) -> None:
        """The numbers stand in two places, and are the same."""
        assert LimitSettings().attempts == AttemptLimits()

    def test_each_limit_reaches_core(self) -> None:
        """No key of the limits on guesses is without effect."""
        others = {"exempt_addresses", "letters_per_address", "letter_every_s"}
        names = [name for name in LimitSettings.__struct_fields__ if name not in others]

        changed = [replace(LimitSettings(), **{name: 7}).attempts for name in names]

        assert AttemptLimits() not in changed
        assert len(set(changed)) == len(names)

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({}, "off"),
            ({"tls_cert": "a", "tls_key": "b"}, "files"),
            ({"tls": "off", "tls_cert": "a", "tls_key": "b"}, "off"),
            ({"tls": "files", "tls_cert": "a", "tls_key": "b"}, "files"),
            ({"tls": "self-signed"}, "self-signed"),
        ],
    )
    def test_a_certificate_means_tls(self, said: dict[str, str], expected: str) -> None:
        """Naming the files is enough, and saying off keeps it off."""
        settings = load(environ={}, overrides={"server": said})

        assert settings.server.tls == expected

    @pytest.mark.parametrize(("days", "expected"), [("0", None), ("7", timedelta(days=7))])
    def test_no_days_are_for_ever(self, days: str, expected: timedelta | None) -> None:
        """A check-out ends by itself only where somebody says when."""
        settings = load(environ={"WATCHWORD_CHECKOUTS__END_AFTER_DAYS": days})

        assert settings.checkouts.end_after == expected
        assert load(environ={}).checkouts.end_after is None

    def test_addresses_have_one_spelling(self) -> None:
        """Origins are compared with what a browser sends, so we keep that spelling."""
        settings = load(
            environ={
                "WATCHWORD_PUBLIC_URL": "https://id.example.com/",
                "WATCHWORD_SERVER__ALLOWED_ORIGINS": "HTTPS://App.Example:8443/,tauri://localhost,*",
            }
        )

        assert settings.public_url == "https://id.example.com"
        assert settings.server.allowed_origins == (
            "https://app.example:8443",
            "tauri://localhost",
            "*",
        )

    def test_settings_do_not_change(self) -> None:
        """Nobody can change a setting behind the operator's back."""
        settings = Settings()

        with pytest.raises(AttributeError):
            settings.data = "elsewhere"  # type: ignore[misc]  # what we want to see fail
        with pytest.raises(AttributeError):
            settings.server.port = 1  # type: ignore[misc]  # what we want to see fail


class TestDialects:
    def test_tables_are_handed_on_unread(self, tmp_path: Path) -> None:
        """We do not know a dialect's keys; the environment goes before the file, key by key."""
        file = tmp_path / "watchword.toml"
        file.write_text(
            "[dialects.asta]\na = 1\nb = [1]\n[dialects.asta.c]\nd = 1.5\n[dialects.x]\n"
        )
        environ = {
            "WATCHWORD_DIALECTS__ASTA__A": "2",
            "WATCHWORD_DIALECTS__ASTA__C__E_F": "text",
            "WATCHWORD_DIALECTS__ASTA__G": '["h"]',
        }

        settings = load(file, environ=environ)

        assert settings.dialects == {
            "asta": {"a": "2", "b": [1], "c": {"d": 1.5, "e_f": "text"}, "g": ["h"]},
            "x": {},
        }

    @pytest.mark.parametrize("text", ["dialects = 5", "[dialects]\nasta = 5"])
    def test_each_is_a_table(self, tmp_path: Path, text: str) -> None:
        """A dialect's settings are a table with its name."""
        file = tmp_path / "watchword.toml"
        file.write_text(text)

        with pytest.raises(SettingsError, match="a table of its own"):
            load(file, environ={})


def test_reading_settings_is_light() -> None:
    """Every command reads settings, so they bring in nothing that is slow to load."""
    code = "import sys; from watchword.settings.load import load; load(); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    ours = {name for name in done.stdout.split() if name.startswith("watchword.")}
    assert {name.split(".")[1] for name in ours} == {"core", "settings"}
    slow = {
        "asyncio",
        "http",
        "rich",
        "ssl",
        "starlette",
        "structlog",
        "tomllib",
        "typer",
        "uvicorn",
    }
    assert slow.isdisjoint(done.stdout.split())
