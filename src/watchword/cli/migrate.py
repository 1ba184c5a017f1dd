"""`watchword migrate`: bring the database to this version."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer
from watchword.cli.calls import Call, command
from watchword.cli.exits import ExitCode


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "migrate", examples=("watchword migrate --check || watchword migrate",))(migrate)


async def migrate(
    call: Call,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something is pending.")
    ] = False,
) -> Answer:
    """Bring the database to this version; makes a new one if there is none.

    `serve` does the same when it starts, so this is for who wants it as a step of its own.
    Several at once are no harm: one works, the others wait.
    """
    from watchword.app import migrations  # noqa: PLC0415 - `--help` must be quick

    settings = call.settings()
    if not check:
        return _done(await migrations.migrate(settings))
    call.require_store()
    return _pending(await migrations.pending_migrations(settings))


def _done(names: list[str]) -> Answer:
    text = "\n".join(("Applied:", *names)) if names else "Nothing to do: all is applied."
    return Answer({"applied": names}, text)


def _pending(names: list[str]) -> Answer:
    if not names:
        return Answer({"pending": names}, "Nothing is pending.")
    text = "\n".join(("Pending; `watchword migrate` applies them:", *names))
    return Answer({"pending": names}, text, ExitCode.REFUSED)
