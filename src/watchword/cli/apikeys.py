"""`watchword apikey`: make API keys, look at them, replace them, and end them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, Table, minute
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import Document, api_key_document, scope_names
from watchword.cli.exits import Failure, usage
from watchword.cli.lookups import Names, api_key_by, granted, named, no_key
from watchword.cli.spans import moment_of, read_end, read_span
from watchword.core.apikeys.model import EVERYDAY, ApiKey, Scope, looks_like_key
from watchword.core.kernel.page import PAGE_MAX
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.core.kernel.clock import Clock
    from watchword.core.services import Services
    from watchword.core.services.apikeys import ShownKey

ID_LENGTH_MIN = 4
"""Less than this names a key by accident."""

ID_LENGTH_SHOWN = 8
PER_MINUTE_MAX = 100_000
COLUMNS = (
    *("id", "account", "name", "hint", "scopes"),
    *("created (UTC)", "last used (UTC)", "expires (UTC)", "rate"),
)
SHOWN_ONCE = "The command line never shows the key again; whoever has it can use it:"

group = typer.Typer(
    no_args_is_help=True, help="Make API keys, look at them, replace them, and end them."
)


Owner = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="A user name, confirmed address or id.")
]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for.")]
Scopes = Annotated[
    list[Scope] | None,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help=f"What it may be used for: {', '.join(Scope)}. May be given more than once;"
        f" {', '.join(EVERYDAY)} by default.",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="WHEN",
        help="30d, 12h, or a day such as 2027-01-31, when it begins in UTC. Never by default.",
    ),
]
PerMinute = Annotated[
    int | None,
    typer.Option(
        "--per-minute",
        metavar="N",
        min=0,
        max=PER_MINUTE_MAX,
        help="How often it may be used; 0 is no limit. By default what the settings say.",
    ),
]


@command(
    group,
    "create",
    examples=(
        "watchword apikey create ada --name nightly-report",
        "watchword apikey create ada --name sync --scope accounts:read --expires 90d",
    ),
)
async def create(
    call: Call,
    account: Owner,
    *,
    name: Name,
    scope: Scopes = None,
    expires: Expires = None,
    per_minute: PerMinute = None,
) -> Answer | Refused:
    """Make an API key for an account, and print it this once.

    The key stands alone on standard output, and what it may do on standard error.
    """
    from watchword.core.services.apikeys import KeyWish  # noqa: PLC0415 - `--help` must be quick

    end = read_end("--expires", expires) if expires is not None else None
    async with call.house() as house:
        owner, now = await named(house.services, account), house.clock.now()
        wish = KeyWish(
            name=name,
            scopes=frozenset(scope or EVERYDAY),
            expires_at=moment_of("--expires", end, now) if end is not None else None,
            per_minute=per_minute,
        )
        made = await house.services.api_keys.make_for(OPERATOR, owner.id, wish)
    if isinstance(made, Refused):
        # The account is there, so what nobody can be given a key for is a closed one.
        return Refused(Refusal.DISABLED) if made.reason is Refusal.NOT_FOUND else made
    said = f"Made key {made.key.id} of {owner.name}: {_powers(made.key)}."
    return _shown(made, owner.name, now, said)


@command(group, "list", examples=("watchword apikey list", "watchword apikey list ada --json"))
async def list_keys(
    call: Call,
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="Only this account's.")
    ] = None,
    *,
    limit: Limit = PAGE_MAX,
    after: After = None,
) -> Answer:
    """List API keys, oldest first, those too that expired in the last 30 days.

    No key is shown: the hint is how it begins and ends.
    """
    async with call.house() as house:
        owner = await named(house.services, account) if account is not None else None
        page = granted(
            await house.services.api_keys.page(
                OPERATOR, account_id=owner.id if owner else None, after=after, limit=limit
            )
        )
        names = Names(house.services.accounts)
        keys = [(one, await names.of(one.account_id)) for one in page.items]
        now = house.clock.now()
    rows = [_row(one, name, now) for one, name in keys]
    document = {
        "api_keys": [api_key_document(one, name, now) for one, name in keys],
        "next": page.next,
    }
    return Answer(document, Table(COLUMNS, rows, empty="There are no API keys.", next=page.next))


@command(
    group,
    "revoke",
    examples=("watchword apikey revoke 3f9a1c2e", "watchword apikey revoke --account ada"),
)
async def revoke(
    call: Call,
    key: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="From the list; its beginning is enough."),
    ] = None,
    *,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="End all of this account's.")
    ] = None,
) -> Answer | Refused:
    """End an API key, or all of an account. They are dead at once."""
    if (key is None) == (account is None):
        raise usage("Say which key: give either an id or --account NAME.")
    beginning = _beginning(key) if key is not None else ""
    async with call.house() as house:
        if account is not None:
            return await _revoke_all(house.services, account, house.clock)
        return await _revoke_one(house.services, beginning, house.clock)


@command(
    group,
    "rotate",
    examples=(
        "watchword apikey rotate 3f9a1c2e",
        "watchword apikey rotate 3f9a1c2e --overlap 0",
    ),
)
async def rotate(
    call: Call,
    key: Annotated[str, typer.Argument(metavar="ID", help="From the list; or its beginning.")],
    *,
    overlap: Annotated[
        str,
        typer.Option(
            "--overlap", metavar="SPAN", help="So long the old key still works; 0 ends it at once."
        ),
    ] = "24h",
) -> Answer | Refused:
    """Make the successor of an API key, and print it this once.

    It has the name, the scopes, the rate and the end of the old one.
    """
    beginning, span = _beginning(key), read_span("--overlap", overlap)
    async with call.house() as house:
        services, now = house.services, house.clock.now()
        old = await api_key_by(services, beginning)
        if not old.works(now):
            raise Failure("expired", "This key has expired. `watchword apikey create` makes one.")
        made = await services.api_keys.rotate(OPERATOR, old.id, overlap=span)
        if isinstance(made, Refused):
            return _refused(made)
        owner = await Names(services.accounts).of(old.account_id)
    until = f"works until {minute(old.ending(now + span).expires_at)} UTC" if span else "is dead"
    said = (
        f"Made key {made.key.id} of {owner}: {_powers(made.key)}. The old one, {old.id}, {until}."
    )
    return _shown(made, owner, now, said)


def _shown(made: "ShownKey", owner: str, now: datetime, said: str) -> Answer:
    document = {"api_key": api_key_document(made.key, owner, now), "key": made.text}
    return Answer(document, made.text, notes=(said, SHOWN_ONCE))


def _powers(key: ApiKey) -> str:
    rate = f", {key.per_minute} times a minute" if key.per_minute else ""
    end = f"expires {minute(key.expires_at)} UTC" if key.expires_at else "never expires"
    return f"{', '.join(scope_names(key))}{rate}, {end}"


def _row(key: ApiKey, owner: str, now: datetime) -> tuple[str, ...]:
    expires = minute(key.expires_at) or "never"
    return (
        key.id[:ID_LENGTH_SHOWN],
        owner,
        key.name,
        key.hint,
        ", ".join(scope_names(key)),
        minute(key.created_at),
        minute(key.last_used_at) or "never",
        expires if key.works(now) else f"{expires} (expired)",
        f"{key.per_minute}/min" if key.per_minute else "",
    )


def _beginning(text: str) -> str:
    """Return the beginning of an id, as ids are written."""
    if looks_like_key(text):
        raise usage(
            "This is a key, not the id of one; it stands in your shell's history now. Use the id:"
            " `watchword apikey list` shows it beside how the key ends."
        )
    if len(text) < ID_LENGTH_MIN:
        raise usage(f"Give {ID_LENGTH_MIN} characters of the id or more.")
    return text.lower()


async def _revoke_one(services: "Services", beginning: str, clock: "Clock") -> Answer | Refused:
    key = await api_key_by(services, beginning)
    owner = await Names(services.accounts).of(key.account_id)
    if refused := await services.api_keys.revoke(OPERATOR, key.id):
        return _refused(refused)
    ended = [api_key_document(key, owner, clock.now())]
    return Answer({"revoked": ended}, f"Ended key {key.id} ({key.name}) of {owner}.")


async def _revoke_all(services: "Services", name: str, clock: "Clock") -> Answer | Refused:
    owner = await named(services, name)
    ended: list[Document] = []
    # From the top each time: a key that was made meanwhile must not slip through.
    while keys := granted(await services.api_keys.page(OPERATOR, account_id=owner.id)).items:
        for key in keys:
            refused = await services.api_keys.revoke(OPERATOR, key.id)
            if refused and refused.reason is not Refusal.NOT_FOUND:
                return refused
            ended += [] if refused else [api_key_document(key, owner.name, clock.now())]
    return Answer({"revoked": ended}, f"Ended the keys of {owner.name}: {len(ended)}.")


def _refused(refused: Refused) -> Refused:
    """Return a refusal that is about the key, which may have gone since it was found."""
    if refused.reason is Refusal.NOT_FOUND:
        raise no_key()
    return refused
