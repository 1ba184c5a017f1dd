"""`watchword signing-key`: see the keys that sign tokens, and change them."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer, Table, moment
from watchword.cli.calls import OPERATOR, Call, command
from watchword.cli.documents import key_document, key_state

group = typer.Typer(no_args_is_help=True, help="See the keys that sign tokens, and change them.")


@command(group, "list", examples=("watchword signing-key list",))
async def list_keys(call: Call) -> Answer:
    """List the keys that tokens are checked with, newest first. The first one signs."""
    async with call.house() as house:
        keys = await house.services.signing_keys.all()
    rows = [
        (one.id, one.algorithm, key_state(one), moment(one.created_at), moment(one.retired_at))
        for one in keys
    ]
    columns = ("id", "algorithm", "state", "created (UTC)", "retired (UTC)")
    empty = "There is no signing key yet; the server makes one when it starts."
    return Answer(
        {"signing_keys": [key_document(one) for one in keys]}, Table(columns, rows, empty)
    )


@command(
    group,
    "rotate",
    examples=("watchword signing-key rotate", "watchword signing-key rotate --distrust-old"),
)
async def rotate(
    call: Call,
    *,
    distrust_old: Annotated[
        bool,
        typer.Option(
            "--distrust-old", help="A key has leaked: every token made before is void at once."
        ),
    ] = False,
) -> Answer:
    """Sign with a new key from now on. Older tokens stay good to their own end."""
    async with call.house() as house:
        key = await house.services.signing_keys.rotate(OPERATOR, distrust=distrust_old)
    older = "Every older token is void." if distrust_old else "Older tokens stay good to their end."
    return Answer(
        {"signing_key": key_document(key)}, f"Tokens are signed with {key.id} now. {older}"
    )
