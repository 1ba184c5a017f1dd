"""Makes files for whoever runs the command, and for nobody else; never over one that is there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from watchword.cli.answers import visible
from watchword.cli.exits import Failure
from watchword.cli.interrupts import ended_at_once
from watchword.core.kernel.errors import UnavailableError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_MODE = 0o600


def require_new(path: Path) -> None:
    """Raise Failure if there is something of this name already."""
    if os.path.lexists(path):
        raise _is_there(path)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file of this name; it is durable at the end, or if anything fails it is gone."""
    with ended_at_once():
        try:
            descriptor = os.open(str(path), _NEW, _MODE)
        except FileExistsError:
            raise _is_there(path) from None
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(descriptor)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                reason = error.strerror or error
                message = f"{visible(str(path))} cannot be written: {reason}."
                raise UnavailableError(message) from error
            raise


def _is_there(path: Path) -> Failure:
    return Failure("exists", f"{visible(str(path))} is there already. Name another file.")
