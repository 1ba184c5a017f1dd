"""`watchword account invite`: ask somebody to make themselves an account."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer, iso, minute, visible
from watchword.cli.calls import OPERATOR, Call, command
from watchword.core.accounts.model import Role
from watchword.core.policy.refusals import Refused


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    examples = (
        "watchword account invite ada@example.org",
        "watchword account invite ada@example.org --role admin",
    )
    command(group, "invite", examples=examples)(invite)


async def invite(
    call: Call,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the letter goes.")],
    *,
    role: Annotated[
        Role, typer.Option("--role", help="What the account will be allowed.")
    ] = Role.USER,
) -> Answer | Refused:
    """Send somebody a letter by which they make themselves an account, once.

    It voids the last invitation to the same address.
    """
    async with call.house() as house:
        ticket = await house.services.invitations.invite(OPERATOR, address, role=role)
    if isinstance(ticket, Refused):
        return ticket
    document = {
        "address": ticket.address,
        "role": ticket.detail,
        "expires_at": iso(ticket.expires_at),
    }
    said = (
        f"Invited {visible(ticket.address)} ({role}), until {minute(ticket.expires_at)} UTC."
        " A running server sends the letter at once."
    )
    return Answer({"invitation": document}, said)
