"""Where settings come from, who goes before whom, and how mistakes are told."""

import os
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from watchword.core.policy.passwords import Preset
from watchword.core.signing.model import Algorithm
from watchword.settings.keys import variable
from watchword.settings.load import SettingsError, load
from watchword.settings.model import Settings


def problems(
    file: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(file, environ=environ or {}, overrides=overrides)
    return caught.value.problems


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "watchword.toml"


class TestPlaces:
    def test_nothing_said_is_the_defaults(self) -> None:
        """Without a file and without variables, every setting has its default."""
        settings = load(environ={})

        assert settings == Settings()

    def test_each_place_goes_before_the_one_below(self, file: Path) -> None:
        """The command line wins over the environment, that over the file, that over the default."""
        file.write_text("[server]\nport = 1\nworkers = 2\nconnections_max = 3\n")
        environ = {"WATCHWORD_SERVER__PORT": "11", "WATCHWORD_SERVER__WORKERS": "12"}

        server = load(file, environ=environ, overrides={"server": {"port": 21}}).server

        assert (server.port, server.workers, server.connections_max) == (21, 12, 3)
        assert server.host == "127.0.0.1"

    def test_an_option_that_was_not_given_changes_nothing(self) -> None:
        """The command line hands on None where nothing was said, and paths as paths."""
        overrides = {"data": Path("elsewhere"), "database": None, "server": {"port": None}}

        settings = load(environ={"WATCHWORD_SERVER__PORT": "11"}, overrides=overrides)

        assert (settings.data, settings.database, settings.server.port) == ("elsewhere", "", 11)

    def test_the_real_environment_is_the_default(self) -> None:
        """Who hands in no environment gets that of the process."""
        code = "from watchword.settings.load import load; print(load().server.port)"
        environ = {**os.environ, "WATCHWORD_SERVER__PORT": "11"}

        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, check=True
        )

        assert done.stdout == b"11\n"

    def test_foreign_variables_are_not_ours(self) -> None:
        """Only names that begin with WATCHWORD_ are looked at."""
        settings = load(environ={"PORT": "11", "WATCHWORDS_DATA": "x", "PATH": "/bin"})

        assert settings == Settings()

    def test_text_becomes_the_type_of_its_key(self) -> None:
        """Variables are text; numbers, booleans and choices are read out of it."""
        settings = load(
            environ={
                "WATCHWORD_SERVER__HEADER_TIMEOUT_S": "0.5",
                "WATCHWORD_SERVER__DOCS": "false",
                "WATCHWORD_POSTGRES__POOLER": "1",
                "WATCHWORD_PASSWORDS__PRESET": "nist",
                "WATCHWORD_TOKENS__ALGORITHM": "ES256",
                "WATCHWORD_ADMIN_PASSWORD": "12345",
            }
        )

        assert settings.server.header_timeout_s == 0.5
        assert (settings.server.docs, settings.postgres.pooler) == (False, True)
        assert settings.passwords.preset is Preset.NIST
        assert settings.tokens.algorithm is Algorithm.ES256
        assert settings.admin_password.reveal() == "12345"

    @pytest.mark.parametrize(
        "text", ["10.0.0.0/8,::1", " 10.0.0.0/8 , ::1 ,", '["10.0.0.0/8", "::1"]']
    )
    def test_a_list_is_json_or_has_commas(self, text: str) -> None:
        """Both ways of writing a list in a variable mean the same."""
        settings = load(environ={"WATCHWORD_SERVER__TRUSTED_PROXIES": text})

        assert settings.server.trusted_proxies == ("10.0.0.0/8", "::1")
        assert settings.server.trusted_networks == (ip_network("10.0.0.0/8"), ip_network("::1"))

    def test_empty_text_is_empty(self) -> None:
        """A variable that is set to nothing takes back what a file says."""
        settings = load(environ={"WATCHWORD_PUBLIC_URL": "", "WATCHWORD_ISSUER": ""})

        assert settings == Settings()

    def test_an_empty_list_replaces_a_full_one(self, file: Path) -> None:
        """A list is replaced as a whole, by nothing too."""
        file.write_text('[server]\nallowed_origins = ["https://a.example"]\n')

        settings = load(file, environ={"WATCHWORD_SERVER__ALLOWED_ORIGINS": ""})

        assert settings.server.allowed_origins == ()


