"""The process beside a server in which heavy jobs run: begun when there is one, and watched.

What it must know goes through its stdin, so that no secret stands where others can read it;
and stdin stays open as long as this process lives, so that the child hears of our end, however
we end. Through its stdout it says what became of each job.
"""

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from watchword.jobs.worker import OnLeft
from watchword.observability.log import get_logger

PAUSE_FIRST_S = 1.0
PAUSE_LONGEST_S = 30.0
LIVES_S = 5.0
"""Who lived so long did not die at once."""

_log = get_logger("watchword.jobs")


class Left(msgspec.Struct, frozen=True, array_like=True):
    """A turn of a job ended: what the child says, a line each."""

    flow: str
    state: str


class Child:
    """At most one such process at a time. `wake` begins one, unless it runs, or just died again.

    It ends by itself when there is nothing to do. `command` must speak as above.
    """

    def __init__(self, command: Sequence[str], *, told: bytes, on_left: OnLeft) -> None:
        self._command = command
        self._told = told
        self._on_left = on_left
        self._task: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self._is_stopping = False
        self._deaths = 0  # in a row, soon after its beginning
        self._not_before = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether there is one, or will be in a moment."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Have one run soon."""
        if not (self.is_alive or self._is_stopping) and _now() >= self._not_before:
            self._task = asyncio.create_task(self._live())

    def stop(self) -> None:
        """Begin none any more, and tell the one that runs to end."""
        self._is_stopping = True
        if self._process is not None:
            _hang_up(self._process)

    async def ended(self) -> None:
        """Wait until the one that runs is gone."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def kill(self) -> None:
        """End it now. Another may be begun, unless `stop` was called."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _live(self) -> None:
        begun_at = _now()
        try:
            code = await self._follow()
        except OSError as error:  # the machine has no room for one more process
            _log.warning("process for heavy jobs cannot begin", reason=error.strerror)
            code = None
        lived_s = _now() - begun_at
        self._deaths = 0 if code == 0 or lived_s >= LIVES_S else self._deaths + 1
        self._not_before = _now() + pause_after(self._deaths)
        if code and not self._is_stopping:
            _log.warning("process for heavy jobs died", code=code, lived_s=round(lived_s, 1))

    async def _follow(self) -> int:
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)
        self._process = process
        try:
            await self._tell(process)
            assert process.stdout is not None
            async for line in process.stdout:
                self._hear(line)
            return await process.wait()
        finally:
            self._process = None
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _tell(self, process: Process) -> None:
        assert process.stdin is not None
        process.stdin.write(self._told + b"\n")
        with suppress(ConnectionError):  # it died, and its exit code says so
            await process.stdin.drain()
        if self._is_stopping:
            _hang_up(process)

    def _hear(self, line: bytes) -> None:
        with suppress(msgspec.MsgspecError):
            left = msgspec.json.decode(line, type=Left)
            self._on_left(left.flow, left.state)


class Report:
    """The child's side: says what became of jobs to whoever began it, while somebody hears it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, flow: str, state: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, msgspec.json.encode(Left(flow, state)) + b"\n")


def _hang_up(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()


def pause_after(deaths: int) -> float:
    """Return how long to wait after so many deaths in a row: not at all after the first."""
    return min(PAUSE_FIRST_S * 2 ** (deaths - 2), PAUSE_LONGEST_S) if deaths > 1 else 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()
