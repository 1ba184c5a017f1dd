"""`directory.sync`: bring the accounts of a directory's people to what it says of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Annotated

import msgspec

from watchword.core.jobs.model import Needs
from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import Work
from watchword.core.services.directoryreport import Line, SyncOutcome, SyncWish, counts_after
from watchword.core.services.directorysync import DirectorySync
from watchword.jobs.flow import Flow, FlowFailedError, Parameters, Turn

SCHEDULE = "*/15 * * * *"
MEDIA = "application/x-ndjson"

BEGUN_AGAIN = "begun-again"
"""Stands in the report where another turn began: of the look before it, nothing is counted."""

_NONE = "The settings name no directory."
_UNKNOWN = "The settings name no such directory. There are: {names}."
_BLIND = (
    "{name} has no service account, so nobody can be looked at there: set"
    " directories.{name}.bind_user and bind_password."
)
_WHICH = "stop_percent answers for one directory: name it."
_STOPPED = (
    "{name}: {closings} of {open_before} accounts would be closed, and more than {most} at once"
    " are not closed unasked: none of them was. Look at who they are: `{look}`. If that is right,"
    " say so: `{answer}`."
)
_AWAY = "The directory {name} does not answer. `watchword directory test {name}` says why."


class Mode(StrEnum):
    """Whom to look at: everybody, whoever changed, or everybody once a day."""

    AUTO = "auto"
    FULL = "full"
    CHANGES = "changes"

    @property
    def is_whole(self) -> bool | None:
        return None if self is Mode.AUTO else self is Mode.FULL


class SyncParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which directory, and how; all of them if none is named.

    With `dry_run` everything is judged and nothing stored. `stop_percent` of the open accounts
    may be closed, in place of what the settings say.
    """

    directory: str = ""
    mode: Mode = Mode.AUTO
    dry_run: bool = False
    stop_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None


class _Checkpoint(msgspec.Struct, frozen=True):
    """What was counted in the directories that are done, how, and what was wrong with them."""

    counted: dict[str, dict[str, int]] = {}
    looks: dict[str, str] = {}
    would_stop: tuple[str, ...] = ()
    troubles: dict[str, str] = {}


class _ReportLine(msgspec.Struct, frozen=True):
    """A line of the report."""

    directory: str
    login: str
    deed: str
    why: str


def flow(*, is_scheduled: bool = True) -> Flow[SyncParameters]:
    """Return the flow. It starts by itself only if there is a directory that it can look at."""
    return Flow(
        name="directory.sync",
        summary="Brings the accounts of a directory's people up to date, and closes who has left.",
        parameters=SyncParameters,
        run=_run,
        needs_for=_needs,
        runs_alone=True,
        schedule=SCHEDULE if is_scheduled else "",
    )


def _needs(told: SyncParameters) -> Needs:
    # Whoever says that so many shall be closed is a person, not a program.
    return Needs.RUNNER if told.stop_percent is None else Needs.ADMIN


async def _run(told: SyncParameters, turn: Turn) -> Mapping[str, object]:
    sync = turn.services.directory_sync
    wanted = _wanted(told, sync)
    report = _Report(turn, _read(turn.checkpoint))
    await report.greet()
    away: list[UnavailableError] = []
    for name in wanted:
        if name in report.done.looks:
            continue
        # One that does not answer must not keep the others from being looked at.
        try:
            await _look(name, told, turn, report)
        except UnavailableError as error:
            away.append(_named(name, error) if sync.is_away(name) else error)
    if away:
        raise away[0]
    if troubles := report.done.troubles:
        await report.forget_troubled()
        raise FlowFailedError(" ".join(troubles.values()))
    return _result(told, report, skipped=[one for one in sync.names if one not in wanted])


def _wanted(told: SyncParameters, sync: DirectorySync) -> list[str]:
    """Return which directories to look at. Raises FlowFailedError if it can be none."""
    names = sync.names
    if not names:
        raise FlowFailedError(_NONE)
    if told.directory and told.directory not in names:
        raise FlowFailedError(_UNKNOWN.format(names=", ".join(names)))
    if told.stop_percent is not None and not told.directory and len(names) > 1:
        raise FlowFailedError(_WHICH)
    asked = [told.directory] if told.directory else list(names)
    seen = [name for name in asked if sync.can_read(name)]
    if not seen:
        raise FlowFailedError(" ".join(_BLIND.format(name=name) for name in asked))
    return seen


async def _look(name: str, told: SyncParameters, turn: Turn, report: "_Report") -> None:
    report.begin(name)
    wish = SyncWish(
        directory=name,
        whole=told.mode.is_whole,
        dry_run=told.dry_run,
        stop_percent=told.stop_percent,
    )
    outcome = await turn.services.directory_sync.run(wish, turn.actor, report)
    await report.end(outcome, told)


