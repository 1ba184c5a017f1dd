"""`watchword job result`: have what a job left, piece by piece, however much it is."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, hush, visible, visible_lines
from watchword.cli.calls import OPERATOR, Call, command
from watchword.cli.exits import ExitCode, Failure, usage
from watchword.cli.jobanswers import Id, found
from watchword.cli.newfile import new_file, require_new
from watchword.core.jobs.model import Job
from watchword.core.kernel.errors import UnavailableError
from watchword.core.policy.refusals import Refusal, Refused

if TYPE_CHECKING:
    from watchword.app.house import House

JSON = "application/json"

Write = Callable[[str], object]


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    command(
        group,
        "result",
        examples=("watchword job result 12 --output users.csv", "watchword job result 12 | less"),
    )(result)


async def result(
    call: Call,
    job: Id,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="A new file, for your eyes alone."),
    ] = None,
) -> Answer | Refused | int:
    """Print what a job left, or put it into a file: an export, or the report of an import.

    Of a job that wrote nothing, its result as JSON.
    """
    if output is not None:
        require_new(output)
    async with call.house() as house:
        one = await found(house, job)
        if call.as_json and output is None and one.pieces:
            raise usage("What this job left is no document: name a file for it with --output.")
        got = await house.services.jobs.download(OPERATOR, one.id)
        if isinstance(got, Refused):
            return _refused(got)
        return await _given(call, house, got, output)


async def _given(call: Call, house: "House", job: Job, output: Path | None) -> Answer | int:
    pieces = house.services.jobs.output(job) if job.pieces else _result(job)
    if output is not None:
        size = await _into(output, pieces)
        media = job.media if job.pieces else JSON
        document = {"job": job.id, "file": str(output), "size": size, "media": media}
        return Answer({"output": document}, f"Wrote {size} octets to {visible(str(output))}.")
    if call.as_json:
        return Answer({"result": json.loads(job.result)}, "")
    with _printing() as write:
        async for text in pieces:
            write(text)
    return ExitCode.OK


async def _result(job: Job) -> AsyncIterator[str]:
    """Yield what a job returned, as JSON for people."""
    yield json.dumps(json.loads(job.result), indent=2) + "\n"


async def _into(output: Path, pieces: AsyncIterator[str]) -> int:
    """Write pieces to a new file, all or none; return how many octets they were."""
    with new_file(output) as stream:
        async for text in pieces:
            stream.write(text.encode())
        return stream.tell()


@contextmanager
def _printing() -> Iterator[Write]:
    """Print pieces: as they are for whoever reads a pipe, harmless for a terminal."""
    try:
        yield _show if sys.stdout.isatty() else _pass_on
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        hush()
        message = f"Standard output takes no more: {error.strerror or error}."
        raise UnavailableError(message) from error


def _show(text: str) -> None:
    # Tabs keep columns apart, and do no harm.
    print("\t".join(map(visible_lines, text.split("\t"))), end="")  # noqa: T201 - we print


def _pass_on(text: str) -> None:
    # Octets: what a job left is UTF-8, whatever this terminal's language is.
    sys.stdout.buffer.write(text.encode())


def _refused(refused: Refused) -> Refused:
    if refused.reason is Refusal.NOT_FOUND:
        raise Failure("not_found", "This job left nothing to have.")
    return refused
