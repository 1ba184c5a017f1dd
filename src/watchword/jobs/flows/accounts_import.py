"""`accounts.import`: take in the accounts of a file, and say of each refused line why."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

import msgspec

from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Work
from watchword.core.services.accountimport import AccountImport, Arrived, Seen, Verdict
from watchword.jobs.flow import Flow, FlowFailedError, Parameters, Turn
from watchword.jobs.flows.newcomers import (
    COLUMNS,
    NEEDED,
    UnreadableError,
    read_newcomer,
    reason_of,
)
from watchword.jobs.importfile import ImportFile, open_import, remove_import
from watchword.jobs.lines import Encoding, Place
from watchword.jobs.records import BrokenRecord, Form, Record, guess_form, read_records

PORTION = 500
"""Accounts in one commit: enough that the disk does not wait for us, few enough to lose."""

HINTS_BYTES_MAX = 16_384

MEDIA = "application/x-ndjson"

_CHANGED = "The file is not the one that this job began with: start a new job for it."
_HINTS_LONG = "hash_options names a file that is too long: it holds one JSON object."

AnyRecord = Record | BrokenRecord


class ImportParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to import, and how.

    `path` is in the folder for imports, and so is `hash_options`: a file with what Firebase
    tells of its hashes. With `dry_run` everything is judged and nothing stored.
    """

    path: str
    format: Form | None = None
    encoding: Encoding = Encoding.UTF_8
    dry_run: bool = False
    hash_options: str = ""
    remove_file: bool = False


class _Checkpoint(msgspec.Struct, frozen=True):
    """Where to go on: in which file, behind which record; or that all is read."""

    identity: str = ""
    place: Place | None = None
    is_over: bool = False


class _Refusal(msgspec.Struct, frozen=True):
    """A line of the report."""

    line: int
    reason: str


def flow(folder: Path) -> Flow[ImportParameters]:
    """Return the flow, for files of this folder."""
    return Flow(
        name="accounts.import",
        summary="Takes in accounts from a CSV or JSON Lines file, with their password hashes.",
        parameters=ImportParameters,
        run=_Import(folder).run,
    )


@dataclass(frozen=True, slots=True)
class _Import:
    folder: Path

    async def run(self, told: ImportParameters, turn: Turn) -> Mapping[str, object]:
        begun = _read_checkpoint(turn.checkpoint)
        if not begun.is_over:
            with open_import(self.folder, told.path) as file:
                if begun.identity not in {"", file.identity}:
                    raise FlowFailedError(_CHANGED)
                await _Reading(told, turn, file, self._hints(told)).read(begun.place)
        if told.remove_file and not told.dry_run:
            # It may be gone: the turn before may have died right after this.
            remove_import(self.folder, told.path, _read_checkpoint(turn.checkpoint).identity)
        return {**turn.progress.counts, "dry_run": told.dry_run}

    def _hints(self, told: ImportParameters) -> str:
        if not told.hash_options:
            return ""
        with open_import(self.folder, told.hash_options) as file:
            if file.size > HINTS_BYTES_MAX:
                raise FlowFailedError(_HINTS_LONG)
            return file.read(0).decode("utf-8", "replace")


@dataclass(slots=True)
class _Reading:
    """Reads a file in portions, each of which is stored and recorded in one commit."""

    told: ImportParameters
    turn: Turn
    file: ImportFile
    hints: str

    async def read(self, begin: Place | None) -> None:
        seen = Seen()
        if self.told.dry_run and begin is not None:
            await self._meet_again(begin, seen)
        portions = self._portions(begin)
        while portion := await _next(portions):
            await self._take(portion, seen)
            await self.turn.breathe()
        async with self.turn.open_work() as work:
            over = _Checkpoint(self.file.identity, is_over=True)
            self._record(work, over, done=self.file.size, counts=self.turn.progress.counts)
            await work.commit()

    async def _meet_again(self, begin: Place, seen: Seen) -> None:
        """Learn again who came before: of a dry run nothing is stored that would tell."""
        portions = self._portions(None, until=begin.offset)
        while portion := await _next(portions):
            await self._service.judge(self._arrivals(portion), seen)
            await self.turn.breathe()

    async def _take(self, portion: Sequence[AnyRecord], seen: Seen) -> None:
        arrivals, before = self._arrivals(portion), self.turn.progress.counts

        def along(work: Work, verdicts: Sequence[Verdict]) -> None:
            # May be called again, if somebody takes a name between the look and the commit.
            self._tell(work, portion, verdicts, before)

        if not self.told.dry_run:
            await self._service.admit(arrivals, self.turn.actor, along=along)
            return
        verdicts = await self._service.judge(arrivals, seen)
        async with self.turn.open_work() as work:
            along(work, verdicts)
            await work.commit()

    def _tell(
        self,
        work: Work,
        portion: Sequence[AnyRecord],
        verdicts: Sequence[Verdict],
        before: Mapping[str, int],
    ) -> None:
        lines = [
            _Refusal(record.line, reason_of(verdict))
            for record, verdict in zip(portion, verdicts, strict=True)
            if verdict is not None
        ]
        refused = len(lines)
        counts = {
            "read": before.get("read", 0) + len(portion),
            "accepted": before.get("accepted", 0) + len(portion) - refused,
            "refused": before.get("refused", 0) + refused,
        }
        place = portion[-1].end
        self._record(work, _Checkpoint(self.file.identity, place), place.offset, counts)
        if lines:
            report = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            self.turn.write(work, report.decode(), media=MEDIA)

    def _record(
        self, work: Work, checkpoint: _Checkpoint, done: int, counts: Mapping[str, int]
    ) -> None:
        text = msgspec.json.encode(checkpoint).decode()
        self.turn.record(work, done=done, total=self.file.size, counts=counts, checkpoint=text)

    def _portions(
        self, begin: Place | None, *, until: int | None = None
    ) -> Iterator[Sequence[AnyRecord]]:
        records = read_records(
            self.file,
            known=COLUMNS,
            needed=NEEDED,
            form=self._form,
            encoding=self.told.encoding,
            begin=begin,
        )
        if until is not None:
            records = takewhile(lambda record: record.end.offset <= until, records)
        while portion := list(islice(records, PORTION)):
            yield portion

    def _arrivals(self, portion: Sequence[AnyRecord]) -> list[Arrived | Refused]:
        return [self._arrival(record) for record in portion]

    def _arrival(self, record: AnyRecord) -> Arrived | Refused:
        if isinstance(record, BrokenRecord):
            return Refused(Refusal.PARAMETERS_INVALID, detail=record.reason)
        try:
            newcomer = read_newcomer(record.values, self._form)
        except UnreadableError as error:
            return Refused(Refusal.PARAMETERS_INVALID, detail=str(error))
        return self._service.read(newcomer, self.turn.actor, hints=self.hints)

    @property
    def _service(self) -> AccountImport:
        return self.turn.services.account_import

    @property
    def _form(self) -> Form:
        return self.told.format or guess_form(self.file)


async def _next(portions: Iterator[Sequence[AnyRecord]]) -> Sequence[AnyRecord]:
    # In a thread, for one line may have gigabytes, and our lease must be kept meanwhile.
    return await asyncio.to_thread(next, portions, ())


def _read_checkpoint(text: str) -> _Checkpoint:
    return msgspec.json.decode(text, type=_Checkpoint) if text else _Checkpoint()
