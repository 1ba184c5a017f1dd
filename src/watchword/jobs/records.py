"""Reads the records of an import one by one, from the start or from where a job left off.

It holds a portion of the file and no more. What is broken costs one record: the next is read.
"""

from collections.abc import Callable, Collection, Iterator
from enum import StrEnum

import msgspec

from watchword.core.kernel.errors import InvalidError
from watchword.jobs.csvlines import read_table
from watchword.jobs.importfile import MARK, ImportFile
from watchword.jobs.jsonlines import JsonObjects
from watchword.jobs.lines import BrokenLineError, Encoding, Line, Place, read_lines


class Form(StrEnum):
    """How records are written in a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"


class Record(msgspec.Struct, frozen=True):
    """What a record says: texts by column, or the members of an object.

    It begins in this line, counted from 1, and the next one at `end`.
    """

    line: int
    values: dict[str, object]
    end: Place


class BrokenRecord(msgspec.Struct, frozen=True):
    """A record that cannot be read. The reason goes on from "line 7: "; it quotes nothing."""

    line: int
    reason: str
    end: Place


_FORMS = {
    ".csv": Form.CSV,
    ".tsv": Form.CSV,
    ".json": Form.JSON_LINES,
    ".jsonl": Form.JSON_LINES,
    ".ndjson": Form.JSON_LINES,
}


def read_records(
    file: ImportFile,
    *,
    known: Collection[str],
    needed: Collection[str] = (),
    form: Form | None = None,
    encoding: Encoding = Encoding.UTF_8,
    begin: Place | None = None,
) -> Iterator[Record | BrokenRecord]:
    """Read the records that begin there, or all of them.

    `known` are the columns or members that there may be, `needed` the columns that a CSV must
    have. Raises InvalidError, with "path", "encoding" or "columns", before the first record if
    there can be none; while they are read, it does as `ImportFile.read`.
    """
    has_mark = file.head.startswith(MARK)
    if has_mark and encoding is not Encoding.UTF_8:
        raise InvalidError("encoding", "The file says that it is UTF-8: set encoding to utf-8.")
    start = Place(len(MARK) if has_mark else 0, 1)
    if (form or guess_form(file)) is Form.JSON_LINES:
        _refuse_array(file)
        objects = JsonObjects(encoding, known)
        return _records(read_lines(file, begin or start), objects.values)
    table = read_table(read_lines(file, start), encoding, known=known, needed=needed)
    return _records(table.join(read_lines(file, begin or table.begin)), table.values)


def guess_form(file: ImportFile) -> Form:
    """Tell the form by the end of the file's name, else by how the file begins."""
    by_start = Form.JSON_LINES if _first(file) in (b"{", b"[") else Form.CSV
    return _FORMS.get(file.suffix, by_start)


def _refuse_array(file: ImportFile) -> None:
    if _first(file) == b"[":
        raise InvalidError("path", "The file is a JSON array; write one object a line.")


def _first(file: ImportFile) -> bytes:
    """Return the first octet that is not blank."""
    return file.head.removeprefix(MARK).lstrip()[:1]


def _records(
    lines: Iterator[Line], values: Callable[[Line], dict[str, object]]
) -> Iterator[Record | BrokenRecord]:
    for line in lines:
        if line.is_blank:
            continue
        try:
            found = values(line)
        except BrokenLineError as error:
            yield BrokenRecord(line.number, error.reason, line.end)
        else:
            yield Record(line.number, found, line.end)
