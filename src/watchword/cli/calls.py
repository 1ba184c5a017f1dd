"""Makes commands: gives each the options that all share, runs it, and prints what it answers."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchword.cli.answers import Answer, hush, show, show_failure
from watchword.cli.exits import ExitCode, Failure, failure_of, refused
from watchword.core.kernel.caller import Origin, operator
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.policy.refusals import Refused

if TYPE_CHECKING:
    from watchword.app.house import House
    from watchword.settings.model import Settings

OPERATOR = operator(Origin(address="", dialect="cli"))
"""Who works here: a person at the machine's own command line."""

_PANEL = "Where the store is (also before the command)"
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The data folder; ./watchword-data unless settings say otherwise.",
        rich_help_panel=_PANEL,
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///FILE or postgresql://...; a SQLite file in the data folder by default.",
        rich_help_panel=_PANEL,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="A TOML file.", rich_help_panel=_PANEL),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=PAGE_MAX, help="How many at most.")]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="CURSOR", help="Go on where the last answer ended."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the store is, as far as the command line says."""

    data: Path | None = None
    database: str | None = None
    config: Path | None = None

    def over(self, other: "Where") -> "Where":
        """Return the two together; what is said here counts more."""
        both = {
            part.name: mine if (mine := getattr(self, part.name)) is not None else theirs
            for part in fields(self)
            for theirs in [getattr(other, part.name)]
        }
        return Where(**both)


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a command. `as_json` says that a program reads the answer."""

    where: Where
    as_json: bool = False

    def settings(
        self, *, overrides: Mapping[str, object] | None = None, demo: bool = False
    ) -> "Settings":
        """Read the settings. Raises SettingsError."""
        from watchword.settings.load import load  # noqa: PLC0415 - `--help` must be quick

        said = {"data": self.where.data, "database": self.where.database, **(overrides or {})}
        return load(self.where.config, overrides=said, demo=demo)

    @asynccontextmanager
    async def house(self, *, may_make: bool = False) -> AsyncIterator["House"]:
        """Open the house. Only a command that may make a store makes one.

        The data folder is relative to where somebody stands: a look from the wrong place
        must not leave an empty store there.
        """
        from watchword.app.house import open_house  # noqa: PLC0415 - `--help` must be quick

        if not may_make:
            self.require_store()
        async with open_house(self.settings()) as house:
            yield house

    def require_store(self) -> None:
        """Raise Failure if there is no store yet."""
        if file := self.missing_store():
            raise Failure(
                "start",
                f"There is no store at {file}. Say where it is with --data DIR or --database URL,"
                " or make one with `watchword serve` or `watchword migrate`.",
                ExitCode.START,
            )

    def missing_store(self) -> Path | None:
        """Return where the database would be made, None if it is there, or on a server."""
        file = self.settings().database_file
        return file if file is not None and not file.exists() else None


Outcome = Answer | Refused | int
Work = Callable[..., Outcome | Awaitable[Outcome]]


def command(
    group: typer.Typer, name: str, *, examples: tuple[str, ...], prints_data: bool = True
) -> Callable[[Work], Work]:
    """Register a function as a command. It takes a Call first, then its own options.

    It gets `--data`, `--database` and `--config`, and `--json` if it prints data.
    """

    def register(work: Work) -> Work:
        epilog = "\n\n".join(("Examples:" if examples[1:] else "Example:", *examples))
        group.command(name, epilog=epilog)(_runner(work, prints_data=prints_data))
        return work

    return register


def _runner(work: Work, *, prints_data: bool) -> Callable[..., None]:
    _, *own = inspect.signature(work, eval_str=True).parameters.values()
    shared = {"data": Data, "database": Database, "config": Config}

    def run(ctx: typer.Context, **given: Any) -> None:  # noqa: ANN401 - each command has its own
        here = Where(**{name: given.pop(name) for name in shared})
        as_json = given.pop("as_json", False)
        before = ctx.find_root().obj
        call = Call(here.over(before) if before else here, as_json=as_json)
        raise typer.Exit(_run(work, call, given, as_json=as_json))

    places = [_place("ctx", typer.Context, Parameter.empty)]
    places += [place.replace(kind=Parameter.KEYWORD_ONLY) for place in own]
    if prints_data:
        places.append(_place("as_json", Json, default=False))
    places += [_place(name, kind, None) for name, kind in shared.items()]
    run.__doc__ = work.__doc__
    run.__signature__ = Signature(places)  # type: ignore[attr-defined] # what Typer reads
    return run


def _place(name: str, kind: Any, default: object) -> Parameter:  # noqa: ANN401 - a typing form
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _run(work: Work, call: Call, given: dict[str, Any], *, as_json: bool) -> int:
    try:
        outcome = work(call, **given)
        if inspect.isawaitable(outcome):
            import asyncio  # noqa: PLC0415 - `--help` must be quick

            outcome = asyncio.run(_wait(outcome))
        return _told(outcome, as_json=as_json)
    except (typer.TyperException, typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # `... | head -1` has what it wanted.
        hush()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody is shown a traceback
        failure = failure_of(error)
        show_failure(failure, as_json=as_json)
        return failure.exit_code


def _told(outcome: Outcome, *, as_json: bool) -> int:
    if isinstance(outcome, Refused):
        raise refused(outcome)
    if isinstance(outcome, int):
        return outcome
    show(outcome, as_json=as_json)
    return outcome.exit_code


async def _wait(outcome: Awaitable[Outcome]) -> Outcome:
    return await outcome
