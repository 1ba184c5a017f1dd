"""The program `watchword`: its options, its groups of commands, and how it ends."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from watchword import __version__
from watchword.cli import (
    accounts,
    apikeys,
    audit,
    backups,
    dialects,
    directories,
    groups,
    invitations,
    jobs,
    mail,
    mailtest,
    memberships,
    migrate,
    serve,
    sessions,
    signing_keys,
    worker,
)
from watchword.cli.answers import say_anything, show_failure, tell
from watchword.cli.calls import Config, Data, Database, Where
from watchword.cli.doctor import command as doctor
from watchword.cli.exits import ExitCode, usage
from watchword.core.apikeys.model import PREFIX

_KEY = re.compile(rf"{PREFIX}\w+")


class Program(TyperGroup):
    """Ends with our exit codes, and says usage errors in JSON to who asked for JSON."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - Typer's own signature
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002 - the same
        **extra: Any,  # noqa: ANN401 - the same
    ) -> NoReturn:
        del prog_name, complete_var, standalone_mode, windows_expand_args
        words = list(sys.argv[1:] if args is None else args)
        say_anything()
        try:
            code = super().main(words, "watchword", standalone_mode=False, **extra)
        except typer.TyperException as error:
            code = _usage(error, as_json="--json" in words)
        except typer.Abort:
            tell("\nStopped. Nothing was changed.")
            code = ExitCode.INTERRUPTED
        sys.exit(code or ExitCode.OK)


app = typer.Typer(
    cls=Program,
    name="watchword",
    help="Watchword: one identity store that answers in the words of several APIs.",
    epilog="Example:\n\nwatchword serve --demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag
    if wanted:
        typer.echo(f"watchword {__version__}")
        raise typer.Exit


@app.callback()
def _begin(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say the version.")
    ] = False,
    data: Data = None,
    database: Database = None,
    config: Config = None,
) -> None:
    del version
    ctx.obj = Where(data=data, database=database, config=config)


serve.add_to(app)
worker.add_to(app)
migrate.add_to(app)
app.add_typer(accounts.group, name="account")
invitations.add_to(accounts.group)
app.add_typer(sessions.group, name="session")
app.add_typer(apikeys.group, name="apikey")
app.add_typer(groups.group, name="group")
memberships.add_to(groups.group)
app.add_typer(jobs.group, name="job")
app.add_typer(backups.group, name="backup")
app.add_typer(directories.group, name="directory")
app.add_typer(mail.group, name="mail")
mailtest.add_to(mail.group)
app.add_typer(audit.group, name="audit")
app.add_typer(signing_keys.group, name="signing-key")
doctor.add_to(app)
dialects.add_to(app)


def main() -> NoReturn:
    """Run the command that was typed."""
    app()
    raise AssertionError


def _usage(error: typer.TyperException, *, as_json: bool) -> int:
    # Typer repeats what it did not understand, which may be a key that was pasted.
    message = _KEY.sub(f"{PREFIX}***", error.format_message())
    context = getattr(error, "ctx", None)
    if as_json:
        show_failure(usage(message), as_json=True)
    elif message:  # there is none where the help was shown
        tell(f"Error: {message}")
        if context is not None:
            tell(f"See: {context.command_path} --help")
    return error.exit_code
