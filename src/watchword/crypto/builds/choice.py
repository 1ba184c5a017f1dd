"""Chooses who computes: the build for this very processor if there is one, else libsodium."""

import sys
from dataclasses import dataclass
from pathlib import Path

from watchword.crypto.builds import stamp
from watchword.crypto.builds.answers import answers_rightly
from watchword.crypto.builds.build import Build

FOLDER = "watchword-native"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who computes, for people: `why` says why it is not the build for this processor."""

    build: Build
    about: str
    why: str = ""

    @property
    def is_native(self) -> bool:
        return not self.why


def native_folder() -> Path:
    """Return where `make native` puts what it built: in the environment that it was built for."""
    return Path(sys.prefix) / FOLDER


def choose(folder: Path, processor: stamp.Processor, *, kept_kib: int) -> Choice:
    """Choose once, at the start. Nothing that is not for this processor is loaded."""
    if why := stamp.objection(folder, processor):
        return _libsodium(why)
    # Each is loaded only where it is used: the other would be memory for nothing.
    from watchword.crypto.builds.native import Native  # noqa: PLC0415

    try:
        native = Native(folder, kept_kib=kept_kib)
    except (ImportError, OSError, AttributeError):
        return _libsodium("the native build here cannot be loaded")
    try:
        is_right = answers_rightly(native)
    except Exception:  # noqa: BLE001 - whatever it is, there is another build
        is_right = False
    if not is_right:
        return _libsodium("the native build here answers wrongly")
    return Choice(native, f"native, built for {stamp.model_of(processor)}")


def _libsodium(why: str) -> Choice:
    from watchword.crypto.builds.libsodium import Libsodium  # noqa: PLC0415

    return Choice(Libsodium(), "libsodium", why)
