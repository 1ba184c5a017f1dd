"""Works on jobs and serves nobody: `watchword worker`, and who takes its place if there is none."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import uvloop

from watchword.app.house import House, make_folder, open_house
from watchword.app.start import check_directories, check_jobs, check_mail
from watchword.app.workshops import SERVER_LOCK, by_itself
from watchword.core.kernel.errors import CoreError
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.workshop import Workshop
from watchword.observability import log
from watchword.settings.handover import pack
from watchword.settings.model import Settings
from watchword.storage.private import give_to_owner_of

LOCKS = "worker-{}.lock"
"""Held by each worker of a machine, in the data folder; the number is its place."""

DETACHED = [sys.executable, "-P", "-m", "watchword.app.handed", "detached"]
"""Begins a worker that goes on without whoever began it."""

DETACHED_LOG = "worker.log"
LOG_BYTES_MAX = 1_000_000
DETACHED_IDLE_S = 10.0

LOOK_S = 2.0
"""How often a worker looks whether its place is still there."""

Make = Callable[[House], Workshop]


class MakeInPlace(Protocol):
    """Makes a workshop in a place of this machine that has a name."""

    def __call__(self, house: House, place: str, *, idle_s: float | None) -> Workshop: ...


STOPS = (signal.SIGTERM, signal.SIGINT)

_log = log.get_logger("watchword.jobs")

_detached: list["subprocess.Popen[bytes]"] = []
"""Nobody waits for them, and Python warns of a process that nobody knows any more."""


def work(settings: Settings, *, idle_s: float | None, on_ready: Callable[[], None]) -> None:
    """Work on all jobs until a signal says to stop, or there was none for so long.

    `on_ready` is called when it begins. Raises StartError with a sentence of what to do.
    """
    log.configure(settings.log.level, settings.log.format)
    log.catch_uncaught()
    check_mail(settings)
    check_directories(settings)
    work_in_place(settings, idle_s=idle_s, on_ready=on_ready)


def work_in_place(
    settings: Settings,
    *,
    idle_s: float | None,
    on_ready: Callable[[], None],
    make: MakeInPlace = by_itself,
) -> None:
    """Do so in the first place that is free."""
    make_folder(settings.folder)
    while _is_idle_after(settings, idle_s, on_ready, make) and is_a_job_left(settings):
        on_ready = _nothing


def run(
    settings: Settings,
    make: Make,
    *,
    on_ready: Callable[[], None] = lambda: None,
    lifeline: int | None = None,
    place: OnlyOne | None = None,
) -> bool:
    """Open the house and work in it; return whether that ended because nothing was to do.

    It ends too when a signal comes, the lifeline breaks, or somebody removes our place and the
    folder around it: there will be no more jobs, and a database that is away is waited for.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings, make, on_ready, lifeline, place))


def is_a_job_left(settings: Settings) -> bool:
    """Say whether there is a job that is not over.

    Who had nothing to do looks once more when its place is free: a job that was asked for
    while it closed the house was left to it.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_is_a_job_left(settings))


def is_somebody_working(settings: Settings) -> bool:
    """Say whether a process of this machine works on jobs, or will within a second."""
    folder = settings.folder
    places = (folder / SERVER_LOCK, *folder.glob(LOCKS.format("*")))
    return any(_is_held(place) for place in places)


def start_detached(settings: Settings) -> None:
    """Begin a worker that ends when there is nothing more to do, whatever becomes of us.

    What it has to say is in a file of the data folder.
    """
    told = open_log(settings.folder / DETACHED_LOG)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            DETACHED,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=told,
            start_new_session=True,
        )
    finally:
        os.close(told)
    _detached.append(process)
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(pack(settings) + b"\n")


def detached(settings: Settings) -> None:
    """Be such a worker."""
    work(settings, idle_s=DETACHED_IDLE_S, on_ready=lambda: None)


def _is_idle_after(
    settings: Settings, idle_s: float | None, on_ready: Callable[[], None], make: MakeInPlace
) -> bool:
    """Work in a place of our own; return whether that ended because nothing was to do."""
    with _place(settings.folder) as (name, place):
        return run(
            settings,
            lambda house: make(house, name, idle_s=idle_s),
            on_ready=on_ready,
            place=place,
        )


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def _place(folder: Path) -> Iterator[tuple[str, OnlyOne]]:
    """Hold the first place of this machine that no other worker has; return it with its name.

    So each worker has a name of its own, and one that is started after a crash has the name
    of before.
    """
    for number in count(1):
        lock = OnlyOne(folder / LOCKS.format(number))
        if lock.take():
            break
    try:
        yield f"worker-{number}", lock
    finally:
        lock.give()


async def _run(
    settings: Settings,
    make: Make,
    on_ready: Callable[[], None],
    lifeline: int | None,
    place: OnlyOne | None,
) -> bool:
    stopping = asyncio.Event()
    _listen(stopping, lifeline)
    async with open_house(settings) as house:
        check_jobs(house)
        workshop = make(house)
        on_ready()
        running = asyncio.create_task(workshop.run())
        ends = [asyncio.create_task(stopping.wait()), asyncio.create_task(_gone(place))]
        await asyncio.wait([running, *ends], return_when=asyncio.FIRST_COMPLETED)
        is_told = any(end.done() for end in ends)
        for end in ends:
            end.cancel()
        await workshop.close(running)
        is_told = is_told or stopping.is_set() or (place is not None and place.is_gone)
        return not is_told


async def _is_a_job_left(settings: Settings) -> bool:
    async with open_house(settings) as house:
        try:
            async with house.storage.open_work() as work:
                return await work.jobs.count_active() > 0
        except CoreError:
            return True  # nobody knows


async def _gone(place: OnlyOne | None) -> None:
    """Wait until the place is removed, for ever if there is none."""
    while place is None or not place.is_gone:  # noqa: ASYNC110 - a file that goes sets no event
        await asyncio.sleep(LOOK_S)
    _log.warning("no job can be worked on", reason="the data folder was removed")


def _listen(stopping: asyncio.Event, lifeline: int | None) -> None:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        stopping.set()
        if lifeline is None:
            # The second one ends us at once.
            for number in STOPS:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)

    def on_break(descriptor: int) -> None:
        loop.remove_reader(descriptor)
        stopping.set()

    loop.add_signal_handler(signal.SIGTERM, on_signal)
    if lifeline is None:
        loop.add_signal_handler(signal.SIGINT, on_signal)
    else:
        loop.add_reader(lifeline, on_break, lifeline)


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    lock = OnlyOne(path)
    if not lock.take():
        return True
    lock.give()
    return False


def open_log(path: Path) -> int:
    """Return a descriptor at the end of the file; at its beginning if it got long."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    give_to_owner_of(path.parent, descriptor)
    if os.fstat(descriptor).st_size > LOG_BYTES_MAX:
        os.ftruncate(descriptor, 0)
    return descriptor
