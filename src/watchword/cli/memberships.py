"""`watchword group add` and `remove`: who is in a group, and as what."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer
from watchword.cli.calls import OPERATOR, Call, command
from watchword.cli.documents import group_document, member_document
from watchword.cli.groups import Name, refusal_of
from watchword.cli.lookups import group_named, named
from watchword.core.groups.model import MEMBER, Membership
from watchword.core.policy.refusals import Refused

Account = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="A user name, confirmed address or id.")
]


def add_to(group: typer.Typer) -> None:
    """Register the commands."""
    for name, work in (("add", add), ("remove", remove)):
        example = f"watchword group {name} Sales ada"
        command(group, name, examples=(example, f"{example} --role lead"))(work)


async def add(
    call: Call,
    name: Name,
    account: Account,
    *,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="As what; an account can have several.")
    ] = MEMBER,
) -> Answer | Refused:
    """Put an account into a group. Being there already, with this role, is as good."""
    async with call.house() as house:
        found = await group_named(house.services, name)
        who = await named(house.services, account)
        refused = await house.services.groups.put(OPERATOR, found, who.id, role=role)
    if refused:
        return refusal_of(refused, "The group or the account is gone since it was found.")
    member = Membership(group=found, account_id=who.id, role=role.strip())
    document = {"group": group_document(found), "member": member_document(member, who.name)}
    return Answer(document, f"{who.name} is in {found.name} as {member.role}.")


async def remove(
    call: Call,
    name: Name,
    account: Account,
    *,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Only this role; all of them by default."),
    ] = None,
) -> Answer | Refused:
    """Take an account out of a group, or one of its roles there."""
    async with call.house() as house:
        found = await group_named(house.services, name)
        who = await named(house.services, account)
        had = [
            one
            for one in await house.services.groups.of(who.id)
            if one.group.id == found.id and role in {None, one.role}
        ]
        refused = await house.services.groups.remove(OPERATOR, found, who.id, role=role)
    if refused:
        return refusal_of(refused, f"{who.name} is not in {found.name}, or not as that.")
    document = {
        "group": group_document(found),
        "removed": [member_document(one, who.name) for one in had],
    }
    roles = ", ".join(one.role for one in had)
    return Answer(document, f"{who.name} is not in {found.name} any more as {roles}.")
