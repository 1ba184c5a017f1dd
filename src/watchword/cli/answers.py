"""What a command answers, and how it is printed: a table for people, or one JSON document."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchword.cli.exits import ExitCode, Failure

WIDTH_WITHOUT_TERMINAL = 10_000
"""Whoever reads a pipe cuts lines as they like; we wrap none."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people; `empty` is said instead of none. `next` is where the list goes on."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = "None."
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a command, for programs and for people.

    Warnings go to stderr, or into the document. Notes go to stderr, for people alone: so
    a text that is a secret stands on stdout by itself, and a shell can take it from there.
    """

    document: Mapping[str, object]
    text: str | Table
    exit_code: ExitCode = ExitCode.OK
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer."""
    if as_json:
        warnings = {"warnings": list(answer.warnings)} if answer.warnings else {}
        print(_json({**answer.document, **warnings}), flush=True)  # noqa: T201 - we print
        return
    for warning in answer.warnings:
        tell(f"Warning: {warning}")
    for note in answer.notes:
        tell(note)
    text = _drawn(answer.text) if isinstance(answer.text, Table) else answer.text
    print(text, flush=True)  # noqa: T201 - we print


def show_failure(failure: Failure, *, as_json: bool) -> None:
    """Print on stderr why a command ended."""
    tell(_json(failure.document) if as_json else f"Error: {failure.message}")


def tell(text: str) -> None:
    """Print something on stderr, so that stdout holds the answer alone."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - we print


def hush() -> None:
    """Let what is left to print go nowhere: nobody reads stdout any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say_anything() -> None:
    """Let a name that the terminal's character set lacks end no command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def visible(text: str | None) -> str:
    """Return text in which nothing can steer a terminal or turn the direction of writing."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text or ""
    )


def visible_lines(text: str) -> str:
    """Return the same of a text that has lines. A blank that holds words together is a blank."""
    plain = text.replace("\r\n", "\n").replace("\N{NO-BREAK SPACE}", " ")
    return "\n".join(map(visible, plain.split("\n")))


def moment(at: datetime | None) -> str:
    """Return a time as people read it, to the second; the column says UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""


def minute(at: datetime | None) -> str:
    """Return a time to the minute."""
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def iso(at: datetime | None) -> str | None:
    """Return a time as programs read it, always with microseconds."""
    return at.isoformat(timespec="microseconds") if at else None


def _json(document: Mapping[str, object]) -> str:
    # ASCII: it is the same in every locale, and no control character reaches a terminal.
    return json.dumps(document, indent=2)


def _drawn(table: Table) -> str:
    if not table.rows:
        return table.empty
    from rich.console import Console  # noqa: PLC0415 - slow, and only tables need it
    from rich.table import Table as Grid  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        grid.add_column(column, overflow="fold")
    for row in table.rows:
        # Text, not str: square brackets in a name are no markup.
        grid.add_row(*(Text(visible(cell)) for cell in row))
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    console = Console(width=width, highlight=False)
    with console.capture() as drawing:
        console.print(grid)
    lines = [line.rstrip() for line in drawing.get().splitlines()]
    if table.next:
        lines.append(f"There is more: repeat with --after {table.next}")
    return "\n".join(lines)
