"""Cuts the file of an import into lines, however long they are, and knows where each ends."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from watchword.jobs.importfile import ImportFile

RECORD_BYTES_MAX = 65_536
"""A record is no longer; the line feed at its end does not count."""


class Encoding(StrEnum):
    """How the text of a file is written in octets."""

    UTF_8 = "utf-8"
    LATIN_1 = "latin-1"


class Place(msgspec.Struct, frozen=True):
    """Where a line begins: its first octet, counted from 0, and its number, from 1."""

    offset: int
    line: int


class Line(msgspec.Struct, frozen=True):
    """A line, or several that are one record.

    `octets` are without the last line feed, and cut off if they are more than a record may
    have. The next line begins at `end`.
    """

    number: int
    octets: bytes
    end: Place

    @property
    def is_blank(self) -> bool:
        octets = self.octets
        # What was cut off may have held more than blanks.
        return not octets or (octets.isspace() and len(octets) <= RECORD_BYTES_MAX)


class BrokenLineError(Exception):
    """A line is no record. The reason names nothing that stands in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_lines(file: ImportFile, begin: Place) -> Iterator[Line]:
    """Read the lines from there to the end of the file."""
    number, offset = begin.line, begin.offset
    at, rest = offset, b""
    while portion := file.read(at):
        at += len(portion)
        *whole, rest = (rest + portion).split(b"\n")
        for octets in whole:
            offset += len(octets) + 1
            yield Line(number, octets, Place(offset, number + 1))
            number += 1
        # Of a line that is too long we keep just enough to see that it is.
        offset += max(len(rest) - RECORD_BYTES_MAX - 1, 0)
        rest = rest[: RECORD_BYTES_MAX + 1]
    if rest:
        yield Line(number, rest, Place(offset + len(rest), number + 1))


def read_text(line: Line, encoding: Encoding) -> str:
    """Return what a line says. Raises BrokenLineError if it is too long or no text."""
    if len(line.octets) > RECORD_BYTES_MAX:
        raise BrokenLineError(f"is longer than {RECORD_BYTES_MAX:,} octets")
    if b"\0" in line.octets:
        raise BrokenLineError("holds a NUL octet")
    try:
        return line.octets.decode(encoding)
    except UnicodeDecodeError as error:
        reason = "is not UTF-8; if the file is Latin-1, set encoding to latin-1"
        raise BrokenLineError(reason) from error
