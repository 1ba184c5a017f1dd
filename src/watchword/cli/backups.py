"""`watchword backup`: make backups, see that they are whole, and put one in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchword.cli.answers import Answer, tell, visible
from watchword.cli.backupwords import (
    made_notes,
    restored_document,
    restored_text,
    verified_document,
    verified_text,
)
from watchword.cli.calls import Call, command
from watchword.cli.documents import Document
from watchword.cli.exits import ExitCode, Failure, usage
from watchword.cli.interrupts import ended_at_once
from watchword.cli.jobanswers import told
from watchword.cli.jobstart import Key, NoWait, Wish, fulfil
from watchword.cli.newfile import new_file
from watchword.cli.typing_in import has_terminal, secret
from watchword.core.jobs.model import Job, State
from watchword.core.kernel.errors import InvalidError
from watchword.core.policy.refusals import Refused

if TYPE_CHECKING:
    from watchword.app.restoring import Restored
    from watchword.settings.model import Settings

FLOW = "backup.create"
MASTER_KEY = "master_key"
"""The field that `restore` names if the key is what is wrong."""

SECRETS_BYTES_MAX = 65_536
"""More than any file of keys has."""

group = typer.Typer(
    no_args_is_help=True,
    help="Make backups, see that they are whole, and put one in place.",
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity", metavar="FILE", help="What opens it if it is encrypted, AGE-SECRET-KEY-1..."
    ),
]


@command(
    group,
    "create",
    examples=("watchword backup create", "watchword backup create --encrypt --no-wait"),
)
async def create(
    call: Call,
    *,
    encrypt: Annotated[
        bool | None,
        typer.Option(
            "--encrypt/--no-encrypt",
            help="By default it is encrypted if the settings name recipients.",
        ),
    ] = None,
    key: Key = "",
    no_wait: NoWait = False,
) -> Answer | Refused | int:
    """Make a backup of the whole store while it is used, and print the path of its file.

    It is a job: `watchword job start backup.create` does the same.
    """
    async with call.house() as house:
        # Whoever works on it may have been started with other settings. Where ours name
        # recipients nothing is written in the clear; where they do not, those of the worker count.
        wanted = (bool(house.settings.backup.recipients) or None) if encrypt is None else encrypt
        parameters = {} if wanted is None else {"encrypt": wanted}
        wish = Wish(flow=FLOW, parameters=parameters, key=key, waits=not no_wait)
        wording = partial(_made, house.settings.backup_folder)
        return await fulfil(call, house, wish, wording=wording)


@command(
    group,
    "verify",
    examples=(
        "watchword backup verify watchword-20270131T033000Z.wwb",
        "watchword backup verify watchword-20270131T033000Z.wwb.age --identity identity.txt",
    ),
)
def verify(call: Call, file: File, *, identity: Identity = None) -> Answer:
    """Read a whole backup, see that nothing in it is damaged, and say what it holds.

    It needs no store, and changes nothing.
    """
    from watchword.app.backup_reading import verify as run  # noqa: PLC0415 - `--help` is quick

    with _worded(), ended_at_once():
        found = run(file, call.settings(), identity=_text(identity))
    warnings = (
        ["It is of a newer version, which is needed to restore it."] if found.is_newer else []
    )
    document: Document = {"backup": verified_document(found)}
    return Answer(document, verified_text(found), warnings=warnings)


@command(
    group,
    "restore",
    examples=(
        "watchword backup restore --data new-data watchword-20270131T033000Z.wwb",
        "watchword backup restore watchword-20270131T033000Z.wwb.age --identity identity.txt",
    ),
)
def restore(
    call: Call,
    file: File,
    *,
    identity: Identity = None,
    master_key_file: Annotated[
        Path | None,
        typer.Option(
            "--master-key-file", metavar="FILE", help="The key of the store, if it is not in there."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put a SQLite database that is there aside.")
    ] = False,
) -> Answer:
    """Put a backup where there is no store yet: all of it, or nothing.

    A backup that is not encrypted has no master key in it. Then the key comes from the option,
    from WATCHWORD_MASTER_KEY, from the data folder, or is asked for.
    """
    from watchword.app.restoring import restore as run  # noqa: PLC0415 - `--help` is quick

    settings, opener, key = call.settings(), _text(identity), _text(master_key_file)
    put = partial(run, file, settings, identity=opener, force=force)
    with _worded(), ended_at_once():
        try:
            restored = put(key_text=key)
        except InvalidError as error:
            if error.field != MASTER_KEY or not _lacks_key(settings, key):
                raise
            restored = put(key_text=_typed_key(error))
    return _restored(restored)


@command(group, "key", examples=("watchword backup key --output identity.txt",))
def key(
    call: Call,
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="A new file for the private half.")
    ],
) -> Answer:
    """Make a pair of keys for backups. The public one, for `backup.recipients`, is printed.

    The private one, the identity, is written to the file and shown nowhere.
    """
    from watchword.app.backups import make_backup_key  # noqa: PLC0415 - `--help` is quick

    del call
    pair = make_backup_key()
    with new_file(output) as stream:
        stream.write(f"# public key: {pair.recipient}\n{pair.identity}\n".encode())
    kept = (
        f"The identity is in {visible(str(output))}. Keep it on another machine, more than once:"
        " without it nobody can open a backup."
    )
    notes = (kept, "This one belongs into the settings, as backup.recipients:")
    document = {"recipient": pair.recipient, "identity_file": str(output)}
    return Answer({"backup_key": document}, pair.recipient, notes=notes)


def _made(folder: Path, job: Job, document: Document) -> Answer:
    """Answer with the path alone, which a shell can take from stdout."""
    answer = told(job, document)
    if job.state is not State.COMPLETED:
        return answer
    file, notes = made_notes(folder, job)
    return replace(answer, text=file, notes=notes)


def _restored(restored: "Restored") -> Answer:
    warnings = [f"Put aside: {visible(str(path))}" for path in restored.put_aside]
    document: Document = {"restored": restored_document(restored)}
    return Answer(document, restored_text(restored), warnings=warnings)


@contextmanager
def _worded() -> Iterator[None]:
    """Say what is wrong without the name of the field, which no option has."""
    try:
        yield
    except InvalidError as error:
        raise Failure(error.code, visible(str(error)), more={"field": error.field}) from error


def _text(file: Path | None) -> str | None:
    """Return what stands in a file of keys, which may be a pipe."""
    if file is None:
        return None
    try:
        with file.open("rb") as stream:
            return stream.read(SECRETS_BYTES_MAX).decode("utf-8", "replace")
    except OSError as error:
        message = f"{visible(str(file))} cannot be read: {error.strerror or error}."
        raise Failure("file", message, ExitCode.REFUSED) from error


def _lacks_key(settings: "Settings", given: str | None) -> bool:
    """Say whether there is no master key anywhere that could be tried."""
    from watchword.app.house import MASTER_KEY_FILE  # noqa: PLC0415 - loaded by then

    is_set = given is not None or bool(settings.master_key)
    return not is_set and not (settings.folder / MASTER_KEY_FILE).exists()


def _typed_key(error: InvalidError) -> str:
    if not has_terminal():
        raise usage(f"{error} Name its file with --master-key-file, or set WATCHWORD_MASTER_KEY.")
    tell(str(error))
    return secret("Master key")
