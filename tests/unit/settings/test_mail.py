"""What an operator says about letters, tickets and who may register."""

from typing import Any

import pytest

from watchword.settings.keys import variable
from watchword.settings.load import SettingsError, load
from watchword.settings.model import Settings

SERVER = {"smtp_host": "mail.example.com", "sender": "id@example.com"}


def with_mail(**said: object) -> Settings:
    return load(environ={}, overrides={"mail": said})


def problems(**said: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        with_mail(**said)
    return caught.value.problems


class TestMailServer:
    @pytest.mark.parametrize(
        ("said", "port"),
        [
            ({}, 587),
            ({"tls": "starttls"}, 587),
            ({"tls": "implicit"}, 465),
            ({"tls": "none"}, 25),
            ({"tls": "none", "smtp_port": 2525}, 2525),
        ],
    )
    def test_the_port_follows_the_way_to_talk(self, said: dict[str, Any], port: int) -> None:
        """Unless one is given."""
        settings = with_mail(**SERVER, **said)

        assert settings.mail.port == port

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            (
                {"smtp_host": "mail.example.com"},
                "mail.sender: mail.smtp_host needs it too: the address that letters come from",
            ),
            (
                {**SERVER, "password": "secret"},
                "mail.username and mail.password: the mail server asks for both, or for neither",
            ),
            (
                {**SERVER, "username": "id"},
                "mail.username and mail.password: the mail server asks for both, or for neither",
            ),
        ],
    )
    def test_values_that_do_not_fit_each_other(self, said: dict[str, Any], expected: str) -> None:
        """The message says which key is missing."""
        assert problems(**said) == (expected,)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("mail.smtp_host", "mail.example.com:587"),
            ("mail.smtp_host", "smtp://mail.example.com"),
            ("mail.smtp_host", "me@mail.example.com"),
            ("mail.smtp_host", "mail example"),
            ("mail.smtp_port", "65536"),
            ("mail.tls", "ssl"),
            ("mail.sender", "nobody"),
            ("mail.sender", "Watchword <id@example.com>"),
            ("mail.sender", "id@example.com\r\nBcc: eve@example.com"),
            ("mail.sender_name", "Watch\r\nBcc: eve@example.com"),
            ("mail.timeout_s", "0"),
            ("mail.timeout_s", "121"),
            ("mail.language", "fr"),
            ("mail.keep_days", "0"),
            ("tickets.confirm_hours", "0"),
            ("tickets.confirm_hours", "169"),
            ("tickets.reset_minutes", "9"),
            ("tickets.reset_minutes", "1441"),
            ("tickets.change_hours", "169"),
            ("tickets.undo_days", "91"),
            ("tickets.join_days", "0"),
            ("limits.letters_per_address", "0"),
        ],
    )
    def test_a_value_that_cannot_be(self, key: str, value: str) -> None:
        """Each is one problem that names its variable."""
        with pytest.raises(SettingsError) as caught:
            load(environ={variable(key): value})

        (found,) = caught.value.problems
        assert found.partition(" in the environment: ")[0] == variable(key)

    @pytest.mark.parametrize("host", ["localhost", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"])
    def test_a_host_is_a_name_or_an_address(self, host: str) -> None:
        """An IPv6 address may stand in brackets, as in a URL."""
        settings = with_mail(**{**SERVER, "smtp_host": host})

        assert settings.mail.smtp_host == host.strip("[]")

    def test_the_password_is_not_shown(self) -> None:
        """Whoever reads the settings in force sees only that there is one."""
        settings = with_mail(**SERVER, username="id", password="hunter2")

        assert settings.mail.password.reveal() == "hunter2"
        assert settings.redacted()["mail"]["password"] == "***"
        assert "hunter2" not in f"{settings} {settings!r}"


class TestSender:
    @pytest.mark.parametrize(
        ("public_url", "expected"),
        [
            ("", "no-reply@localhost"),
            ("https://id.example.com:8443", "no-reply@id.example.com"),
            ("http://[2001:db8::1]", "no-reply@localhost"),
        ],
    )
    def test_without_one_it_is_nobody_here(self, public_url: str, expected: str) -> None:
        """Letters that stay on this machine need no setting at all."""
        settings = load(environ={}, overrides={"public_url": public_url})

        assert settings.sender == expected

    def test_the_one_that_is_given_counts(self) -> None:
        """Whatever our pages are called."""
        settings = load(
            environ={}, overrides={"public_url": "https://id.example.com", "mail": SERVER}
        )

        assert settings.sender == "id@example.com"


@pytest.mark.parametrize("word", ["open", "invitation", "closed"])
def test_who_may_register(word: str) -> None:
    """Everybody, who was invited, or nobody."""
    settings = load(environ={"WATCHWORD_REGISTRATION": word})

    assert settings.registration == word
