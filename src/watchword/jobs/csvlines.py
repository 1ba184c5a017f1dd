"""Reads lines of CSV as RFC 4180 says: a header, then records with as many fields."""

import csv
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence

from watchword.core.kernel.errors import InvalidError
from watchword.jobs.lines import (
    RECORD_BYTES_MAX,
    BrokenLineError,
    Encoding,
    Line,
    Place,
    read_text,
)

_DELIMITERS = (b",", b";", b"\t")
_QUOTE = b'"'
_NOT_CLOSED = "a quotation mark is not closed"
_MISPLACED = "a quotation mark stands inside a field, or text behind its end"
_TELLABLE = re.compile(r"[A-Za-z][A-Za-z0-9 _.-]{0,39}")


class CsvDialect:
    """How the fields of this file are kept apart, and the octets of its text."""

    def __init__(self, delimiter: bytes, encoding: Encoding) -> None:
        self._delimiter = delimiter.decode()
        self._encoding = encoding
        # The csv module takes a quotation mark inside a bare field for text, so that two
        # lines with one each could pass for a record; the RFC has none there. Nothing here
        # is tried twice: `++` and `*+` give nothing back.
        field = rb'(?:"(?:[^"]++|"")*+"|[^"\n%b]*+)' % re.escape(delimiter)
        self._record = re.compile(rb"%b(?:%b%b)*+\r?" % (field, re.escape(delimiter), field))

    def is_record(self, octets: bytes) -> bool:
        """Say whether all quotation marks stand where they may, and are closed."""
        return self._record.fullmatch(octets) is not None

    def fields(self, line: Line) -> list[str]:
        """Return the fields of a record. Raises BrokenLineError if it is none."""
        text = read_text(line, self._encoding)
        if _QUOTE in line.octets and not self.is_record(line.octets):
            raise BrokenLineError(_NOT_CLOSED if _is_open(line.octets) else _MISPLACED)
        try:
            (fields,) = csv.reader([text], delimiter=self._delimiter, strict=True)
        except csv.Error as error:
            raise BrokenLineError("holds a carriage return outside quotation marks") from error
        return fields


class CsvTable:
    """The columns of a file. Its records begin at `begin`."""

    def __init__(self, dialect: CsvDialect, columns: Sequence[str], begin: Place) -> None:
        self._columns = columns
        self._dialect = dialect
        self.begin = begin

    def join(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Make one line of those that quotation marks hold together."""
        waiting: deque[Line] = deque()
        while line := waiting.popleft() if waiting else next(lines, None):
            if not _is_open(line.octets):
                yield line
                continue
            joined, taken = _gather(line, waiting, lines)
            if joined is not None and self._dialect.is_record(joined.octets):
                yield joined
            else:
                waiting.extendleft(reversed(taken))
                yield line

    def values(self, line: Line) -> dict[str, object]:
        """Return the fields by column. Raises BrokenLineError if they are no record."""
        fields = self._dialect.fields(line)
        if len(fields) != len(self._columns):
            raise BrokenLineError(self._miscounted(line, len(fields)))
        return dict(zip(self._columns, fields, strict=True))

    def _miscounted(self, line: Line, count: int) -> str:
        fields = "1 field" if count == 1 else f"{count} fields"
        reason = f"has {fields} instead of {len(self._columns)}"
        last = line.end.line - 1
        if last == line.number:
            return reason
        return f"{reason} (a quotation mark makes lines {line.number} to {last} one record)"


def read_table(
    lines: Iterator[Line], encoding: Encoding, *, known: Collection[str], needed: Collection[str]
) -> CsvTable:
    """Read the header. Raises InvalidError("columns") if it is not one of ours."""
    first = next((line for line in lines if not line.is_blank), None)
    if first is None:
        raise InvalidError("columns", "The file has no line that names its columns.")
    dialect = CsvDialect(max(_DELIMITERS, key=first.octets.count), encoding)
    try:
        names = dialect.fields(first)
    except BrokenLineError as error:
        message = f"The line that names the columns cannot be read: {error.reason}."
        raise InvalidError("columns", message) from error
    return CsvTable(dialect, _columns(names, known, needed), first.end)


def _columns(
    names: Sequence[str], known: Collection[str], needed: Collection[str]
) -> tuple[str, ...]:
    """Return our names for the columns of a file."""
    ours = {name.casefold(): name for name in known}
    typed = [name.strip() for name in names]
    columns = [ours.get(name.casefold()) for name in typed]
    # First of all: a file without a header must not have its first record told to anybody.
    for name in needed:
        if name not in columns:
            message = f'The first line names the columns, and none of them is "{name}".'
            raise InvalidError("columns", message)
    found: list[str] = []
    for name, column in zip(typed, columns, strict=True):
        if column is None:
            raise InvalidError("columns", f"The file has {unknown('column', name)}.")
        if column in found:
            raise InvalidError("columns", f'The file has the column "{column}" twice.')
        found.append(column)
    return tuple(found)


def unknown(kind: str, name: str) -> str:
    """Say that we know no such column or member; name it if that can do no harm."""
    return f'an unknown {kind} "{name}"' if _TELLABLE.fullmatch(name) else f"an unknown {kind}"


def _is_open(octets: bytes) -> bool:
    return octets.count(_QUOTE) % 2 == 1


def _gather(
    first: Line, waiting: deque[Line], lines: Iterator[Line]
) -> tuple[Line | None, list[Line]]:
    """Take lines up to the one that closes a quotation mark, if it comes soon enough.

    Also returns what was taken. A line that closes none cannot open one either: so each line
    is taken twice at most, whatever the file.
    """
    taken: list[Line] = []
    size = len(first.octets)
    while size <= RECORD_BYTES_MAX:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            break
        taken.append(line)
        size += 1 + len(line.octets)
        if _is_open(line.octets) and size <= RECORD_BYTES_MAX:
            octets = b"\n".join(line.octets for line in [first, *taken])
            return Line(first.number, octets, line.end), taken
    return None, taken
