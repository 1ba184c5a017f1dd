"""`watchword account invite`: ask somebody to make themselves an account."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer, iso, minute, visible
from watchword.cli.calls import OPERATOR, Call, command
from watchword.core.accounts.model import Role
from watchword.core.policy.refusals import Refused

NO_LINK = (
    "public_url is not set, so the letter has no link, and its code is good for ten minutes only"
)


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
    from watchword.app.links import base_of_links  # noqa: PLC0415 - `--help` must be quick

    async with call.house() as house:
        ticket = await house.services.invitations.invite(OPERATOR, address, role=role)
        has_link = bool(base_of_links(house.settings))
    if isinstance(ticket, Refused):
        return ticket
    end = ticket.expires_at if has_link else ticket.code_expires_at
    document = {"address": ticket.address, "role": ticket.detail, "expires_at": iso(end)}
    said = (
        f"Invited {visible(ticket.address)} ({role}), until {minute(end)} UTC."
        " A running server sends the letter at once."
    )
    return Answer({"invitation": document}, said, warnings=() if has_link else (NO_LINK,))