@dataclass(slots=True)
class _Report:
    """Implements Report: counts, and writes a line about whoever is another than before.

    What a turn counted that came to no end is forgotten, for the next one looks anew.
    """

    turn: Turn
    done: _Checkpoint
    directory: str = ""
    expected: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)

    async def greet(self) -> None:
        """Say in the report that it begins anew, if a turn before this one was cut off."""
        told, done = self.turn.progress.counts, self.done
        is_new = not told or (
            dict(told) == self.total({}) and done.counted.keys() == done.looks.keys()
        )
        if is_new:
            return
        async with self.turn.open_work() as work:
            self._write(work, [_ReportLine("", "", BEGUN_AGAIN, "")])
            await work.commit()

    def begin(self, directory: str) -> None:
        self.directory, self.expected = directory, None
        counted = {name: some for name, some in self.done.counted.items() if name != directory}
        self.done = msgspec.structs.replace(self.done, counted=counted)
        self.counts = self.before = counts_after({}, 0, ())

    def expect(self, people: int | None) -> None:
        self.expected = people

    def record(self, work: Work, *, seen: int, lines: Sequence[Line]) -> None:
        self.before = self.counts
        self.counts = counts_after(self.before, seen, lines)
        self._record(work)
        told = [_ReportLine(self.directory, one.login, one.deed, one.why) for one in lines]
        self._write(work, told)

    def take_back(self) -> None:
        self.counts = self.before

    async def breathe(self) -> None:
        await self.turn.breathe()

    async def end(self, outcome: SyncOutcome, told: SyncParameters) -> None:
        """Note that this directory is done, and how."""
        name, done = self.directory, self.done
        is_stopped = outcome.is_stopped
        trouble = {name: _stopped(name, outcome, told)} if is_stopped and not told.dry_run else {}
        self.done = _Checkpoint(
            counted={**done.counted, name: self.counts},
            looks={**done.looks, name: "everybody" if outcome.is_whole else "changes"},
            would_stop=done.would_stop + ((name,) if is_stopped and told.dry_run else ()),
            troubles={**done.troubles, **trouble},
        )
        await self._store()

    async def forget_troubled(self) -> None:
        """Let whoever starts the job again begin with those that something was wrong with."""
        looks = {
            name: how for name, how in self.done.looks.items() if name not in self.done.troubles
        }
        self.done = msgspec.structs.replace(self.done, looks=looks, troubles={})
        await self._store()

    async def _store(self) -> None:
        self.counts, self.expected = {}, None
        async with self.turn.open_work() as work:
            self._record(work)
            await work.commit()

    def _write(self, work: Work, lines: Sequence[_ReportLine]) -> None:
        if lines:
            text = b"".join(msgspec.json.encode(one) + b"\n" for one in lines).decode()
            self.turn.write(work, text, media=MEDIA)

    def total(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return what was counted in all directories that are done, and these counts."""
        summed: dict[str, int] = {}
        for some in (*self.done.counted.values(), counts):
            for name, number in some.items():
                summed[name] = summed.get(name, 0) + number
        return summed

    def _record(self, work: Work) -> None:
        counts = self.total(self.counts)
        seen = counts["seen"]
        expected = None if self.expected is None else seen - self.counts["seen"] + self.expected
        is_over = not self.counts
        self.turn.record(
            work,
            done=seen,
            total=seen if is_over else None if expected is None else max(expected, seen),
            counts=counts,
            note=self.directory,
            # The same until a directory is done: a turn that comes to no end is one in vain.
            checkpoint=msgspec.json.encode(self.done).decode(),
        )


def _stopped(name: str, outcome: SyncOutcome, told: SyncParameters) -> str:
    """Say that it stopped, and exactly how to go on."""
    command = f"watchword directory sync {name}{' --full' if told.mode is Mode.FULL else ''}"
    percent = min(100, ceil(outcome.closings * 100 / max(1, outcome.open_before)))
    return _STOPPED.format(
        name=name,
        closings=outcome.closings,
        open_before=outcome.open_before,
        most=outcome.closings_max,
        look=f"{command} --dry-run",
        answer=f"{command} --stop-percent {percent}",
    )


def _named(name: str, error: UnavailableError) -> UnavailableError:
    named = UnavailableError(_AWAY.format(name=name), retry_after=error.retry_after)
    named.__cause__ = error
    return named


def _result(
    told: SyncParameters, report: _Report, *, skipped: Sequence[str]
) -> Mapping[str, object]:
    result: dict[str, object] = {**report.total({}), "dry_run": told.dry_run}
    result["looked_at"] = report.done.looks
    if told.dry_run:
        result["would_stop"] = list(report.done.would_stop)
    if skipped and not told.directory:
        result["without_service_account"] = list(skipped)
    return result


def _read(text: str) -> _Checkpoint:
    return msgspec.json.decode(text, type=_Checkpoint) if text else _Checkpoint()
