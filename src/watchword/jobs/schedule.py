"""Starts flows at their times, in UTC: each time once, over all processes and machines."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from watchword.core.kernel.caller import Actor, Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import OpenWork
from watchword.core.services.jobs import HOUSE, Jobs
from watchword.jobs.book import Book, entered_names
from watchword.observability.log import get_logger

MADE_UP_FOR = timedelta(hours=1)
"""A time that passed while nothing ran is seen to later, if it is no longer ago than this."""

BY_HOUSE = Actor(name=HOUSE, is_admin=True, origin=Origin("", HOUSE))
"""Who starts what nobody asked for."""

_FIELDS = 5
_SECOND = timedelta(seconds=1)

_log = get_logger("watchword.jobs")


def check_schedules(times: Mapping[str, str], book: Book) -> None:
    """Raise InvalidError if a flow is unknown, needs parameters, or its time is none.

    Flows of other packages are known by their names alone; they are loaded later.
    """
    for name, text in times.items():
        if name in {flow.name for flow in book.ours()}:
            _check_parameters(name, book)
        elif name not in entered_names():
            raise _wrong(name, "there is no such flow. `watchword job flows` lists those there are")
        if text:
            _check_time(name, text)


def _check_parameters(name: str, book: Book) -> None:
    try:
        book.read(name, {})
    except InvalidError as error:
        raise _wrong(name, f"it cannot start by itself: {error}") from error


def _check_time(name: str, text: str) -> None:
    try:
        _Timer(name, text, seen=datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise _wrong(name, f"{text!r} is no time of cron: {error}") from error


def _wrong(name: str, problem: str) -> InvalidError:
    return InvalidError("jobs.schedules", f"jobs.schedules, {name}: {problem.removesuffix('.')}.")


class Schedule:
    """Looks what is due. `times` are those of the settings, which go before a flow's own.

    What should have started before this process did, or before it could, is made up for if it
    is less than an hour ago and the store is as old; only the last of several times.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        book: Book,
        times: Mapping[str, str],
        open_work: OpenWork,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._book = book
        self._times = times
        self._open_work = open_work
        self._clock = clock
        self._timers: list[_Timer] | None = None

    async def look(self) -> None:
        """Start what is due."""
        if self._timers is None:
            self._timers = list(self._set(await self._begin()))
        now = self._clock.now()
        for timer in self._timers:
            if tick := timer.due(now):
                await self._start(timer, tick)
            timer.see(now)

    async def _begin(self) -> datetime:
        """Return the moment from which times count."""
        async with self._open_work() as work:
            keys = await work.signing_keys.all()
        now = self._clock.now()
        # The first start makes a key, and some key is always there.
        return max(now - MADE_UP_FOR, min((key.created_at for key in keys), default=now))

    def _set(self, seen: datetime) -> Iterator["_Timer"]:
        for flow in self._book.flows():
            if text := self._times.get(flow.name, flow.schedule):
                try:
                    yield _Timer(flow.name, text, seen=seen)
                except CronSimError:  # a stranger's flow; ours and the settings were checked
                    _log.error("schedule cannot be read", flow=flow.name)

    async def _start(self, timer: "_Timer", tick: datetime) -> None:
        # All who look at the same time ask under the same key, and one of them gets a job.
        key = f"{timer.flow} at {tick.isoformat()}"
        try:
            job = await self._jobs.start_for_house(timer.flow, key=key, actor=BY_HOUSE)
        except InvalidError:
            _log.error("flow cannot start by itself", flow=timer.flow)
            return
        if job is not None:
            _log.info("flow started by its schedule", flow=timer.flow, job=job.id)


class _Timer:
    """The times of a flow. Raises CronSimError if they are none, or never come."""

    def __init__(self, flow: str, text: str, *, seen: datetime) -> None:
        if len(text.split()) != _FIELDS:
            raise CronSimError(f"it has {_FIELDS} fields")
        self.flow = flow
        self._text = text
        self._seen = seen
        self._next = self._after(seen)
        if self._next is None:
            raise CronSimError("it never comes")

    def due(self, now: datetime) -> datetime | None:
        """Return the last time since we looked, if it is not long ago."""
        if self._next is None or now < self._next:
            return None
        until = now.replace(microsecond=0) + _SECOND
        last: datetime | None = next(CronSim(self._text, until, reverse=True), None)
        return last if last is not None and now - last < MADE_UP_FOR else None

    def see(self, now: datetime) -> None:
        """Know that everything until this moment was seen to."""
        # A clock that was put back brings times again; those that had a job have its key.
        if self._next is None or now >= self._next or now < self._seen:
            self._next = self._after(now)
        self._seen = now

    def _after(self, moment: datetime) -> datetime | None:
        """Return the next time, None if there is none for as long as CronSim looks: 50 years."""
        return next(CronSim(self._text, moment), None)
