"""`watchword mail`: look at letters, send one again, and try whether letters arrive."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, Table, minute, moment, visible, visible_lines
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import Document, letter_document
from watchword.cli.exits import Failure, usage
from watchword.cli.lookups import every, granted
from watchword.core.kernel.page import Page
from watchword.core.outbox.model import Entry, Standing
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.core.services.mailbox import Mailbox, ShownLetter

ID_LENGTH_MIN = 4
"""Less than this names a letter by accident."""

ID_LENGTH_SHOWN = 8
LIMIT_USUAL = 50
LATEST = "latest"
"""Names the newest letter. No id begins so."""

COLUMNS = (
    *("id", "kind", "to", "written (UTC)"),
    *("standing", "next try (UTC)", "what the mail server said"),
)

group = typer.Typer(
    no_args_is_help=True,
    help="Look at letters, send one again, and try whether letters arrive.",
)

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help=f"From the list; its beginning is enough. {LATEST}: the newest."
    ),
]


@command(
    group,
    "list",
    examples=("watchword mail list", "watchword mail list --standing refused --json"),
)
async def list_letters(
    call: Call,
    *,
    standing: Annotated[
        Standing | None,
        typer.Option("--standing", metavar="STANDING", help=f"Only {', '.join(Standing)} ones."),
    ] = None,
    limit: Limit = LIMIT_USUAL,
    after: After = None,
) -> Answer:
    """List letters, newest first, for as long as they are kept. Their words are not shown."""
    async with call.house() as house:
        mailbox = house.services.mailbox
        page = granted(await mailbox.page(OPERATOR, standing=standing, after=after, limit=limit))
    rows = [_row(one) for one in page.items]
    document = {"letters": [letter_document(one) for one in page.items], "next": page.next}
    empty = f"There are no {standing} letters." if standing else "There are no letters."
    return Answer(document, Table(COLUMNS, rows, empty=empty, next=page.next))


@command(
    group,
    "show",
    examples=("watchword mail show latest", "watchword mail show 3f9a1c2e --html > letter.html"),
)
async def show(
    call: Call,
    letter: Id,
    *,
    html: Annotated[
        bool, typer.Option("--html", help="Print its HTML and nothing else; for a browser.")
    ] = False,
) -> Answer | Refused:
    """Show one letter as its reader sees it, with its link and its code.

    Whoever has these can use them. Of a letter that a mail server took, no text is kept.
    """
    async with call.house() as house:
        mailbox = house.services.mailbox
        found = await _letter(mailbox, letter)
        shown = await mailbox.show(OPERATOR, found.id)
    if isinstance(shown, Refused):
        return _refused(shown)
    if html and shown.worded is None:
        raise Failure("not_kept", _wordless(shown.entry))
    text = _markup(shown) if html else _page(shown)
    return Answer({"letter": _whole(shown)}, text)


@command(
    group,
    "retry",
    examples=("watchword mail retry 3f9a1c2e", "watchword mail retry --refused"),
)
async def retry(
    call: Call,
    letter: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help=f"From the list, its beginning, or {LATEST}."),
    ] = None,
    *,
    refused: Annotated[
        bool, typer.Option("--refused", help="Every letter that was refused.")
    ] = False,
) -> Answer | Refused:
    """Let a letter that was not sent wait again, from now on; or all that were refused.

    The running server sends it. One that a mail server took is never sent again.
    """
    if (letter is None) != refused:
        raise usage("Say which letter: give either an id or --refused.")
    async with call.house() as house:
        mailbox = house.services.mailbox
        if letter is not None:
            return await _retry_one(mailbox, await _letter(mailbox, letter))
        return await _retry_all(mailbox)


async def _retry_one(mailbox: "Mailbox", entry: Entry) -> Answer | Refused:
    if entry.standing is Standing.SENT:
        raise Failure("sent", "This letter was sent already, and none is sent twice.")
    if not entry.sealed:
        raise Failure("not_kept", _wordless(entry))
    if refused := await mailbox.retry(OPERATOR, entry.id):
        return _refused(refused)
    said = f"The letter to {visible(entry.to)} waits again. A running server sends it at once."
    return Answer({"retried": [letter_document(entry)]}, said)


async def _retry_all(mailbox: "Mailbox") -> Answer | Refused:
    async def page(after: str | None) -> Page[Entry]:
        return granted(await mailbox.page(OPERATOR, standing=Standing.REFUSED, after=after))

    retried: list[Document] = []
    async for entry in every(page):
        refused = await mailbox.retry(OPERATOR, entry.id)
        if refused and refused.reason is not Refusal.NOT_FOUND:
            return refused
        # Gone since it was listed, or without its text: then there is nothing to send.
        retried += [] if refused else [letter_document(entry)]
    return Answer({"retried": retried}, f"Letters that wait again: {len(retried)}.")


async def _letter(mailbox: "Mailbox", name: str) -> Entry:
    """Return the letter that somebody named. Raises Failure if there is none, or another."""
    if name == LATEST:
        found = list(granted(await mailbox.page(OPERATOR, limit=1)).items)
    else:
        found = await _beginning(mailbox, name)
    if not found:
        raise _missing()
    if len(found) > 1:
        raise Failure("ambiguous", f"{len(found)} ids begin like this. Give more of it.")
    return found[0]


async def _beginning(mailbox: "Mailbox", name: str) -> list[Entry]:
    if len(name) < ID_LENGTH_MIN:
        raise usage(f"Give {ID_LENGTH_MIN} characters of the id or more.")

    async def page(after: str | None) -> Page[Entry]:
        return granted(await mailbox.page(OPERATOR, after=after))

    return [one async for one in every(page) if one.id.startswith(name.lower())]


def _missing() -> Failure:
    return Failure("not_found", "There is no such letter. `watchword mail list` shows them.")


def _refused(refused: Refused) -> Refused:
    """Return a refusal that is about the letter, which may have gone since it was found."""
    if refused.reason is Refusal.NOT_FOUND:
        raise _missing()
    return refused


def _row(entry: Entry) -> tuple[str, ...]:
    waits = entry.standing is Standing.WAITING
    return (
        entry.id[:ID_LENGTH_SHOWN],
        entry.kind,
        entry.to,
        minute(entry.created_at),
        entry.standing,
        minute(entry.next_at) if waits else "",
        entry.reason,
    )


def _whole(shown: "ShownLetter") -> Document:
    words = shown.worded
    return letter_document(shown.entry) | {
        "subject": words.subject if words else None,
        "text": words.text if words else None,
        "html": words.html if words else None,
    }


def _page(shown: "ShownLetter") -> str:
    """Return a letter as a page for people: what is known of it, and then what it says."""
    entry, words = shown.entry, shown.worded
    waits = entry.standing is Standing.WAITING
    heads = {
        "To": entry.to,
        "Subject": words.subject if words else "",
        "Kind": entry.kind,
        "Id": entry.id,
        "Written": f"{moment(entry.created_at)} UTC",
        "Standing": entry.standing,
        "Settled": f"{moment(entry.settled_at)} UTC" if entry.settled_at else "",
        "Next try": f"{moment(entry.next_at)} UTC" if waits else "",
        "Turned down": f"{entry.tries} times" if entry.tries else "",
        "Server said": entry.reason,
    }
    lines = [f"{name + ':':<13}{visible(value)}" for name, value in heads.items() if value]
    text = visible_lines(words.text).strip("\n") if words else _wordless(entry)
    return "\n".join((*lines, "", text))


def _markup(shown: "ShownLetter") -> str:
    """Return the HTML, in which what could steer a terminal stands as a reference."""
    assert shown.worded is not None
    return "".join(
        char if char.isprintable() or char == "\n" else f"&#{ord(char)};"
        for char in shown.worded.html.strip("\n")
    )


def _wordless(entry: Entry) -> str:
    """Say why the words of a letter cannot be shown."""
    if entry.sealed:
        return (
            "The text cannot be read: it was sealed under a master key that is not here."
            " Put that key back, or let whoever waits for the letter ask for another one."
        )
    if entry.standing is Standing.STALE:
        return (
            "The text is not kept any more: before the letter could be sent, what it offers had"
            " ended. Whoever waits for it asks for another one."
        )
    return "The text is not kept any more: the letter was sent, and that ends our copy."
