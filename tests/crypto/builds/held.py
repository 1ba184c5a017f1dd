"""Each build of Argon2 that is here, held in hand."""

from pathlib import Path

import pytest

from watchword.crypto.argon2 import CURRENT
from watchword.crypto.builds.build import Build
from watchword.crypto.builds.choice import choose, native_folder
from watchword.crypto.builds.stamp import this_processor

BUILDS = ("libsodium", "native")


def build_called(name: str) -> Build:
    """Return this build; the test is skipped where `make native` has made none."""
    folder = native_folder() if name == "native" else Path("nowhere")
    choice = choose(folder, this_processor(), kept_kib=CURRENT.memory_kib)
    if choice.build.name != name:
        pytest.skip(f"`make native` has made nothing for this machine: {choice.why}")
    return choice.build
