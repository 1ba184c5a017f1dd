"""`watchword session`: see who is logged in, and end it."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, Table, minute
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import session_document
from watchword.cli.exits import Failure, usage
from watchword.cli.lookups import Names, every, named
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refused
from watchword.core.sessions.model import Session, session_label

if TYPE_CHECKING:
    from watchword.core.services import Services

LABEL_LENGTH_MIN = 4
"""Less than this names a session by accident."""

COLUMNS = (
    *("label", "account", "dialect", "kind", "client", "address"),
    *("begun (UTC)", "last used (UTC)", "ends (UTC)"),
)

group = typer.Typer(no_args_is_help=True, help="See who is logged in, and end it.")


@command(group, "list", examples=("watchword session list", "watchword session list ada --json"))
async def list_sessions(
    call: Call,
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="Only this account's.")
    ] = None,
    *,
    limit: Limit = PAGE_MAX,
    after: After = None,
) -> Answer:
    """List live sessions, newest first.

    The label names a session here and in the audit trail; it opens nothing.
    """
    async with call.house() as house:
        services = house.services
        page = await _page(services, account, after=after, limit=limit)
        names = Names(services.accounts)
        sessions = [(one, await names.of(one.account_id)) for one in page.items]
    rows = [_row(one, name) for one, name in sessions]
    document = {"sessions": [session_document(*one) for one in sessions], "next": page.next}
    return Answer(document, Table(COLUMNS, rows, empty="Nobody is logged in.", next=page.next))


@command(
    group,
    "end",
    examples=("watchword session end 3f9a1c", "watchword session end --account ada"),
)
async def end(
    call: Call,
    label: Annotated[
        str | None,
        typer.Argument(metavar="[LABEL]", help="From the list; its beginning is enough."),
    ] = None,
    *,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="End all of this account's.")
    ] = None,
) -> Answer | Refused:
    """End one session, or all of an account. Their tokens are dead at once."""
    if (label is None) == (account is None):
        raise usage("Say which session: give either a label or --account NAME.")
    if label is not None and len(label) < LABEL_LENGTH_MIN:
        raise usage(f"Give {LABEL_LENGTH_MIN} characters of the label or more.")
    async with call.house() as house:
        if account is not None:
            return await _end_all(house.services, account)
        return await _end_one(house.services, str(label))


def _row(session: Session, name: str) -> tuple[str, ...]:
    whose = session_label(session.id), name, session.dialect, str(session.kind)
    where = session.client, session.address
    times = session.created_at, session.last_used_at, session.expires_at
    return (*whose, *where, *map(minute, times))


async def _page(
    services: "Services", account: str | None, *, after: str | None, limit: int
) -> Page[Session]:
    if account is None:
        return await services.sessions.page(after=after, limit=limit)
    if after is not None:
        raise usage("The sessions of one account come all at once: leave --after away.")
    found = await named(services, account)
    return Page((await services.sessions.of(found.id))[:limit])


async def _end_all(services: "Services", name: str) -> Answer | Refused:
    account = await named(services, name)
    live = await services.sessions.of(account.id)
    if refused := await services.sessions.end_all_of(OPERATOR, account.id):
        return refused
    ended = [session_document(one, account.name) for one in live]
    return Answer({"ended": ended}, f"Ended the sessions of {account.name}: {len(ended)}.")


async def _end_one(services: "Services", label: str) -> Answer | Refused:
    session = await _labelled(services, label.lower())
    name = await Names(services.accounts).of(session.account_id)
    if refused := await services.sessions.end(OPERATOR, session.id):
        return refused
    said = f"Ended session {session_label(session.id)} of {name}."
    return Answer({"ended": [session_document(session, name)]}, said)


async def _labelled(services: "Services", label: str) -> Session:
    async def page(after: str | None) -> Page[Session]:
        return await services.sessions.page(after=after)

    found: list[Session] = []
    async for one in every(page):
        if session_label(one.id).startswith(label):
            found.append(one)
            if label == session_label(one.id):
                break  # It is the whole label: there is no other, and there may be millions.
    if not found:
        raise Failure(
            "not_found", "No live session has this label. `watchword session list` shows them."
        )
    if len(found) > 1:
        raise Failure("ambiguous", f"{len(found)} labels begin like this. Give more of it.")
    return found[0]
