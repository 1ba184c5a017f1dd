"""A job as the answer of a command, and the ways to find one or not."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer
from watchword.cli.calls import OPERATOR
from watchword.cli.documents import Document, job_document
from watchword.cli.exits import ExitCode, Failure
from watchword.cli.jobwords import ending
from watchword.cli.lookups import Names
from watchword.core.jobs.model import Job, State
from watchword.core.kernel.ids import JobId
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.app.house import House

Id = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The number of the job.")
]
Wording = Callable[[Job, Document], Answer]
"""Makes the answer of a job that is over, and of the document about it."""


def told(job: Job, document: Document) -> Answer:
    """Tell how a job ended."""
    return _answer(job, document, ending(job))


async def answer(house: "House", job: Job, text: str) -> Answer:
    """Return a job as the answer of a command."""
    return _answer(job, await whole(house, job), text)


async def whole(house: "House", job: Job) -> Document:
    """Return the document about one job."""
    owner = await Names(house.services.accounts).of(job.owner)
    return {"job": job_document(job, owner)}


def _answer(job: Job, document: Document, text: str) -> Answer:
    is_bad = job.state in {State.FAILED, State.CANCELLED}
    return Answer(document, text, ExitCode.REFUSED if is_bad else ExitCode.OK)


async def found(house: "House", job_id: int) -> Job:
    """Return the job of this number. Raises Failure if there is none."""
    job = await house.services.jobs.find(OPERATOR, JobId(job_id))
    if job is None:
        raise missing()
    return job


def missing() -> Failure:
    return Failure("not_found", "There is no such job. `watchword job list` shows them.")


def about_job(refused: Refused) -> Refused:
    """Return a refusal that is about a job, which may have gone since it was found."""
    if refused.reason is Refusal.NOT_FOUND:
        raise missing()
    return refused
