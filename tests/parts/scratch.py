"""Puts the files of the tests into memory: they make thousands of databases, and wait for disks.

None of them can see the difference, for none takes the power away. Whoever sets TMPDIR or
--basetemp chooses another place.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 (pytest makes a folder in it that is ours alone)
ROOM_BYTES = 2 << 30
"""Several times what the tests need at once; a container often has next to nothing here."""


def pytest_configure(config: pytest.Config) -> None:
    """Choose the place before anybody asks for one; what the tests start inherits it."""
    chosen = "TMPDIR" in os.environ or config.option.basetemp
    if not chosen and _has_room():
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # look again


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
