"""`watchword job`: see what can be started, look at jobs, stop them, start them again."""

from typing import Annotated

import typer

from watchword.cli import jobresult, jobstart
from watchword.cli.answers import Answer, Table, visible
from watchword.cli.calls import OPERATOR, After, Call, Limit, command
from watchword.cli.documents import flow_document, job_document
from watchword.cli.interrupts import noted
from watchword.cli.jobanswers import Id, about_job, answer, found, whole
from watchword.cli.jobparameters import Parameter, parameters_of
from watchword.cli.jobwords import COLUMNS, NEEDS, page, row
from watchword.cli.lookups import Names
from watchword.core.jobs.flows import FlowCard
from watchword.core.jobs.model import State
from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refused

LIMIT_USUAL = 50

group = typer.Typer(
    no_args_is_help=True,
    help="Start long work, look at how far it is, and have what came of it.",
)


@command(group, "flows", examples=("watchword job flows", "watchword job flows --json"))
async def flows(call: Call) -> Answer:
    """List what can be started, with what it can be told and who may start it."""
    async with call.house() as house:
        cards = house.services.jobs.flows()
    document = {"flows": [flow_document(card) for card in cards]}
    return Answer(document, "\n\n".join(map(_described, cards)))


jobstart.add_to(group)


@command(
    group,
    "list",
    examples=("watchword job list", "watchword job list --flow accounts.import --state failed"),
)
async def list_jobs(
    call: Call,
    *,
    flow: Annotated[
        str | None, typer.Option("--flow", metavar="FLOW", help="Only jobs of this flow.")
    ] = None,
    state: Annotated[
        State | None,
        typer.Option("--state", metavar="STATE", help=f"Only {', '.join(State)} ones."),
    ] = None,
    limit: Limit = LIMIT_USUAL,
    after: After = None,
) -> Answer:
    """List jobs, newest first, for as long as they are kept."""
    async with call.house() as house:
        jobs, names = house.services.jobs, Names(house.services.accounts)
        some = await jobs.page(OPERATOR, flow=flow, state=state, after=after, limit=limit)
        owned = [(job, await names.of(job.owner)) for job in some.items]
    document = {"jobs": [job_document(job, owner) for job, owner in owned], "next": some.next}
    rows = [row(job, owner) for job, owner in owned]
    empty = "There are no such jobs." if flow or state else "There are no jobs."
    return Answer(document, Table(COLUMNS, rows, empty=empty, next=some.next))


@command(group, "show", examples=("watchword job show 12",))
async def show(call: Call, job: Id) -> Answer:
    """Show one job: what was asked for, how far it is, and what came of it."""
    async with call.house() as house:
        one = await found(house, job)
        owner = await Names(house.services.accounts).of(one.owner)
    return Answer({"job": job_document(one, owner)}, page(one, owner))


@command(group, "watch", examples=("watchword job watch 12",))
async def watch(call: Call, job: Id) -> Answer | int:
    """Show how far a job is until it is over, and tell how it ended.

    Exit 0 only if it was completed. Ctrl-C leaves it running.
    """
    from watchword.cli.jobwatch import follow  # noqa: PLC0415 - `--help` must be quick

    async with call.house() as house:
        with noted() as left:
            return await follow(call, house, await found(house, job), left=left)


@command(group, "cancel", examples=("watchword job cancel 12",))
async def cancel(call: Call, job: Id) -> Answer | Refused:
    """Stop a job: at once if nobody works on it, else at its next checkpoint.

    What it has done until then stays done.
    """
    async with call.house() as house:
        outcome = await house.services.jobs.cancel(OPERATOR, JobId(job))
        if isinstance(outcome, Refused):
            return about_job(outcome)
        is_over = outcome.state.is_final
        said = f"Job {job} is cancelled." if is_over else f"Job {job} was told to stop, and will."
        return Answer(await whole(house, outcome), said)


@command(group, "restart", examples=("watchword job restart 12",))
async def restart(call: Call, job: Id) -> Answer | Refused:
    """Let a job that failed or was cancelled go on from where it was.

    If nobody works on jobs on this machine, a worker is started that ends by itself.
    """
    from watchword.cli.jobwatch import see_to  # noqa: PLC0415 - `--help` must be quick

    async with call.house() as house:
        outcome = await house.services.jobs.restart(OPERATOR, JobId(job))
        if isinstance(outcome, Refused):
            return about_job(outcome)
        await see_to(house, outcome)
        said = f"Job {job} goes on. Watch it with: watchword job watch {job}"
        return await answer(house, outcome, said)


jobresult.add_to(group)


def _described(card: FlowCard) -> str:
    alone = "; one at a time" if card.runs_alone else ""
    lines = [
        visible(card.name),
        f"  {visible(card.summary)}",
        f"  Who may: {NEEDS[card.needs]}. Lane: {card.lane}{alone}.",
    ]
    return "\n".join([*lines, *(_option(one) for one in parameters_of(card))])


def _option(one: Parameter) -> str:
    usual = "needed" if one.is_needed else f"default {one.usual}"
    return visible(f"  --set {one.name}={one.form}  ({usual})")
