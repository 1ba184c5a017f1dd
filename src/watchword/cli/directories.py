"""`watchword directory`: try directories, look for people there, and have them synchronised."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, Table, visible
from watchword.cli.calls import Call, command
from watchword.cli.directorywords import finding_row, person_row
from watchword.cli.documents import Document, finding_document, person_document
from watchword.cli.exits import ExitCode, Failure, usage
from watchword.cli.jobstart import Key, NoWait, Wish, fulfil
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.core.directory.model import Person
    from watchword.settings.model import Settings

FLOW = "directory.sync"
LIMIT_USUAL, LIMIT_MAX = 20, 100

COLUMNS = ("directory", "login", "name", "e-mail", "state", "groups that count", "DN")

NONE = (
    "The settings name no directory. Give one a table, [directories.NAME] with its urls and its"
    " domain: docs/operate/directory.md shows how."
)

group = typer.Typer(
    no_args_is_help=True,
    help="Try directories such as Active Directory, look for people there, synchronise them.",
)

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Which directory; all of them if left out.")
]
StopPercent = Annotated[
    int | None,
    typer.Option(
        "--stop-percent",
        metavar="N",
        min=0,
        max=100,
        help="So many of a hundred accounts may be closed, whatever the settings say.",
    ),
]


@command(group, "test", examples=("watchword directory test", "watchword directory test corp"))
async def try_out(call: Call, name: Name = None) -> Answer | Refused:
    """Try all that is needed of a directory, controller by controller, and tell what came of it.

    Exit 0 only if all is well. It needs no store, and changes nothing.
    """
    from watchword.app.checkup import examined_directory  # noqa: PLC0415 - `--help` is quick

    settings = call.settings()
    names = _names(settings, name)
    if isinstance(names, Refused):
        return names
    found = []
    with worded():
        for one in names:
            found += [(one, finding) for finding in await examined_directory(settings, one)]
    is_good = all(finding.is_good for _, finding in found)
    document: Document = {"ok": is_good, "findings": [finding_document(*one) for one in found]}
    table = Table(("", "directory", "step", "found"), [finding_row(*one) for one in found])
    return Answer(document, table, ExitCode.OK if is_good else ExitCode.REFUSED)


@command(
    group,
    "search",
    examples=("watchword directory search ada", "watchword directory search lovel --json"),
)
async def search(
    call: Call,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="How a login, a shown name or a last name begins.")
    ],
    *,
    directory: Annotated[
        str | None, typer.Option("--directory", metavar="NAME", help="Look in this one alone.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=LIMIT_MAX, help="How many at most, of each.")
    ] = LIMIT_USUAL,
) -> Answer | Refused:
    """Look for people of a directory, whether they have an account here or not."""
    names = _names(call.settings(), directory, must_look=True)
    if isinstance(names, Refused):
        return names
    async with call.house() as house:
        found: list[Person] = []
        for one in names:
            with worded(one):
                accounts = house.services.directory_accounts
                people = await accounts.search(one, text, limit=limit)
            found += people
    document: Document = {"people": [person_document(one) for one in found]}
    rows = [person_row(one) for one in found]
    more = f"there may be more: {limit} are shown of each directory. Say more of the name."
    warnings = (more,) if len(found) >= limit else ()
    return Answer(document, Table(COLUMNS, rows, empty="Nobody is called so."), warnings=warnings)


@command(
    group,
    "sync",
    examples=(
        "watchword directory sync --dry-run",
        "watchword directory sync corp",
        "watchword directory sync corp --stop-percent 25",
    ),
)
async def sync(
    call: Call,
    name: Name = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Look at everybody.")] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="Look only at what changed since the last time.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be done, and do nothing.")
    ] = False,
    stop_percent: StopPercent = None,
    key: Key = "",
    no_wait: NoWait = False,
) -> Answer | Refused | int:
    """Bring the accounts of a directory's people up to date; close those of people who left.

    It is a job: `watchword job start directory.sync` does the same. Everybody is looked at once
    a day, else what changed.
    """
    if full and changes:
        raise usage("--full and --changes are two ways to look. Give one of them.")
    names = _names(call.settings(), name, must_look=True)
    if isinstance(names, Refused):
        return names
    parameters: dict[str, object] = {
        "directory": name or "",
        "mode": "full" if full else "changes" if changes else "auto",
        "dry_run": dry_run,
        "stop_percent": stop_percent,
    }
    async with call.house() as house:
        wish = Wish(flow=FLOW, parameters=parameters, key=key, waits=not no_wait)
        return await fulfil(call, house, wish)


@command(
    group,
    "explain",
    examples=(
        "watchword directory explain ada",
        "watchword directory explain 'CORP\\ada'",
        "watchword directory explain ada --domain CORP --json",
    ),
)
async def explain(
    call: Call,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="As they log in: user, DOMAIN\\user or user@domain."),
    ],
    *,
    domain: Annotated[
        str, typer.Option("--domain", metavar="DOMAIN", help="The domain of a name without one.")
    ] = "",
) -> Answer | Refused:
    """Say who somebody is in a directory, what follows from it here, and why.

    Which groups they are in, whether they may come in and as what, which account is theirs, why
    they are refused, and what to do about it.
    """
    from watchword.cli.directoryexplain import explained  # noqa: PLC0415 - `--help` is quick

    settings = call.settings()
    names = _names(settings, None)
    if isinstance(names, Refused):
        return names
    async with call.house() as house:
        with worded(" or ".join(names)):
            accounts = house.services.directory_accounts
            found = await accounts.explain(user, domain=domain)
        if isinstance(found, Refused):
            return _about_user(found)
        return await explained(house.services, settings, found)


def _about_user(refused: Refused) -> Refused:
    if refused.reason is not Refusal.NOT_FOUND:
        return refused
    raise Failure(
        "not_found",
        "No directory shows such a user: there is none, or they are not below `base`, or"
        " `user_filter` leaves them out. `watchword directory search` looks for the beginning"
        " of a name.",
    )


def _names(
    settings: "Settings", name: str | None, *, must_look: bool = False
) -> list[str] | Refused:
    """Return the directories that are meant; with `must_look` those with a service account."""
    known = settings.directories
    if not known:
        raise Failure("no_directory", NONE)
    if name is not None and name not in known:
        there = ", ".join(known)
        return Refused(Refusal.DIRECTORY_UNKNOWN, detail=f"There are: {there}.")
    wanted = [name] if name is not None else list(known)
    if not must_look:
        return wanted
    return [one for one in wanted if known[one].bind_user] or Refused(Refusal.DIRECTORY_BLIND)


@contextmanager
def worded(name: str = "") -> Iterator[None]:
    """Say of a directory that cannot be asked which it is, and where to see more."""
    from watchword.observability.log import hushed  # noqa: PLC0415 - `--help` is quick

    try:
        with hushed():
            yield
    except InvalidError as error:
        raise Failure(error.code, visible(str(error)), more={"field": error.field}) from error
    except UnavailableError as error:
        message = (
            f"The directory {name} does not answer. `watchword directory test` says why."
            if name
            else str(error)
        )
        more = {"retry_after": error.retry_after}
        raise Failure(error.code, message, ExitCode.UNAVAILABLE, more=more) from error
