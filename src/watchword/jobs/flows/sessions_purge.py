"""`sessions.purge`: take out what time has made useless, and end sessions that nobody uses."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import msgspec

from watchword.core.jobs.model import Lane
from watchword.core.ports import Work
from watchword.core.services.housekeeping import BATCH_MAX
from watchword.jobs.flow import Flow, Parameters, Turn

COUNT = "sessions"


class PurgeParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how many days without use a session ends; without it only what is over goes."""

    idle_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None


class _Checkpoint(msgspec.Struct, frozen=True):
    """The cursor behind which to look for idle sessions, or that all is done and told."""

    after: str | None = None
    is_over: bool = False


def flow() -> Flow[PurgeParameters]:
    """Return the flow."""
    return Flow(
        name="sessions.purge",
        summary="Removes sessions that are over, and ends those that nobody used for some days.",
        parameters=PurgeParameters,
        run=_run,
        lane=Lane.LIGHT,
        runs_alone=True,
        schedule="17 3 * * *",
    )


async def _run(told: PurgeParameters, turn: Turn) -> Mapping[str, object]:
    begun = _read(turn.checkpoint)
    if not begun.is_over:
        await _take_out(turn)
        if told.idle_days is not None:
            await _end_idle(turn, timedelta(days=told.idle_days), begun.after)
        await turn.services.session_purge.tell(
            turn.actor, str(turn.job.id), _count(turn), along=lambda work: _finish(turn, work)
        )
    return {COUNT: _count(turn)}


async def _take_out(turn: Turn) -> None:
    """Go on until nothing is left. What the server itself takes out meanwhile counts as well."""
    purge, at, before = turn.services.session_purge, turn.now, _count(turn)
    first = counted = left = await purge.count_expired(at=at)
    while True:
        await purge.sweep()
        if not left:
            return
        left -= BATCH_MAX
        # Counted anew when half should be gone: at each turn it would take longer than the rest.
        if left <= counted // 2:
            counted = left = await purge.count_expired(at=at)
        async with turn.open_work() as work:
            _record(turn, work, before + first - left, _read(turn.checkpoint))
            await work.commit()
        await turn.breathe()


async def _end_idle(turn: Turn, days: timedelta, after: str | None) -> None:
    def along(work: Work, count: int, following: str | None) -> None:
        _record(turn, work, before + count, _Checkpoint(following))

    purge, since = turn.services.session_purge, turn.now - days
    await purge.write_uses()
    while True:
        before = _count(turn)
        after = await purge.end_idle(since=since, after=after, along=along)
        if after is None:
            return
        await turn.breathe()


def _finish(turn: Turn, work: Work) -> None:
    _record(turn, work, _count(turn), _Checkpoint(is_over=True))


def _record(turn: Turn, work: Work, count: int, checkpoint: _Checkpoint) -> None:
    text = msgspec.json.encode(checkpoint).decode()
    turn.record(work, done=count, counts={COUNT: count}, checkpoint=text)


def _read(text: str) -> _Checkpoint:
    return msgspec.json.decode(text, type=_Checkpoint) if text else _Checkpoint()


def _count(turn: Turn) -> int:
    return turn.progress.counts.get(COUNT, 0)
