"""`watchword audit`: read what happened."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from watchword.cli.answers import Answer, Table, moment
from watchword.cli.calls import After, Call, Limit, command
from watchword.cli.documents import event_document
from watchword.cli.exits import refused
from watchword.cli.lookups import Names
from watchword.core.audit.model import Action, Event
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.core.services import Services

LIMIT_USUAL = 50

group = typer.Typer(no_args_is_help=True, help="Read what happened.")


@command(
    group,
    "list",
    examples=(
        "watchword audit list --account ada",
        "watchword audit list --action session.signin.refused --limit 20",
    ),
)
async def list_events(
    call: Call,
    *,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="NAME",
            help="Only what befell this account; also the id of a deleted one.",
        ),
    ] = None,
    action: Annotated[
        Action | None,
        typer.Option("--action", metavar="ACTION", help="Only this kind, such as account.delete."),
    ] = None,
    limit: Limit = LIMIT_USUAL,
    after: After = None,
) -> Answer:
    """List audit events, newest first.

    The actor is an account, `operator` for this command line, or nothing for a stranger.
    A name that nobody has stands there as a digest.
    """
    async with call.house() as house:
        services = house.services
        subject = await _subject(services, account) if account is not None else None
        page = await services.audit.page(subject=subject, action=action, after=after, limit=limit)
        names = Names(services.accounts)
        rows = [await _row(one, names) for one in page.items]
    columns = ("at (UTC)", "action", "subject", "actor", "address", "dialect", "detail")
    document = {"events": [event_document(one) for one in page.items], "next": page.next}
    return Answer(document, Table(columns, rows, empty="No such event.", next=page.next))


async def _row(event: Event, names: Names) -> tuple[str, ...]:
    who = await names.of(event.subject), await names.of(event.actor)
    return moment(event.at), event.action, *who, event.address, event.dialect, event.detail


async def _subject(services: "Services", name: str) -> str:
    if found := await services.accounts.find(name):
        return found.id
    try:
        # Events outlive their account, and are found by its id.
        return str(UUID(name))
    except ValueError:
        raise refused(Refused(Refusal.NOT_FOUND)) from None
