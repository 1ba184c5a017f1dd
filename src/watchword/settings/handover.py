"""Hands the settings to another process of ours, as bytes that hold every secret."""

import msgspec

from watchword.settings.model import Settings
from watchword.settings.secret import Secret


def pack(settings: Settings) -> bytes:
    """Return the settings as one line, for a pipe and for no other place."""
    return msgspec.json.encode(settings, enc_hook=_plain)


def unpack(line: bytes) -> Settings:
    """Return the settings that another process packed."""
    return msgspec.json.decode(line, type=Settings, dec_hook=_secret)


def _plain(value: object) -> str:
    assert isinstance(value, Secret)
    return value.reveal()


def _secret(kind: type, value: object) -> Secret:
    assert kind is Secret
    assert isinstance(value, str)
    return Secret(value)
