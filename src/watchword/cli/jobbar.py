"""A progress bar for a job, on a terminal. Nobody else loads this module: it takes a while."""

from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

from watchword.cli.answers import visible
from watchword.cli.jobwords import counts, note, percent, state_of
from watchword.core.jobs.model import Job
from watchword.core.jobs.model import Progress as JobProgress

WIDTH = 24
"""Of the bar, in characters."""


class Bar:
    """Draws how far a job is, again whenever it is told; the cursor comes back with `close`."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            _column("head"),
            BarColumn(bar_width=WIDTH),
            _column("far"),
            _column("elapsed"),
            _column("more", ratio=1),
            console=console,
            # Everything is drawn when we are told: no thread of its own is needed for it.
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            expand=True,
        )
        self._task = self._progress.add_task("", head="", far="", elapsed="", more="")

    def show(self, job: Job, now: datetime) -> None:
        self._progress.update(
            self._task,
            completed=job.progress.done,
            total=job.progress.total or None,
            head=f"Job {job.id}: {state_of(job)}",
            far=_far(job.progress),
            elapsed=_elapsed(job, now),
            more=_more(job),
        )
        self._progress.start()
        self._progress.refresh()

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        self._progress.console.print(Text(text))

    def close(self) -> None:
        self._progress.stop()


def _column(name: str, *, ratio: int | None = None) -> TextColumn:
    # No markup: what a flow notes is not ours. A narrow terminal gets less of it, in one line.
    column = Column(no_wrap=True, overflow="ellipsis", ratio=ratio)
    return TextColumn(f"{{task.fields[{name}]}}", markup=False, table_column=column)


def _far(progress: JobProgress) -> str:
    part = percent(progress)
    if part is None:
        return str(progress.done) if progress.done else ""
    return f"{part} % {progress.done}/{progress.total}"


def _more(job: Job) -> str:
    """Return what a narrow terminal can do without."""
    parts = (visible(job.flow), counts(job.progress.counts), note(job))
    return "; ".join(part for part in parts if part)


def _elapsed(job: Job, now: datetime) -> str:
    if job.started_at is None:
        return ""
    span = (job.finished_at or now) - job.started_at
    return str(timedelta(seconds=max(0, int(span.total_seconds()))))
