"""The file that keeps the master key when the operator gives none, and its retired siblings."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import Randomness
from watchword.crypto.master import KEY_BYTES, KEYS_MAX, MasterKey, read_secret

_SIZE_MAX = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_master_key(path: Path, *, randomness: Randomness) -> MasterKey:
    """Return the master key in a file, made now if there is none.

    The first line is the current key, the others are retired; empty lines and those that
    begin with # are passed over. Processes that start at once agree: the key of the one
    that comes first counts.
    Raises InvalidError("master_key") with a sentence that says what to do.
    """
    with _told(path), suppress(FileExistsError):
        if not path.exists():
            _put(path, randomness.token(KEY_BYTES), randomness)
    return parse_master_key(read_master_key(path), named=str(path), randomness=randomness)


def read_master_key(path: Path) -> str:
    """Return what stands in the file. Raises InvalidError("master_key")."""
    with _told(path):
        return _read(path)


def put_master_key(path: Path, text: str, *, randomness: Randomness) -> None:
    """Make the file, for its owner alone. Raises InvalidError("master_key") if there is one."""
    with _told(path):
        _put(path, text.strip(), randomness)


def parse_master_key(text: str, *, named: str, randomness: Randomness) -> MasterKey:
    """Return the keys that stand in the text of such a file; `named` says which."""
    lines = enumerate((line.strip() for line in text.splitlines()), start=1)
    written = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if len(text) > _SIZE_MAX or len(written) > KEYS_MAX:
        limit = f"{KEYS_MAX} keys, one a line, and {_SIZE_MAX} bytes"
        message = f"The master key {named} must hold at most {limit}."
        raise InvalidError("master_key", message)
    current = written[0][1] if written else ""
    retired = [
        read_secret(line, source=f"Line {number} of {named}") for number, line in written[1:]
    ]
    source = f"The file {named}"
    return MasterKey.from_text(current, source=source, randomness=randomness, retired=retired)


def _read(path: Path) -> str:
    # Not to wait for ever if somebody put a named pipe there.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise InvalidError("master_key", f"The master key {path} is not a file.")
        if mode & _OTHERS:
            message = f"The master key {path} can be read by others. Run: chmod 600 {path}"
            raise InvalidError("master_key", message)
        # One octet more than we take: a key that is cut off must not pass for another.
        return stream.read(_SIZE_MAX + 1).decode("ascii", "replace")


def _put(path: Path, text: str, randomness: Randomness) -> None:
    """Put keys where no file is. Raises FileExistsError if another process was first."""
    # Written in full under a name of its own and then linked: nobody sees half a key, and
    # unlike a rename a link never replaces the key of who was first.
    draft = path.with_name(f".{path.name}.{randomness.uuid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("ascii", "replace") + b"\n")
            stream.flush()
            os.fsync(descriptor)
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"The master key {path} cannot be used: {error.strerror or error}."
        raise InvalidError("master_key", message) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
