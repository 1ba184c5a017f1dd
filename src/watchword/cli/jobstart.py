"""`watchword job start`: have a flow run, and wait for its end if nobody says otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, visible
from watchword.cli.calls import OPERATOR, Call, command
from watchword.cli.exits import usage
from watchword.cli.interrupts import noted
from watchword.cli.jobanswers import Wording, answer, told
from watchword.cli.jobfile import TAKES_FILES, copied
from watchword.cli.jobparameters import parameters_of, read_settings
from watchword.core.jobs.model import Job, State
from watchword.core.kernel.errors import InvalidError
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    import asyncio

    from watchword.app.house import House
    from watchword.app.importcopy import ImportCopy

Key = Annotated[
    str,
    typer.Option(
        "--key", metavar="KEY", help="Your own name for this wish: asked twice, it is one job."
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for its end.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for. `settings` are texts NAME=VALUE, `file` is a path or `-`."""

    flow: str
    settings: Sequence[str] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    file: str | None = None
    key: str = ""
    waits: bool = True


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    command(
        group,
        "start",
        examples=(
            "watchword job start accounts.import --file users.csv",
            "watchword job start accounts.import --file - < users.csv",
            "watchword job start accounts.export --set format=jsonl --no-wait",
        ),
    )(start)


async def start(
    call: Call,
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="From `watchword job flows`.")],
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter. May be given more than once."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="PATH", help="A file for the job, which gets a copy; -: stdin."
        ),
    ] = None,
    key: Key = "",
    no_wait: NoWait = False,
) -> Answer | Refused | int:
    """Start a job, show how far it is, and tell what came of it. Exit 0 only if it was completed.

    Ctrl-C leaves it running. If nobody works on jobs on this machine, a worker is started that
    ends by itself.
    """
    wish = Wish(flow=flow, settings=settings or (), file=file, key=key, waits=not no_wait)
    async with call.house() as house:
        return await fulfil(call, house, wish)


async def fulfil(
    call: Call, house: "House", wish: Wish, *, wording: Wording = told
) -> Answer | Refused | int:
    """Start the job, and wait for it if that is part of the wish."""
    from watchword.cli.jobwatch import see_to  # noqa: PLC0415 - `--help` must be quick

    # From here on Ctrl-C undoes nothing that was done: a job that is there goes on.
    with noted() as left:
        job, copy = await _started(house, wish)
        if isinstance(job, Refused):
            return job
        if not job.state.is_final:
            await see_to(house, job)
        if not wish.waits:
            return await answer(house, job, _greeting(job))
        return await _followed(call, house, job, copy, left=left, wording=wording)


async def _started(house: "House", wish: Wish) -> tuple[Job | Refused, "ImportCopy | None"]:
    judged = _judge(house, wish)
    if isinstance(judged, Refused):
        return judged, None
    copy = None
    try:
        if wish.file is not None and house.book.find(wish.flow) is not None:
            copy = await copied(house, wish.file, key=wish.key)
            judged |= {"path": copy.name, "remove_file": True}
        job = await house.services.jobs.start(OPERATOR, wish.flow, judged, key=wish.key)
    except BaseException:
        _remove(copy)
        raise
    # One that was known before has had its file, or has another.
    if isinstance(job, Refused) or job.state is not State.NOT_STARTED:
        _remove(copy)
    return job, copy


def _judge(house: "House", wish: Wish) -> dict[str, object] | Refused:
    """Return the parameters, or why there is no need to copy a file for them."""
    card = house.book.find(wish.flow)
    known = parameters_of(card) if card else ()
    parameters = {**read_settings(known, wish.settings), **wish.parameters}
    if wish.file is None or card is None:
        return parameters
    if not {one.name for one in known} >= TAKES_FILES:
        raise usage(f"{visible(wish.flow)} takes no file. Leave out --file.")
    if TAKES_FILES & parameters.keys():
        raise usage("--file says which file it is, and the copy goes. Leave out --set for both.")
    try:
        house.book.read(wish.flow, {**parameters, "path": "-"})
    except InvalidError as error:
        return Refused(Refusal.PARAMETERS_INVALID, detail=str(error))
    return parameters


async def _followed(
    call: Call,
    house: "House",
    job: Job,
    copy: "ImportCopy | None",
    *,
    left: "asyncio.Event",
    wording: Wording,
) -> Answer | int:
    from watchword.cli.jobwatch import follow  # noqa: PLC0415 - `--help` must be quick

    ended = await follow(call, house, job, left=left, wording=wording, sees_to=True)
    # A flow that changed nothing leaves the file where it was, and nobody needs the copy.
    if isinstance(ended, Answer) and not ended.exit_code:
        _remove(copy)
    return ended


def _remove(copy: "ImportCopy | None") -> None:
    if copy is not None:
        copy.remove()


def _greeting(job: Job) -> str:
    if job.state is not State.NOT_STARTED:
        return f"Job {job.id} ({visible(job.flow)}) is there under this key: {job.state}."
    return (
        f"Started job {job.id} ({visible(job.flow)}). Watch it with: watchword job watch {job.id}"
    )
