"""The format of a backup: a tar of a manifest, one database and perhaps the master key.

It is ours alone, so reading is strict: these members in this order with the sizes and digests
of the manifest, and nothing else.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta

from watchword.core.kernel.errors import InvalidError
from watchword.storage.backup_disk import writing_to
from watchword.storage.backup_watch import PIECE_BYTES, Watch

FORMAT = 1
MANIFEST = "manifest.json"
MASTER_KEY = "master.key"
DATABASES = {"sqlite": "watchword.db", "postgres": "database.dump"}

NO_BACKUP = "This is no backup of Watchword."

_MANIFEST_BYTES_MAX = 2**20
_KEY_BYTES_MAX = 4096
_FILE_MODE = 0o600
_READ_BYTES = 2**16
_NAME_SHOWN_MAX = 60


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """How large a member is, and its digest."""

    size: Annotated[int, Meta(ge=1, le=2**60)]
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `dumped_by` is pg_dump's first number.

    `migrations` are those that the database has had, with the digests of their texts.
    """

    format: int
    product: str
    version: str
    engine: Literal["sqlite", "postgres"]
    engine_version: str
    dumped_by: int = 0
    created_at: Annotated[datetime, Meta(tz=True)]
    instance: str | None
    migrations: dict[str, str]
    members: dict[str, Member]

    @property
    def database(self) -> str:
        """Return the name of the member that is the database."""
        return DATABASES[self.engine]

    @property
    def has_master_key(self) -> bool:
        return MASTER_KEY in self.members


@dataclass(frozen=True, slots=True)
class Content:
    """A member to be written: octets, or a stream that can be read more than once."""

    source: bytes | BinaryIO
    size: int

    def pieces(self) -> Iterator[bytes]:
        if isinstance(self.source, bytes):
            yield self.source
            return
        self.source.seek(0)
        while piece := self.source.read(PIECE_BYTES):
            yield piece

    def member(self, watch: Watch) -> Member:
        digest = hashlib.sha256()
        for piece in self.pieces():
            watch.look()
            digest.update(piece)
        return Member(size=self.size, sha256=digest.hexdigest())


def packed(manifest: Manifest, contents: Mapping[str, Content]) -> Iterator[bytes]:
    """Yield the octets of a backup."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    for name, content in {MANIFEST: Content(text, len(text)), **contents}.items():
        yield _header(name, content.size, manifest.created_at)
        yield from content.pieces()
        yield bytes(-content.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int, at: datetime) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, _FILE_MODE, int(at.timestamp())
    # This format has no limit of 8 GB, and every tar reads it.
    return member.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


class Unpacking:
    """Takes in the octets of a backup, in pieces of any size, and checks each.

    What is in it goes into `folder`, or nowhere. Raises InvalidError("file") as soon as
    something is wrong, and UnavailableError if the folder takes no more.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._steps = _unpacked(folder)
        self._asked = next(self._steps)
        self._waiting = bytearray()
        self._has_begun = False
        self._manifest: Manifest | None = None

    def write(self, octets: bytes) -> int:
        self._waiting += octets
        place = 0
        while place + self._asked <= len(self._waiting):
            if self._manifest is not None:
                raise InvalidError("file", "After the end of the backup comes something else.")
            piece = bytes(memoryview(self._waiting)[place : place + self._asked])
            place += self._asked
            try:
                self._asked = self._steps.send(piece)
                self._has_begun = True
            except StopIteration as end:
                self._manifest, self._asked = end.value, 1
        del self._waiting[:place]
        return len(octets)

    def end(self) -> Manifest:
        """Return what the backup says of itself, when all of it came."""
        if self._manifest is None:
            cut_off = "The backup ends in the middle: it was cut off."
            raise InvalidError("file", cut_off if self._has_begun else NO_BACKUP)
        return self._manifest

    def close(self) -> None:
        """Let go of what was being written."""
        self._steps.close()


_Steps = Generator[int, bytes, None]


def _unpacked(folder: Path | None) -> Generator[int, bytes, Manifest]:
    """Ask for so many octets at a time, and return the manifest at the end."""
    size = yield from _expected(MANIFEST, first=True)
    if size > _MANIFEST_BYTES_MAX:
        raise InvalidError("file", "The manifest of the backup is too long to be one of ours.")
    text = bytearray()
    yield from _content(size, text.extend)
    manifest = read_manifest(bytes(text))
    for name, member in manifest.members.items():
        size = yield from _expected(name)
        if size != member.size:
            raise InvalidError("file", f"{name} in the backup has not the size it should have.")
        yield from _member(name, member, folder)
    for _ in range(2):
        if any((yield tarfile.BLOCKSIZE)):
            raise InvalidError("file", "The backup has more members than its manifest says.")
    return manifest


def _expected(name: str, *, first: bool = False) -> Generator[int, bytes, int]:
    """Read the header of a member that must have this name, and return its size."""
    block = yield tarfile.BLOCKSIZE
    try:
        found = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        told = NO_BACKUP if first else f"{name} in the backup is damaged."
        raise InvalidError("file", told) from error
    if found.name != name or found.type != tarfile.REGTYPE or found.size < 0:
        told = f"{found.name[:_NAME_SHOWN_MAX]!r} stands in the backup where {name} should be."
        raise InvalidError("file", told)
    return found.size


def _member(name: str, member: Member, folder: Path | None) -> _Steps:
    digest = hashlib.sha256()
    if folder is None:
        yield from _content(member.size, digest.update)
    else:
        with writing_to(folder, needs=member.size), _new(folder / name) as file:

            def take(octets: bytes) -> None:
                digest.update(octets)
                file.write(octets)

            yield from _content(member.size, take)
    if digest.hexdigest() != member.sha256:
        raise InvalidError("file", f"{name} in the backup is damaged: its SHA-256 is another.")


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb")


def _content(size: int, take: Callable[[bytes], object]) -> _Steps:
    left = size
    while left:
        octets = yield min(left, _READ_BYTES)
        take(octets)
        left -= len(octets)
    if padding := -size % tarfile.BLOCKSIZE:
        yield padding


def read_manifest(text: bytes) -> Manifest:
    """Read what a backup says of itself. Raises InvalidError("file")."""
    try:
        number = msgspec.json.decode(text, type=_Numbered).format
        if number == FORMAT:
            manifest = _in_utc(msgspec.json.decode(text, type=Manifest))
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError) as error:
        raise InvalidError("file", "The manifest of the backup cannot be read.") from error
    if number != FORMAT:
        told = f"The backup has the format {number}, and this version knows {FORMAT}: take a newer."
        raise InvalidError("file", told)
    _check(manifest)
    return manifest


def _in_utc(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(manifest, created_at=manifest.created_at.astimezone(UTC))


class _Numbered(msgspec.Struct):
    format: int


def _check(manifest: Manifest) -> None:
    names = list(manifest.members)
    is_sound = names in ([manifest.database], [manifest.database, MASTER_KEY])
    if not is_sound or (
        manifest.has_master_key and manifest.members[MASTER_KEY].size > _KEY_BYTES_MAX
    ):
        raise InvalidError("file", "The manifest names members that no backup of ours has.")
