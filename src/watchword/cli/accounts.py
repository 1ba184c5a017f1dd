"""`watchword account`: make accounts, look at them, change and delete them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli import typing_in
from watchword.cli.answers import Answer, Table, iso, moment
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import account_document, membership_document
from watchword.cli.exits import Failure
from watchword.cli.lookups import every, granted, named
from watchword.core.accounts.model import Account, Role
from watchword.core.apikeys.model import ApiKey
from watchword.core.audit.model import Action
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.policy.refusals import Refused

if TYPE_CHECKING:
    from watchword.core.services import Services

PASSWORD_LENGTH_MIN = 8
"""Ours where the preset is `documented`: no page documents a number for the command line."""

NO_ADMIN_LEFT = (
    "no enabled admin is left, so nobody can administer accounts over the network."
    " `watchword account role NAME admin` makes one."
)

group = typer.Typer(
    no_args_is_help=True, help="Make accounts, look at them, change and delete them."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A user name, confirmed address or id.")]
Force = Annotated[bool, typer.Option("--force", help="Do it even to the last enabled admin.")]
Prefix = Annotated[
    str | None,
    typer.Option(
        "--prefix",
        help="Only accounts whose name or confirmed address begins so, whatever the case.",
    ),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from one line of stdin.")
]


@command(
    group,
    "create",
    examples=(
        "watchword account create ada --role admin",
        "watchword account create ada --password-stdin < file",
    ),
)
async def create(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")],
    *,
    role: Annotated[Role, typer.Option("--role", help="What the account may do.")] = Role.USER,
    email: Annotated[
        str, typer.Option("--email", help="Counts as confirmed: you vouch for it.")
    ] = "",
    first_name: Annotated[str, typer.Option("--first-name", help="For people who look.")] = "",
    last_name: Annotated[str, typer.Option("--last-name", help="For people who look.")] = "",
    password_stdin: FromStdin = False,
) -> Answer | Refused:
    """Make an account.

    The password is asked for twice, or read from standard input; it is never an argument.
    """
    from watchword.core.services.signup import Wish  # noqa: PLC0415 - `--help` must be quick

    wish = Wish(
        name=name,
        password=typing_in.new_password(from_stdin=password_stdin),
        role=role,
        email=email,
        email_confirmed=True,
        first_name=first_name,
        last_name=last_name,
        password_min=PASSWORD_LENGTH_MIN,
    )
    new_store = call.missing_store()
    async with call.house(may_make=True) as house:
        made = await house.services.signup.create(OPERATOR, wish)
    if isinstance(made, Refused):
        return made
    warnings = (f"there was no store, so a new one is at {new_store} now",) if new_store else ()
    return _told(made, f"Made {made.name} ({made.role}).", warnings)


@command(
    group,
    "list",
    examples=("watchword account list --limit 20", "watchword account list --prefix ada"),
)
async def list_accounts(
    call: Call, *, prefix: Prefix = None, limit: Limit = PAGE_MAX, after: After = None
) -> Answer:
    """List accounts, oldest first; those whose names begin alike, in the order of the names."""
    async with call.house() as house:
        page = granted(
            await house.services.accounts.page(OPERATOR, prefix=prefix, after=after, limit=limit)
        )
    rows = [
        (one.name, one.role, one.state, one.email or "", moment(one.created_at), one.id)
        for one in page.items
    ]
    columns = ("name", "role", "state", "e-mail", "created (UTC)", "id")
    document = {"accounts": [account_document(one) for one in page.items], "next": page.next}
    return Answer(document, Table(columns, rows, empty="There are no accounts.", next=page.next))


@command(group, "count", examples=("watchword account count",))
async def count(call: Call) -> Answer:
    """Say how many accounts there are."""
    async with call.house() as house:
        number = await house.services.accounts.count(OPERATOR)
    assert not isinstance(number, Refused), "the operator is never refused"
    return Answer({"accounts": number}, str(number))


@command(group, "show", examples=("watchword account show ada",))
async def show(call: Call, name: Name) -> Answer:
    """Show one account: its groups, its live sessions and keys, and when it logged in last."""
    async with call.house() as house:
        account = await named(house.services, name)
        sessions = await house.services.sessions.of(account.id)
        keys = await _keys_of(house.services, account, house.clock.now())
        groups = await house.services.groups.of(account.id)
        signins = await house.services.audit.page(
            subject=account.id, action=Action.SESSION_SIGNIN_OK, limit=1
        )
    last = signins.items[0].at if signins.items else None
    counts = {"live_sessions": len(sessions), "live_api_keys": keys, "last_signin_at": iso(last)}
    document = account_document(account) | counts
    rows = [(key, "" if value is None else str(value)) for key, value in document.items()]
    rows += [("group", f"{one.group.name} ({one.role})") for one in groups]
    document["groups"] = [membership_document(one) for one in groups]
    return Answer({"account": document}, Table(("field", "value"), rows))


@command(group, "disable", examples=("watchword account disable ada",))
async def disable(call: Call, name: Name, *, force: Force = False) -> Answer | Refused:
    """Close an account and end its sessions. It keeps its data and can be enabled again."""
    return await _change(
        call, name, "is disabled, its sessions have ended", active=False, force=force
    )


@command(group, "enable", examples=("watchword account enable ada",))
async def enable(call: Call, name: Name) -> Answer | Refused:
    """Open a disabled account again."""
    return await _change(call, name, "is enabled", active=True)


@command(group, "role", examples=("watchword account role ada admin",))
async def role(
    call: Call,
    name: Name,
    new: Annotated[Role, typer.Argument(metavar="ROLE", help="admin or user.")],
    *,
    force: Force = False,
) -> Answer | Refused:
    """Change what an account may do. Tokens that exist carry the new role at once."""
    return await _change(call, name, f"has the role {new}", role=new, force=force)


@command(group, "unlock", examples=("watchword account unlock ada",))
async def unlock(call: Call, name: Name) -> Answer | Refused:
    """End the waits that failed log-ins brought upon an account."""
    async with call.house() as house:
        account = await named(house.services, name)
        refused = await house.services.accounts.unlock(OPERATOR, account.id)
    return refused or _told(account, f"{account.name} may try to log in again, from everywhere.")


@command(group, "passwd", examples=("watchword account passwd ada",))
async def passwd(call: Call, name: Name, *, password_stdin: FromStdin = False) -> Answer | Refused:
    """Set a new password. All sessions of the account end, and so do its waits."""
    async with call.house() as house:
        account = await named(house.services, name)
        new = typing_in.new_password(from_stdin=password_stdin)
        refused = await house.services.passwords.reset(
            OPERATOR, account.id, new=new, documented=PASSWORD_LENGTH_MIN
        )
    return refused or _told(
        account, f"{account.name} has a new password. All its sessions have ended."
    )


@command(
    group,
    "delete",
    examples=("watchword account delete ada", "watchword account delete ada --yes"),
)
async def delete(
    call: Call,
    name: Name,
    *,
    force: Force = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Answer | Refused:
    """Delete an account with everything that belongs to it. Its audit events stay."""
    if not yes:
        typing_in.require_terminal()
    async with call.house() as house:
        account = await named(house.services, name)
        if not yes and not typing_in.agrees(f"Delete {account.name} for good?"):
            raise Failure("not_confirmed", "Nothing was deleted.")
        refused = await house.services.accounts.delete(OPERATOR, account.id, force=force)
        warnings = await _warnings(house.services, account)
    return refused or _told(account, f"Deleted {account.name}.", warnings)


async def _keys_of(services: "Services", account: Account, now: datetime) -> int:
    async def page(after: str | None) -> Page[ApiKey]:
        keys = services.api_keys
        return granted(await keys.page(OPERATOR, account_id=account.id, after=after))

    return len([one async for one in every(page) if one.works(now)])


async def _change(
    call: Call,
    name: str,
    done: str,
    *,
    role: Role | None = None,
    active: bool | None = None,
    force: bool = False,
) -> Answer | Refused:
    async with call.house() as house:
        before = await named(house.services, name)
        account = await house.services.accounts.change(
            OPERATOR, before.id, role=role, active=active, force=force
        )
        if isinstance(account, Refused):
            return account
        warnings = await _warnings(house.services, before)
    return _told(account, f"{account.name} {done}.", warnings)


async def _warnings(services: "Services", before: Account) -> tuple[str, ...]:
    """Say what it means if the last enabled admin is one no more."""
    if not before.keeps_the_house or await services.accounts.has_admin():
        return ()
    return (NO_ADMIN_LEFT,)


def _told(account: Account, text: str, warnings: tuple[str, ...] = ()) -> Answer:
    return Answer({"account": account_document(account)}, text, warnings=warnings)
