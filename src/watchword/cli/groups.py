"""`watchword group`: make groups, look at them, change and delete them."""

from dataclasses import dataclass
from typing import Annotated

import typer

from watchword.cli import typing_in
from watchword.cli.answers import Answer, Table, moment
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import group_document, member_document
from watchword.cli.exits import Failure, usage
from watchword.cli.lookups import Names, granted, group_named
from watchword.core.groups.model import Group
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.policy.refusals import Refusal, Refused

DAYS_MAX = 3650
HISTORY_MAX = 24
"""As `passwords.expire_after_days` and `passwords.history` in the settings."""

INHERIT = "inherit"

group = typer.Typer(
    no_args_is_help=True,
    help="Make groups, put accounts into them, and say what holds for their members.",
)

Name = Annotated[str, typer.Argument(metavar="GROUP", help="The name or id of a group.")]

NewName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What it is called from now on.")
]
NewDays = Annotated[
    str | None,
    typer.Option(
        "--password-days",
        metavar="N",
        help=f"0 to {DAYS_MAX} days, 0: never; {INHERIT}: as the settings say.",
    ),
]
NewHistory = Annotated[
    str | None,
    typer.Option(
        "--password-history",
        metavar="N",
        help=f"0 to {HISTORY_MAX} passwords; {INHERIT}: as the settings say.",
    ),
]


@dataclass(frozen=True, slots=True)
class Bound:
    """A number of a group's password policy, as it is typed for a change."""

    option: str
    most: int

    def read(self, text: str | None, now: int | None) -> int | None:
        """Return what it shall be; what was not said stays. Raises Failure."""
        if text is None:
            return now
        if text == INHERIT:
            return None
        if not (text.isascii() and text.isdigit() and int(text) <= self.most):
            raise usage(f"{self.option} takes a number from 0 to {self.most}, or {INHERIT}.")
        return int(text)


DAYS = Bound("--password-days", DAYS_MAX)
HISTORY = Bound("--password-history", HISTORY_MAX)


@command(
    group,
    "create",
    examples=("watchword group create Sales", "watchword group create Admins --password-days 90"),
)
async def create(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the group is called.")],
    *,
    password_days: Annotated[
        int | None,
        typer.Option(
            "--password-days",
            metavar="N",
            min=0,
            max=DAYS_MAX,
            help="Members' passwords expire after so many days; 0: never.",
        ),
    ] = None,
    password_history: Annotated[
        int | None,
        typer.Option(
            "--password-history",
            metavar="N",
            min=0,
            max=HISTORY_MAX,
            help="So many passwords, the current one too, cannot be had again.",
        ),
    ] = None,
) -> Answer | Refused:
    """Make a group. What it does not say of passwords, the settings say."""
    from watchword.core.services.groups import GroupChange  # noqa: PLC0415 - `--help` must be quick

    wish = GroupChange(name=name, password_days=password_days, password_history=password_history)
    async with call.house() as house:
        made = await house.services.groups.make(OPERATOR, wish)
    return made if isinstance(made, Refused) else _told(made, f"Made group {made.name}.")


@command(group, "list", examples=("watchword group list",))
async def list_groups(call: Call, *, limit: Limit = PAGE_MAX, after: After = None) -> Answer:
    """List groups, oldest first."""
    async with call.house() as house:
        page = granted(await house.services.groups.page(OPERATOR, after=after, limit=limit))
    rows = [
        (one.name, _days(one), _history(one), moment(one.created_at), one.id) for one in page.items
    ]
    columns = ("name", "password days", "password history", "created (UTC)", "id")
    document = {"groups": [group_document(one) for one in page.items], "next": page.next}
    return Answer(document, Table(columns, rows, empty="There are no groups.", next=page.next))


@command(group, "show", examples=("watchword group show Sales",))
async def show(call: Call, name: Name, *, limit: Limit = PAGE_MAX, after: After = None) -> Answer:
    """Show a group, and who is in it as what."""
    async with call.house() as house:
        services = house.services
        found = await group_named(services, name)
        page = granted(await services.groups.members(OPERATOR, found, after=after, limit=limit))
        names = Names(services.accounts)
        members = [(one, await names.of(one.account_id)) for one in page.items]
    document = group_document(found)
    document["members"] = [member_document(*one) for one in members]
    rows = [
        ("name", found.name),
        ("id", found.id),
        ("created (UTC)", moment(found.created_at)),
        ("password days", _days(found)),
        ("password history", _history(found)),
        *(("member", f"{name} ({one.role})") for one, name in members),
    ]
    table = Table(("field", "value"), rows, next=page.next)
    return Answer({"group": document, "next": page.next}, table)


@command(
    group,
    "change",
    examples=(
        "watchword group change Sales --name Trade",
        "watchword group change Sales --password-days 0 --password-history inherit",
    ),
)
async def change(
    call: Call,
    group_name: Name,
    *,
    name: NewName = None,
    password_days: NewDays = None,
    password_history: NewHistory = None,
) -> Answer | Refused:
    """Change a group's name, or what it says of its members' passwords. The rest stays."""
    from watchword.core.services.groups import GroupChange  # noqa: PLC0415 - `--help` must be quick

    if name is None and password_days is None and password_history is None:
        raise usage("Say what to change: --name, --password-days or --password-history.")
    # A wrong number is refused before anything is opened.
    for bound, text in ((DAYS, password_days), (HISTORY, password_history)):
        bound.read(text, None)
    async with call.house() as house:
        before = await group_named(house.services, group_name)
        changed = await house.services.groups.change(
            OPERATOR,
            before,
            GroupChange(
                name=before.name if name is None else name,
                password_days=DAYS.read(password_days, before.password_days),
                password_history=HISTORY.read(password_history, before.password_history),
            ),
        )
    if isinstance(changed, Refused):
        return refusal_of(changed, "There is no such group any more.")
    return _told(changed, f"Changed group {changed.name}.")


@command(
    group,
    "delete",
    examples=("watchword group delete Sales", "watchword group delete Sales --yes"),
)
async def delete(
    call: Call,
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Answer | Refused:
    """Delete a group. Its members stay, as accounts."""
    if not yes:
        typing_in.require_terminal()
    async with call.house() as house:
        found = await group_named(house.services, name)
        if not yes and not typing_in.agrees(f"Delete the group {found.name} for good?"):
            raise Failure("not_confirmed", "Nothing was deleted.")
        refused = await house.services.groups.delete(OPERATOR, found)
    if refused:
        return refusal_of(refused, "There is no such group any more.")
    return _told(found, f"Deleted group {found.name}.")


def _told(group: Group, text: str) -> Answer:
    return Answer({"group": group_document(group)}, text)


def refusal_of(refused: Refused, missing: str) -> Refused:
    """Return a refusal; what is not found here is no account, so it is said in other words."""
    if refused.reason is Refusal.NOT_FOUND:
        raise Failure("not_found", missing)
    return refused


def _days(group: Group) -> str:
    return "never expire" if group.password_days == 0 else _number(group.password_days)


def _history(group: Group) -> str:
    return _number(group.password_history)


def _number(number: int | None) -> str:
    return INHERIT if number is None else str(number)
