"""Shows how far a job is while somebody waits: a bar on a terminal, lines elsewhere, or nothing.

It goes to stderr, so that stdout holds the answer alone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from watchword.cli.answers import tell
from watchword.cli.jobwords import percent, progress_line
from watchword.core.jobs.model import Job

if TYPE_CHECKING:
    from watchword.cli.jobbar import Bar

STEPS = 10
"""A line for so many parts of a hundred."""


class Display(Protocol):
    """Where somebody sees how far a job is."""

    def show(self, job: Job, now: datetime) -> None:
        """Show a job as it is now; to be called again and again."""

    def say(self, text: str) -> None:
        """Say something beside it."""


class Nothing:
    """For programs, which read the document at the end."""

    def show(self, job: Job, now: datetime) -> None:
        del job, now

    def say(self, text: str) -> None:
        del text


class Lines:
    """One line whenever the state or the tenth is another; nothing in it steers a terminal."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] = ()

    def show(self, job: Job, now: datetime) -> None:
        del now
        part = percent(job.progress)
        tenth = None if part is None else part // STEPS
        here = (job.state, job.cancel_asked, tenth)
        if here != self._shown:
            self._shown = here
            tell(progress_line(job))

    def say(self, text: str) -> None:
        tell(text)


@contextmanager
def display(*, as_json: bool) -> Iterator[Display]:
    """Choose how to show it, and leave the terminal as it was."""
    bar = _bar() if sys.stderr.isatty() else None
    if bar is None:
        yield Nothing() if as_json else Lines()
        return
    try:
        yield bar
    finally:
        bar.close()


def _bar() -> "Bar | None":
    """Return a bar, unless the terminal is one that can only write lines."""
    from rich.console import Console  # noqa: PLC0415 - slow, and only a terminal needs it

    console = Console(stderr=True, highlight=False)
    if console.is_dumb_terminal:
        return None
    from watchword.cli.jobbar import Bar  # noqa: PLC0415 - the same

    return Bar(console)
