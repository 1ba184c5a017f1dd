"""`watchword worker`: work on jobs, without serving."""

from typing import Annotated

import typer

from watchword import __version__
from watchword.cli.calls import Call, command
from watchword.cli.exits import ExitCode
from watchword.cli.serve import Format

Idle = Annotated[
    float | None,
    typer.Option(
        "--until-idle", metavar="SECONDS", min=0, help="End when there was no job for so long."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(
        app,
        "worker",
        examples=("watchword worker", "watchword worker --until-idle 10"),
        prints_data=False,
    )(worker)


def worker(call: Call, *, until_idle: Idle = None, log_format: Format = None) -> int:
    """Work on jobs until Ctrl-C or SIGTERM; what runs is left at its next checkpoint.

    A server works on jobs by itself, unless `jobs.in_server` is false. Several workers may
    run beside it; on other machines too, if the store is PostgreSQL.
    """
    from watchword.app.worker import work  # noqa: PLC0415 - `--help` must be quick

    call.require_store()
    settings = call.settings(overrides={"log": {"format": log_format}})

    def say() -> None:
        # On stdout: stderr has the log, which a program may read.
        typer.echo(f"Watchword {__version__} works on jobs.\nStop it with Ctrl-C.")

    work(settings, idle_s=until_idle, on_ready=say)
    return ExitCode.OK
