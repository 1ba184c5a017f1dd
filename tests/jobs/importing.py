"""Files that an operator puts into the folder for imports, and what is read of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watchword.jobs.importfile import ImportFile, open_import
from watchword.jobs.lines import Encoding, Place
from watchword.jobs.records import BrokenRecord, Form, Record, read_records

KNOWN = ("name", "email", "displayName")


@dataclass(frozen=True)
class Inbox:
    """The folder for imports."""

    folder: Path

    def put(self, octets: bytes, name: str = "accounts.csv") -> str:
        """Write a file, and return its name."""
        (self.folder / name).write_bytes(octets)
        return name

    def open(self, name: str) -> ImportFile:
        return open_import(self.folder, name)

    def read(
        self,
        octets: bytes,
        name: str = "accounts.csv",
        *,
        form: Form | None = None,
        encoding: Encoding = Encoding.UTF_8,
        begin: Place | None = None,
    ) -> list[Record | BrokenRecord]:
        """Return everything that a file with these octets holds."""
        with self.open(self.put(octets, name)) as file:
            return list(reading(file, form=form, encoding=encoding, begin=begin))


def reading(
    file: ImportFile,
    *,
    form: Form | None = None,
    encoding: Encoding = Encoding.UTF_8,
    begin: Place | None = None,
) -> Iterator[Record | BrokenRecord]:
    """Read a file in which there may be names, addresses and display names."""
    return read_records(
        file, known=KNOWN, needed=("name",), form=form, encoding=encoding, begin=begin
    )


def told(records: list[Record | BrokenRecord]) -> list[tuple[int, object]]:
    """Return the line of each record, with what it says or why it is broken."""
    return [
        (record.line, record.values if isinstance(record, Record) else record.reason)
        for record in records
    ]


def names(records: list[Record | BrokenRecord]) -> list[tuple[int, object]]:
    """Return the line of each record, with its name or why it is broken."""
    return [
        (record.line, record.values["name"] if isinstance(record, Record) else record.reason)
        for record in records
    ]
