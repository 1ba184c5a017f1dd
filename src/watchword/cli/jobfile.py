"""`--file`: hands a file, or what a pipe holds, to a job that reads it later."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from watchword.cli.answers import visible
from watchword.cli.calls import OPERATOR
from watchword.cli.exits import Failure, usage
from watchword.cli.interrupts import ended_at_once
from watchword.core.kernel.errors import InvalidError

if TYPE_CHECKING:
    from watchword.app.house import House
    from watchword.app.importcopy import ImportCopy

STDIN = "-"

TAKES_FILES = {"path", "remove_file"}
"""The parameters of a flow that reads a file and removes it when it is done."""

# Without O_NONBLOCK a named pipe would hold us until somebody writes into it.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


async def copied(house: "House", file: str, *, key: str) -> "ImportCopy":
    """Copy the file of this path, or stdin, to where jobs read files."""
    from watchword.app.importcopy import clear_copies, copy_for_import  # noqa: PLC0415 - slow

    folder = house.settings.import_folder
    await clear_copies(folder, house.services.jobs, OPERATOR, at=house.clock.now())
    name = "" if file == STDIN else file
    try:
        with ended_at_once(), _opened(file) as source:
            return copy_for_import(folder, source, name=name, key=key, randomness=house.randomness)
    except InvalidError as error:
        # Without the name of the field, which no option has.
        raise Failure(error.code, str(error)) from error


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield _stdin()
        return
    descriptor = _descriptor(file)
    # Not before it is looked at: Python opens no folder.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Failure(
            "file", f"{visible(file)} is not a file. What a pipe holds is read with --file -."
        )
    with os.fdopen(descriptor, "rb") as source:
        yield source


def _descriptor(file: str) -> int:
    try:
        return os.open(file, _READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no path"
        raise Failure("file", f"{visible(file)} cannot be read: {reason}.") from error


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise usage("--file - reads standard input, and nothing is piped into it.")
    return sys.stdin.buffer
