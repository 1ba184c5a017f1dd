"""Several workers: forked from one parent, which watches over them and serves nothing itself.

Forked rather than spawned: the parent has imported everything, so a worker starts, and
starts again after a crash, in milliseconds, and the workers share that memory. The price is
that the parent must be quiet when it forks: no thread, no open database.

The parent listens to two pipes. On its status pipe a worker says that it is ready or why it
failed; when the worker is gone, however it died, the pipe breaks. The lifeline is the other
way round: its far end is open as long as the parent lives, so nobody serves on without it.
"""

import gc
import logging
import os
import selectors
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from watchword.http.listening import ServeError

LOG = logging.getLogger(__name__)

CRASHES_MAX = 5
CRASH_WINDOW_S = 10.0
FIRST_DELAY_S = 0.1
RETRY_S = 2.0
"""How often a worker that cannot start is tried again while others serve."""
GRACE_MORE_S = 1.0
"""How much longer than the grace the parent waits before it kills."""
MESSAGE_BYTES_MAX = 2000
"""Less than a pipe writes in one piece."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
READY = b"+"
FAILED = b"-"


@dataclass(frozen=True, slots=True)
class Post:
    """What a worker needs to stay in touch with its parent."""

    status: int
    lifeline: int

    def ready(self) -> None:
        self._say(READY)

    def failed(self, reason: str) -> None:
        self._say(FAILED + reason.encode()[:MESSAGE_BYTES_MAX])

    def _say(self, message: bytes) -> None:
        with suppress(BrokenPipeError):  # the parent is gone; the lifeline will tell
            os.write(self.status, message)


@dataclass(slots=True)
class _Worker:
    """What the parent knows of a worker."""

    index: int
    pid: int
    status: int
    ready: bool = False
    reason: str = ""


@dataclass(slots=True)
class _Crashes:
    """How often workers died lately."""

    moments: deque[float] = field(default_factory=deque)

    def add(self, now: float) -> int:
        self.moments.append(now)
        while self.moments[0] <= now - CRASH_WINDOW_S:
            self.moments.popleft()
        return len(self.moments)


class Supervisor:
    """Starts the workers, starts them again, and stops them."""

    def __init__(
        self,
        work: Callable[[int, Post], int],
        *,
        count: int,
        grace_seconds: float,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
    ) -> None:
        self._work = work
        self._count = count
        self._grace_seconds = grace_seconds
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._workers: dict[int, _Worker] = {}  # by status pipe
        self._due: dict[int, float] = {}  # when to start which index again
        self._crashes = _Crashes()
        self._announced = False
        self._stopping: float | None = None  # when those who still live are killed
        self._signals: list[int] = []
        self._exit_code = 0
        self._reason = ""
        self._lifeline, self._lifeline_end = os.pipe()
        self._bell, self._bell_end = os.pipe()
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Return the exit code after a stop; raise ServeError if the workers cannot go on."""
        assert threading.active_count() == 1, "a fork copies no thread, but what threads had locked"
        gc.freeze()  # a collection in a worker would write to all that it shares with the others
        before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        os.set_blocking(self._bell_end, False)
        signal.set_wakeup_fd(self._bell_end, warn_on_full_buffer=False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        try:
            for index in range(self._count):
                self._start(index)
            while self._workers or self._due:
                self._turn()
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._close()
        if self._reason:
            raise ServeError(self._reason)
        return self._exit_code

    def _turn(self) -> None:
        """Wait for something to happen, and see to it."""
        for key, _ in self._selector.select(self._patience()):
            heard = os.read(key.fd, 2 * MESSAGE_BYTES_MAX)
            if key.fd != self._bell:
                self._hear(self._workers[key.fd], heard)
        while self._signals:
            self._obey(self._signals.pop(0))
        now = time.monotonic()
        if self._stopping is not None and now >= self._stopping:
            self._signal_all(signal.SIGKILL)
            self._stopping = now + GRACE_MORE_S
            self._exit_code = self._exit_code or 1
        for index in [index for index, due in self._due.items() if due <= now]:
            del self._due[index]
            self._start(index)

    def _patience(self) -> float | None:
        moments = [*self._due.values(), *([] if self._stopping is None else [self._stopping])]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the handler's shape)
        self._signals.append(number)

    # Starting

    def _start(self, index: int) -> None:
        status, status_end = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the worker's own handlers would be noted in vain there.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(status)
            self._become_worker(index, status_end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        os.close(status_end)
        self._workers[status] = _Worker(index, pid, status)
        self._selector.register(status, selectors.EVENT_READ)

    def _become_worker(self, index: int, status_end: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            # Ctrl+C reaches the whole group; the parent passes it on as SIGTERM.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            os.close(self._lifeline_end)
            for status in self._workers:
                os.close(status)
            code = self._work(index, Post(status_end, self._lifeline))
        except Exception:
            LOG.exception("Worker %d failed", index)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # what the parent has on its stack is not the worker's to clean up

    # Watching

    def _hear(self, worker: _Worker, heard: bytes) -> None:
        if not heard:
            self._lose(worker)
        elif heard[:1] == FAILED:
            worker.reason = heard[1:].decode("utf-8", "replace")
        else:
            worker.ready = True
            if not self._announced and self._all_ready():
                self._announced = True
                self._on_ready()

    def _all_ready(self) -> bool:
        ready = [worker.index for worker in self._workers.values() if worker.ready]
        return len(ready) == self._count

    def _lose(self, worker: _Worker) -> None:
        """See to a worker that is gone."""
        self._selector.unregister(worker.status)
        os.close(worker.status)
        del self._workers[worker.status]
        code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if self._stopping is not None:
            ended_as_told = code in (0, -signal.SIGTERM)  # the latter before it had started
            self._exit_code = self._exit_code or (0 if ended_as_told else 1)
        elif worker.reason and not self._announced:
            self._give_up(worker.reason)
        else:
            self._replace(worker, code)

    def _replace(self, worker: _Worker, code: int) -> None:
        now = time.monotonic()
        why = worker.reason or f"exit code {code}"
        LOG.error("Worker %d ended (%s) and is started again", worker.index, why)
        if worker.reason and any(other.ready for other in self._workers.values()):
            # The database may be down: those who are up serve on, and this one tries again.
            self._due[worker.index] = now + RETRY_S
            return
        count = self._crashes.add(now)
        if count >= CRASHES_MAX:
            self._give_up(
                f"Workers ended {count} times within {CRASH_WINDOW_S:.0f} seconds "
                f"(the last one: {why}). The log says more."
            )
            return
        self._due[worker.index] = now + FIRST_DELAY_S * 2 ** (count - 1)

    # Stopping

    def _obey(self, number: int) -> None:
        if self._stopping is None:
            self._stop()
            return
        self._exit_code = 128 + number
        self._signal_all(signal.SIGKILL)

    def _give_up(self, reason: str) -> None:
        self._reason = reason
        self._stop()

    def _stop(self) -> None:
        self._stopping = time.monotonic() + self._grace_seconds + GRACE_MORE_S
        self._due.clear()
        self._on_stop()
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: int) -> None:
        # A worker that is gone but not waited for is still ours, so the number cannot be another's.
        for worker in self._workers.values():
            os.kill(worker.pid, number)

    def _close(self) -> None:
        self._selector.close()
        for end in (self._lifeline, self._lifeline_end, self._bell, self._bell_end):
            os.close(end)