class TestDemo:
    def test_demo_has_other_defaults(self) -> None:
        """A demo holds passwords to what is documented, and loopback has no limit per address."""
        settings = load(environ={}, demo=True)

        assert settings.passwords.preset is Preset.DOCUMENTED
        assert settings.limits.attempts.exempt == (ip_network("127.0.0.0/8"), ip_network("::1"))

    def test_what_is_said_goes_before_demo(self, file: Path) -> None:
        """An operator's own words count in a demo too, an empty list among them."""
        file.write_text("[limits]\nexempt_addresses = []\n")

        settings = load(file, environ={"WATCHWORD_PASSWORDS__PRESET": "standard"}, demo=True)

        assert settings == Settings()


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("dta = 'x'", "dta in {file}: no such setting; the nearest is data"),
            ("port = 1", "port in {file}: no such setting; the nearest is server.port"),
            (
                "[server]\nprot = 1",
                "server.prot in {file}: no such setting; the nearest is server.port",
            ),
            ("[sevrer]", "sevrer in {file}: no such setting; the nearest is server"),
            (
                "[server.tls]\ncert = 'x'",
                "server.tls in {file}: must be one of off, files, self-signed",
            ),
            ("admin_password = 5", "admin_password in {file}: Expected `str`"),
            ("server = 5", "server in {file}: is a table of keys, not a value"),
        ],
    )
    def test_a_key_that_cannot_be(self, file: Path, text: str, expected: str) -> None:
        """The message names the key, the file, and what was probably meant."""
        file.write_text(text)

        assert problems(file) == (expected.format(file=file),)

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("WATCHWORD_SERVER_PORT", "WATCHWORD_SERVER__PORT"),
            ("WATCHWORD_SERVER__PROT", "WATCHWORD_SERVER__PORT"),
            ("WATCHWORD_server__port", "WATCHWORD_SERVER__PORT"),
            ("WATCHWORD_DATABSE", "WATCHWORD_DATABASE"),
        ],
    )
    def test_an_unknown_variable(self, name: str, nearest: str) -> None:
        """The message names the variable as it was written, and the nearest as it should be."""
        expected = f"{name} in the environment: no such setting; the nearest is {nearest}"

        assert problems(environ={name: "1"}) == (expected,)

    def test_an_unknown_key_of_the_command_line(self) -> None:
        """A mistake of our own command line does not pass in silence."""
        expected = "server.prot on the command line: no such setting; the nearest is server.port"

        assert problems(overrides={"server": {"prot": 1}}) == (expected,)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('port = "1"', "Expected `int`, got `str`"),
            ("port = true", "Expected `int`, got `bool`"),
            ("port = 65536", "Expected `int` <= 65535"),
            ("workers = 0", "Expected `int` >= 1"),
            ("header_timeout_s = -1", "Expected `float` > 0.0"),
            ("header_timeout_s = nan", "Expected `float` > 0.0"),
            ("header_timeout_s = inf", "Expected `float` <= 31536000.0"),
            ("docs = 1", "Expected `bool`, got `int`"),
            ('trusted_proxies = "10.0.0.0/8"', "Expected `array`, got `str`"),
            ("trusted_proxies = [1]", "Expected `str`, got `int` - at `$[0]`"),
            ("host = 1979-05-27", "Expected `str`, got `date`"),
        ],
    )
    def test_a_value_of_the_wrong_kind(self, file: Path, text: str, expected: str) -> None:
        """The file has types of its own, and a value must have the type of its key."""
        file.write_text(f"[server]\n{text}\n")

        key = text.partition(" ")[0]
        assert problems(file) == (f"server.{key} in {file}: {expected}",)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("server.port", "http"),
            ("server.port", ""),
            ("server.port", "9" * 5000),
            ("server.docs", "maybe"),
            ("server.trusted_proxies", '["10.0.0.0/8"'),
            ("server.trusted_proxies", "[1]"),
            ("server.trusted_proxies", "10.0.0.1/8"),
            ("limits.exempt_addresses", "localhost"),
            ("server.allowed_origins", "https://*.example"),
            ("server.allowed_origins", "null"),
            ("server.allowed_origins", "https://a.example/path"),
            ("public_url", "id.example.com"),
            ("public_url", "ftp://id.example.com"),
            ("public_url", "https://"),
            ("public_url", "https://id.example.com/path"),
            ("public_url", "https://id.example.com/?a=b"),
            ("public_url", "https://id.example.com:port"),
            ("public_url", "https://me:secret@id.example.com"),
            ("public_url", "https://id.example.com/\n"),
            ("database", "mysql://h/db"),
            ("database", "watchword.db"),
            ("database", "sqlite://watchword.db"),
            ("database", "sqlite:///"),
            ("database", "sqlite:///:memory:"),
            ("enabled_dialects", ""),
            ("enabled_dialects", "asta,asta"),
            ("enabled_dialects", "../asta"),
            ("enabled_dialects", '["asta\\n"]'),
            ("default_admin", ""),
            ("data", ""),
            ("registration", "perhaps"),
            ("tokens.algorithm", "none"),
            ("tokens.algorithm", "HS256"),
            ("log.level", "INFO"),
        ],
    )
    def test_a_value_that_cannot_be(self, key: str, value: str) -> None:
        """Each is one problem that names its variable."""
        found = problems(environ={variable(key): value})

        assert [text.partition(" in the environment: ")[0] for text in found] == [variable(key)]

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (
                {"tls_cert": "a.pem"},
                "server.tls_cert and server.tls_key: TLS from files needs both",
            ),
            ({"tls": "files"}, "server.tls_cert and server.tls_key: TLS from files needs both"),
            (
                {"tls": "self-signed", "tls_key": "a.pem"},
                'server.tls: with "self-signed", server.tls_cert and server.tls_key must be empty',
            ),
            (
                {"port": 9000, "metrics_port": 9000},
                "server.metrics_port: must not be server.port; 0 puts the metrics on the main port",
            ),
        ],
    )
    def test_values_that_do_not_fit_each_other(self, said: dict[str, Any], expected: str) -> None:
        """Keys that make sense one by one can still contradict each other."""
        assert problems(overrides={"server": said}) == (expected,)

    def test_a_first_wait_is_not_longer_than_the_longest(self) -> None:
        """The waits grow from the first to the longest."""
        expected = "limits.wait_first_s: must not be more than limits.wait_longest_s"

        assert problems(environ={"WATCHWORD_LIMITS__WAIT_FIRST_S": "901"}) == (expected,)

    @pytest.mark.parametrize("key", ["issuer", "public_url"])
    def test_no_service_has_our_own_name(self, key: str) -> None:
        """A token for another service must not be one that we accept ourselves."""
        own = "https://login.example.com"
        expected = (
            "tokens.audiences: must not hold issuer or public_url, which are this server's own"
        )

        assert problems(overrides={key: own, "tokens": {"audiences": [own]}}) == (expected,)

    def test_all_problems_are_told_at_once(self, file: Path) -> None:
        """One look at the message is enough to repair everything, whatever place it came from."""
        file.write_text(
            'dta = "x"\n[server]\nport = "x"\nworkers = 0\n[limits]\nwait_first_s = 901\n'
        )
        environ = {"WATCHWORD_SERVER__PORT": "y", "WATCHWORD_LOG__FORMAT": "xml"}

        with pytest.raises(SettingsError) as caught:
            load(file, environ=environ, overrides={"server": {"metrics_port": -1}})

        assert [text.split(": ")[0] for text in caught.value.problems] == [
            f"dta in {file}",
            f"server.port in {file}",
            f"server.workers in {file}",
            "WATCHWORD_LOG__FORMAT in the environment",
            "WATCHWORD_SERVER__PORT in the environment",
            "server.metrics_port on the command line",
            "limits.wait_first_s",
        ]
        assert all(text in str(caught.value) for text in caught.value.problems)

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"port = = 1", "is not TOML: "),
            (b"\xff\xfe", "is not UTF-8 text"),
            (None, "cannot be read: No such file or directory"),
        ],
    )
    def test_a_file_that_cannot_be_read(
        self, file: Path, content: bytes | None, expected: str
    ) -> None:
        """A file that is named must be there and be TOML."""
        if content is not None:
            file.write_bytes(content)

        found = problems(file, environ={"WATCHWORD_DATABSE": "x"})

        assert found[0].startswith(f"{file}: {expected}")
        assert found[1].startswith("WATCHWORD_DATABSE")
