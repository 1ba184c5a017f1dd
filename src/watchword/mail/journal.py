"""Which letters the mail server took, in a file, until the database knows it as well."""

import os
import re
from pathlib import Path

from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.ids import LetterId
from watchword.core.kernel.randomness import Randomness
from watchword.observability.log import get_logger

_log = get_logger("watchword.mail")
_MODE = 0o600
_SIZE_MAX = 2**24
_HOLDER_BYTES = 18

# The holder's name, then each entry as "\n<id>.": by its end an entry is known to be whole, and
# by its beginning it is apart from a torn one before it.
_HOLDER = re.compile(rb"([A-Za-z0-9_\-]{4,64})\.(?=\n|\Z)")
_ENTRY = re.compile(rb"\n([A-Za-z0-9_\-]{1,64})\.(?=\n|\Z)")


class JournalFile:
    """The Acceptances of this machine, in a file for its owner alone.

    Only one process at a time may note and clear. A file that is damaged is begun anew, with
    what can still be read in it. Raises UnavailableError if it can be neither read nor made.
    """

    def __init__(self, path: Path, *, randomness: Randomness) -> None:
        self._path = path
        self._randomness = randomness
        try:
            if not path.exists():
                self._make(b"", replace=False)
            self._file, self._holder = self._open() or self._begin_anew()
        except OSError as error:
            message = f"The journal of letters {path} cannot be used: {error.strerror}."
            raise UnavailableError(message) from error

    @property
    def holder(self) -> str:
        return self._holder

    def note(self, letter_id: LetterId) -> None:
        # No fsync: what was written is the kernel's, and outlives this process however it
        # ends. It is lost with the machine alone, and then a letter may come twice.
        entry = b"\n%b." % letter_id.encode("ascii")
        try:
            written = os.write(self._file, entry)
        except OSError as error:
            written, reason = 0, error.strerror
        else:
            reason = "it was cut"
        if written < len(entry):
            _log.error("an accepted letter could not be noted", letter=letter_id, reason=reason)

    def noted(self) -> tuple[LetterId, ...]:
        # From the file each time: it may have been another process that noted.
        found = _ENTRY.findall(_read(self._file))
        return tuple(LetterId(entry.decode("ascii")) for entry in dict.fromkeys(found))

    def clear(self) -> None:
        os.ftruncate(self._file, len(self._holder) + 1)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _open(self) -> tuple[int, str] | None:
        """Return the file and the holder's name in it, None if there is none."""
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            head = _HOLDER.match(_read(file))
            os.fchmod(file, _MODE)
        except OSError:
            os.close(file)
            raise
        if head is None:
            os.close(file)
            return None
        return file, head[1].decode("ascii")

    def _begin_anew(self) -> tuple[int, str]:
        _log.warning("the journal of letters was damaged, it is begun anew")
        found = _ENTRY.findall(self._path.read_bytes()[:_SIZE_MAX])
        self._make(b"".join(b"\n%b." % one for one in found), replace=True)
        opened = self._open()
        assert opened is not None
        return opened

    def _make(self, entries: bytes, *, replace: bool) -> None:
        # Written in full under a name of its own first: nobody sees half a holder's name. A
        # link never replaces the file of who was first.
        draft = self._path.with_name(f".{self._path.name}.{self._randomness.uuid()}")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            with os.fdopen(file, "wb") as stream:
                _give_to_owner_of(draft.parent, file)
                stream.write(self._randomness.token(_HOLDER_BYTES).encode("ascii"))
                stream.write(b"." + entries)
            if replace:
                draft.replace(self._path)
            else:
                self._path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)


def _give_to_owner_of(folder: Path, file: int) -> None:
    # A command that root runs beside the server must not leave a file the server cannot open.
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def _read(file: int) -> bytes:
    return os.pread(file, _SIZE_MAX, 0)
