"""Settings that go to another process of ours, whole."""

from base64 import b64encode

import pytest

from watchword.settings.handover import pack, unpack
from watchword.settings.load import load
from watchword.settings.model import Settings

SECRET = "hunter2/and@more\n\x00\N{SNOWMAN}"
KEY = b64encode(bytes(range(32))).decode()
FULL = load(
    environ={
        "WATCHWORD_ADMIN_PASSWORD": SECRET,
        "WATCHWORD_MASTER_KEY": KEY,
        "WATCHWORD_RETIRED_MASTER_KEYS": f"{KEY}, {KEY}",
        "WATCHWORD_DATABASE": "postgresql://user:hunter2@host/name",
        "WATCHWORD_MAIL__PASSWORD": SECRET,
        "WATCHWORD_MAIL__USERNAME": "id",
        "WATCHWORD_DIALECTS__ASTA__CLIENT_SECRET": SECRET,
        "WATCHWORD_JOBS__SCHEDULES": '{"sessions.purge": ""}',
        "WATCHWORD_PASSWORDS__PRESET": "nist",
        "WATCHWORD_SERVER__ALLOWED_ORIGINS": "https://app.example",
        "WATCHWORD_SERVER__SHUTDOWN_TIMEOUT_S": "2.5",
    },
    demo=True,
)


@pytest.mark.parametrize("settings", [Settings(), FULL])
def test_they_arrive_as_they_were(settings: Settings) -> None:
    """Every value has its type, and every secret its text."""
    arrived = unpack(pack(settings))

    assert arrived == settings
    assert repr(arrived) == repr(settings)
    assert arrived.admin_password.reveal() == settings.admin_password.reveal()
    assert arrived.passwords.policy == settings.passwords.policy


def test_they_are_one_line() -> None:
    """So that whoever reads them knows when they are whole."""
    assert b"\n" not in pack(FULL)
