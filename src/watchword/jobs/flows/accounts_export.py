"""`accounts.export`: write all accounts as CSV or JSON Lines, as `accounts.import` reads them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from watchword.core.jobs.model import Needs
from watchword.core.services.accountexport import Exported
from watchword.jobs.flow import Flow, Parameters, Turn
from watchword.jobs.flows.newcomers import COLUMNS
from watchword.jobs.records import Form

PORTION = 500
"""Accounts in one piece of the output, and in one commit."""

_MEDIA = {Form.CSV: "text/csv", Form.JSON_LINES: "application/x-ndjson"}


class ExportParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to write the accounts. Hashes of passwords are for the command line alone."""

    format: Form = Form.CSV
    with_hashes: bool = False


class _Checkpoint(msgspec.Struct, frozen=True):
    """The cursor behind which to go on; None for the beginning."""

    after: str | None = None
    is_over: bool = False


def flow() -> Flow[ExportParameters]:
    """Return the flow."""
    return Flow(
        name="accounts.export",
        summary="Writes all accounts as CSV or JSON Lines, to be downloaded.",
        parameters=ExportParameters,
        run=_run,
        needs_for=_needs,
    )


def _needs(told: ExportParameters) -> Needs:
    return Needs.OPERATOR if told.with_hashes else Needs.RUNNER


async def _run(told: ExportParameters, turn: Turn) -> Mapping[str, object]:
    text = turn.checkpoint
    begun = msgspec.json.decode(text, type=_Checkpoint) if text else _Checkpoint()
    while not begun.is_over:
        begun = await _write(told, turn, begun.after)
        await turn.breathe()
    return {"accounts": turn.progress.done, "format": told.format}


async def _write(told: ExportParameters, turn: Turn, after: str | None) -> _Checkpoint:
    service = turn.services.account_export
    # Counted each time: accounts come and go while we write.
    total = await service.count()
    some, following = await service.page(after=after, limit=PORTION, with_hashes=told.with_hashes)
    checkpoint = _Checkpoint(following, is_over=following is None)
    done = turn.progress.done + len(some)
    async with turn.open_work() as work:
        turn.write(work, _text(told, some, is_first=after is None), media=_MEDIA[told.format])
        turn.record(
            work,
            done=done,
            total=max(done, total),
            checkpoint=msgspec.json.encode(checkpoint).decode(),
        )
        await work.commit()
    return checkpoint


def _text(told: ExportParameters, some: Sequence[Exported], *, is_first: bool) -> str:
    columns = [name for name in COLUMNS if told.with_hashes or name != "password_hash"]
    rows = (_row(one, columns) for one in some)
    if told.format is Form.JSON_LINES:
        return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)
    return _table(columns, rows, is_first=is_first)


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, is_first: bool) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, columns)
    if is_first:
        table.writeheader()
    for row in rows:
        table.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _row(one: Exported, columns: Sequence[str]) -> dict[str, object]:
    account = one.account
    values: dict[str, object] = {
        "name": account.name,
        "id": account.id,
        "email": account.email or "",
        "email_confirmed": account.email_confirmed_at is not None,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "role": account.role.value,
        "state": account.state.value,
        "created_at": account.created_at,
        "password_hash": one.encoded,
    }
    return {name: values[name] for name in columns}


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.to_builtins(value)
