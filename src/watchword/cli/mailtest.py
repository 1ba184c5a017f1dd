"""`watchword mail test`: send a letter now, and tell what came of it."""

from typing import Annotated

import typer

from watchword.cli.answers import Answer, visible
from watchword.cli.calls import OPERATOR, Call, command
from watchword.cli.exits import ExitCode, Failure
from watchword.cli.postings import SENT, advice_for
from watchword.core.policy.refusals import Refused
from watchword.core.ports import Outcome, Posting

HEADS = {
    Outcome.ACCEPTED: "{server} took the letter to {to}.",
    Outcome.DEFERRED: "{server} did not take the letter to {to} this time.",
    Outcome.REFUSED: "{server} will not take a letter to {to}.",
    Outcome.UNREACHABLE: "{server} did not get as far as the letter to {to}.",
}


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    command(group, "test", examples=("watchword mail test you@example.org",))(test)


async def test(
    call: Call,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the letter goes.")],
) -> Answer | Refused:
    """Send a letter that says nothing, now and from here, and tell what came of it.

    Exit 0 only if the mail server took it.
    """
    mail = call.settings().mail
    if not mail.smtp_host:
        raise Failure(
            "no_mail_server",
            "There is no mail server: mail.smtp_host is not set, so letters stay here."
            " `watchword mail list` shows them.",
        )
    async with call.house() as house:
        posting = await house.services.mailbox.test(OPERATOR, address)
    if isinstance(posting, Refused):
        return posting
    return _told(posting, f"{mail.smtp_host} port {mail.port}", address)


def _told(posting: Posting, server: str, to: str) -> Answer:
    is_sent = posting.outcome is Outcome.ACCEPTED
    document = {
        "to": to,
        "server": server,
        "outcome": str(posting.outcome),
        "reason": posting.reason,
    }
    lines = [HEADS[posting.outcome].format(server=server, to=visible(to))]
    lines += [f"Reason: {visible(posting.reason)}"] if posting.reason and not is_sent else []
    lines.append(SENT if is_sent else advice_for(posting))
    code = ExitCode.OK if is_sent else ExitCode.REFUSED
    return Answer({"test": document}, "\n".join(lines), code)
