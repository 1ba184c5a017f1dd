"""Opens the file of an import: only inside its folder, only plain text, and only once."""

import errno
import os
import re
import stat
from pathlib import Path, PurePath
from typing import Self

from watchword.core.kernel.errors import InvalidError, UnavailableError

PORTION_BYTES = 256 * 1024
"""So much is read at a time."""

HEAD_BYTES = 1024
"""So much of the beginning is looked at, to see whether the file is text."""

NAME_LENGTH_MAX = 1024

MARK = b"\xef\xbb\xbf"
"""What some programs write before text in UTF-8."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
# Without O_NONBLOCK a pipe would hold us until somebody writes into it.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW

_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_PACKED = re.compile(
    rb"(?P<gzip>\x1f\x8b)"
    rb"|(?P<zip>PK(?:\x03\x04|\x05\x06|\x07\x08))"
    rb"|(?P<bzip2>BZh[1-9](?:1AY&SY|\x17rE8P\x90))"
    rb"|(?P<xz>\xfd7zXZ\x00)"
    rb"|(?P<zstd>\x28\xb5\x2f\xfd)"
)

_OUTSIDE = "The path must stay inside the folder for imports."
_NOT_THERE = "There is no such file in the folder for imports."
_NOT_ALLOWED = "The server has no right to read that file."
_NOT_PLAIN = "The path must name a file: no folder, pipe, socket or device."
_CANNOT_OPEN = {
    errno.ENOENT: _NOT_THERE,
    errno.ENOTDIR: _NOT_THERE,
    errno.ENAMETOOLONG: _NOT_THERE,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.ELOOP: _OUTSIDE,  # a link that was put there after we looked, or one to itself
    errno.ENXIO: _NOT_PLAIN,
    errno.ENODEV: _NOT_PLAIN,
}
_CANNOT_OPEN_FOLDER = {
    errno.ENOENT: "The folder for imports is not there.",
    errno.ENOTDIR: "The folder for imports is not a folder.",
    errno.EACCES: "The server has no right to read the folder for imports.",
}


class ImportFile:
    """A plain file of text, read through the very opening that was looked at.

    `identity` says which file it is and as of when: a job that goes on later compares it.
    The device is no part of it, since a shared disk has another number on each node.
    """

    def __init__(self, descriptor: int, suffix: str) -> None:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidError("path", _NOT_PLAIN)
        self._descriptor = descriptor
        self.suffix = suffix
        self.size = found.st_size
        self.identity = _identity(found)
        self.head = self.read(0)[:HEAD_BYTES]
        _require_text(self.head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, offset: int) -> bytes:
        """Return the portion that begins there; nothing at the end.

        Raises InvalidError("path") if the file is not what it was when it was opened.
        """
        try:
            portion = os.pread(self._descriptor, PORTION_BYTES, offset)
            found = os.fstat(self._descriptor)
        except OSError as error:
            raise UnavailableError("The file of the import does not answer.") from error
        if _identity(found) != self.identity:
            raise InvalidError("path", "The file was changed while it was being read.")
        return portion

    def close(self) -> None:
        """Let go of the file; closing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_import(folder: Path, name: str) -> ImportFile:
    """Open the file of this name, which lies in the folder or below it.

    Raises InvalidError("path") with a sentence for whatever cannot be read as text.
    """
    home = Path(os.path.realpath(folder))
    steps = _steps(home, name)
    descriptor = _open(home, steps)
    try:
        return ImportFile(descriptor, PurePath(name).suffix.lower())
    except BaseException:
        os.close(descriptor)
        raise


def _steps(home: Path, name: str) -> tuple[str, ...]:
    """Return the way from the folder to the file, with links already followed."""
    if not name or "\0" in name or len(name) > NAME_LENGTH_MAX:
        raise InvalidError("path", _NOT_THERE)
    if ".." in PurePath(name).parts:
        raise InvalidError("path", _OUTSIDE)
    try:
        path = Path(os.path.realpath(home / name))
    except (OSError, UnicodeEncodeError) as error:  # moved about meanwhile, or no name at all
        raise InvalidError("path", _NOT_THERE) from error
    if not path.is_relative_to(home):
        raise InvalidError("path", _OUTSIDE)
    if path == home:
        raise InvalidError("path", _NOT_PLAIN)
    return path.relative_to(home).parts


def remove_import(folder: Path, name: str, identity: str) -> bool:
    """Remove a file that `open_import` opened; False if it is another by now, or cannot be."""
    home = Path(os.path.realpath(folder))
    try:
        steps = _steps(home, name)
        place = _walk(home, steps)
    except (InvalidError, UnavailableError):
        return False
    try:
        if _identity(os.stat(steps[-1], dir_fd=place, follow_symlinks=False)) != identity:
            return False
        os.unlink(steps[-1], dir_fd=place)
    except OSError:
        return False
    finally:
        os.close(place)
    return True


def _open(home: Path, steps: tuple[str, ...]) -> int:
    place = _walk(home, steps)
    try:
        return os.open(steps[-1], _FILE, dir_fd=place)
    except OSError as error:
        raise _refusal(error, _CANNOT_OPEN) from error
    finally:
        os.close(place)


def _walk(home: Path, steps: tuple[str, ...]) -> int:
    """Open the folder of the last step: step by step, and without following any link.

    So nothing that is moved about meanwhile leads out of the folder for imports.
    """
    try:
        place = os.open(home, _FOLDER)
    except OSError as error:
        raise _refusal(error, _CANNOT_OPEN_FOLDER) from error
    try:
        for step in steps[:-1]:
            inner = os.open(step, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
    except OSError as error:
        os.close(place)
        raise _refusal(error, _CANNOT_OPEN) from error
    return place


def _refusal(error: OSError, reasons: dict[int, str]) -> InvalidError | UnavailableError:
    """Tell what is wrong with the path from what is wrong with the machine."""
    reason = reasons.get(error.errno or 0)
    if reason is None:
        return UnavailableError("The folder for imports does not answer.")
    return InvalidError("path", reason)


def _identity(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def _require_text(head: bytes) -> None:
    """Refuse what is no text in a coding that we read, by how it begins."""
    if not head:
        raise InvalidError("path", "The file is empty.")
    if packed := _PACKED.match(head):
        message = f"The file is compressed ({packed.lastgroup}): unpack it first."
        raise InvalidError("path", message)
    if head.startswith(_OTHER_MARKS):
        raise InvalidError("path", "The file is in UTF-16 or UTF-32: save it as UTF-8.")
    if b"\0" in head:
        raise InvalidError("path", "The file is not text: save it as CSV or JSON Lines, in UTF-8.")
