"""Files that only the holder of another key can open: age, for X25519 recipients.

The format is age-encryption.org/v1, so the `age` program opens them as well. Whoever seals
needs the public half alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyrage  # type: ignore[import-untyped]  # compiled, without types

from watchword.core.kernel.errors import InvalidError

_MAGIC = b"age-encryption.org/v1\n"
MAGIC_BYTES = len(_MAGIC)
IDENTITIES_MAX = 20
_NO_MATCH = "No matching keys found"


class Source(Protocol):
    """What octets are read from."""

    def read(self, count: int, /) -> bytes: ...


class Sink(Protocol):
    """What octets are written to."""

    def write(self, octets: bytes, /) -> int: ...


@dataclass(frozen=True, slots=True)
class SealKey:
    """A pair of keys as text. Only the recipient belongs on the machine that seals."""

    identity: str
    recipient: str

    def __repr__(self) -> str:
        return f"<SealKey for {self.recipient}>"


def make_seal_key() -> SealKey:
    """Return a new pair."""
    # age draws from the operating system: no door of ours leads into it.
    identity = pyrage.x25519.Identity.generate()
    return SealKey(str(identity), str(identity.to_public()))


def check_recipients(texts: Sequence[str]) -> None:
    """Raise InvalidError("recipients") if one of them is none."""
    _recipients(texts)


def is_sealed(beginning: bytes) -> bool:
    """Say whether a file that begins so is sealed."""
    return beginning.startswith(_MAGIC)


def seal(pieces: Iterable[bytes], sink: Sink, *, recipients: Sequence[str]) -> None:
    """Encrypt a stream of octets for each recipient alone. Whatever the ends raise is raised."""
    ends = _Ends(_Pieces(pieces).read, sink.write)
    try:
        pyrage.encrypt_io(ends, ends, _recipients(recipients))
    except (pyrage.EncryptError, OSError):
        if ends.problem is not None:
            raise ends.problem from None
        raise


def unseal(source: Source, sink: Sink, *, identity: str) -> None:
    """Decrypt a stream of octets with one of the identities in a text.

    Nothing is written that was not proved to be whole, but all of it only at the end.
    Whatever the ends raise is raised. Raises InvalidError("identity") if none of them opens
    it, InvalidError("file") if it is damaged or cut off.
    """
    identities = _identities(identity)
    ends = _Ends(source.read, sink.write)
    try:
        pyrage.decrypt_io(ends, ends, identities)
    except (pyrage.DecryptError, OSError) as error:
        if ends.problem is not None:
            raise ends.problem from None
        if str(error) == _NO_MATCH:
            message = "The identity is none of those that this file was encrypted for."
            raise InvalidError("identity", message) from error
        message = "The encrypted file is damaged or cut off."
        raise InvalidError("file", message) from error


class _Ends:
    """Both ends of age's work. It keeps what they raise: age hands on its name alone."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], int]) -> None:
        self._read = read
        self._write = write
        self.problem: BaseException | None = None

    def read(self, count: int) -> bytes:
        try:
            return self._read(count)
        except BaseException as error:
            self.problem = error
            raise

    def write(self, octets: bytes) -> int:
        try:
            return self._write(octets)
        except BaseException as error:
            self.problem = error
            raise

    def flush(self) -> None:
        """Do nothing: whoever owns the end flushes it."""


class _Pieces:
    """Pieces of any size, read in the sizes that somebody asks for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, count: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        octets, self._rest = bytes(self._rest[:count]), self._rest[count:]
        return octets


def _recipients(texts: Sequence[str]) -> list[object]:
    found: list[object] = []
    for place, text in enumerate(texts, start=1):
        try:
            found.append(pyrage.x25519.Recipient.from_str(text.strip()))
        except (pyrage.RecipientError, ValueError) as error:
            # Not the text: somebody may have put the identity there.
            message = f"Item {place} of the recipients is none: they look like age1..."
            raise InvalidError("recipients", message) from error
    return found


def _identities(text: str) -> list[object]:
    """Read a file of identities as `age-keygen` writes it: one a line, and comments."""
    lines = [line.strip() for line in text.splitlines()]
    written = [line for line in lines if line and not line.startswith("#")]
    if not 0 < len(written) <= IDENTITIES_MAX:
        message = f"An identity is a line AGE-SECRET-KEY-1...; there may be {IDENTITIES_MAX}."
        raise InvalidError("identity", message)
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in written]
    except (pyrage.IdentityError, ValueError):
        message = "The identity cannot be read: it is a line that begins with AGE-SECRET-KEY-1."
        raise InvalidError("identity", message) from None
