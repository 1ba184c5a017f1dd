"""Waits for a job and shows how far it is; whoever has seen enough leaves, and it goes on.

It is loaded by who waits: `--help` must be quick, and asyncio is not.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING

from watchword.cli.answers import Answer, tell
from watchword.cli.calls import Call
from watchword.cli.exits import ExitCode, Failure
from watchword.cli.jobanswers import Wording, found, told, whole
from watchword.cli.jobprogress import Display, display
from watchword.core.jobs.model import Job, State
from watchword.core.kernel.errors import UnavailableError

if TYPE_CHECKING:
    from watchword.app.house import House

PAUSE_S = 0.05
LOOK_EVERY_S = 0.25
STILL_S = 5.0
"""A job that waits for so long may be one that nobody will work on."""

AWAY_S = 30.0
"""So long the database may be away while we look."""

NOBODY = (
    "Nobody works on jobs here: start `watchword serve`, or `watchword worker` if jobs.in_server"
    " is false."
)
_WAITING = {State.NOT_STARTED, State.QUEUED}


async def see_to(house: "House", job: Job) -> None:
    """Have somebody work on jobs on this machine, if nobody does.

    Waits for whom it started: another command right after this one must find them.
    """
    from watchword.app.worker import is_somebody_working, start_detached  # noqa: PLC0415 - slow

    until = _now() + STILL_S
    try:
        if is_somebody_working(house.settings):
            return
        start_detached(house.settings)
        # It is another process, which has no event that it could set for us.
        while not is_somebody_working(house.settings) and _now() < until:  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_S)
    except OSError as error:
        message = (
            f"Job {job.id} waits, but no worker can be started here: {error.strerror or error}."
            " Start `watchword worker` as the user of the data folder."
        )
        raise Failure("no_worker", message, ExitCode.START, more={"job": job.id}) from error


async def follow(
    call: Call,
    house: "House",
    job: Job,
    *,
    left: asyncio.Event,
    wording: Wording = told,
    sees_to: bool = False,
) -> Answer | int:
    """Wait until a job is over and tell how it ended, or until whoever waits has left.

    `sees_to` says to begin a worker again where there is none any more.
    """
    with display(as_json=call.as_json) as shown:
        last = await _Wait(house, job, shown, sees_to=sees_to).run(left)
    if not last.state.is_final:
        return _leave(call, last)
    return wording(last, await whole(house, last))


class _Wait:
    """One wait for one job."""

    def __init__(self, house: "House", job: Job, shown: Display, *, sees_to: bool) -> None:
        self._house = house
        self._sees_to = sees_to
        self._job = job
        self._shown = shown
        self._still_since = _now()
        self._has_warned = False

    async def run(self, left: asyncio.Event) -> Job:
        """Return the job when it is over, or as it was when the event was set."""
        self._shown.show(self._job, self._house.clock.now())
        while not self._job.state.is_final and not left.is_set():
            await _either(left.wait(), LOOK_EVERY_S)
            await self._take(await self._look(left))
        return self._job

    async def _look(self, left: asyncio.Event) -> Job:
        """Return the job as it is now. The database may be away for a moment."""
        until = _now() + AWAY_S
        while not left.is_set():
            try:
                return await found(self._house, self._job.id)
            except UnavailableError:
                if _now() > until:
                    raise
            await _either(left.wait(), LOOK_EVERY_S)
        return self._job

    async def _take(self, job: Job) -> None:
        if job != self._job:
            self._still_since = _now()
        self._job = job
        self._shown.show(job, self._house.clock.now())
        if job.state in _WAITING and _now() - self._still_since > STILL_S:
            self._still_since = _now()
            if self._sees_to:
                # Who worked when the job was started may have been about to end.
                with suppress(Failure):  # then the warning says what to do
                    await see_to(self._house, self._job)
            self._warn()

    def _warn(self) -> None:
        if self._has_warned:
            return
        with suppress(OSError):  # nobody can tell, if the locks are not ours to look at
            from watchword.app.worker import is_somebody_working  # noqa: PLC0415 - slow

            if not is_somebody_working(self._house.settings):
                self._has_warned = True
                self._shown.say(NOBODY)


def _leave(call: Call, job: Job) -> int:
    said = f"The job goes on. Watch it with: watchword job watch {job.id}"
    if call.as_json:
        raise Failure("interrupted", said, ExitCode.INTERRUPTED, more={"job": job.id})
    tell(said)
    return ExitCode.INTERRUPTED


async def _either(event: Awaitable[object], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event


def _now() -> float:
    return asyncio.get_running_loop().time()
