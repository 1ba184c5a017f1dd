"""Wires where jobs are worked on: in a server, beside it, and in `watchword worker`."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from watchword.app.flows import LETTERS_LOCK
from watchword.app.house import House
from watchword.core.jobs.model import Lane
from watchword.core.jobs.queue import Queue
from watchword.jobs.child import Child
from watchword.jobs.dispatcher import Dispatcher, Look
from watchword.jobs.lanesqueue import LanesQueue
from watchword.jobs.latequeue import LateQueue
from watchword.jobs.leasequeue import LeaseQueue
from watchword.jobs.mailcall import MailCall
from watchword.jobs.onlyone import OnlyOne
from watchword.jobs.schedule import Schedule
from watchword.jobs.worker import OnLeft, Worker, ignored
from watchword.jobs.workshop import Workshop
from watchword.observability.metrics import Metrics
from watchword.settings.handover import pack
from watchword.settings.model import Settings

SERVER_LOCK = "jobs.lock"
"""Held by the process of a server that looks after jobs, in the data folder."""

BESIDE_LOCK = "jobs-heavy.lock"
"""Held by the process beside a server."""

BESIDE = [sys.executable, "-P", "-m", "watchword.app.handed", "beside"]
"""Begins that process. -P: no file of the folder we happen to be in is taken for a module."""

IDLE_S = 10.0
"""How long the process beside a server waits for another job."""

EARLIER = 0.8
"""It has a little less time to end than the server, which kills it in the end."""


def in_server(house: House, metrics: Metrics) -> Workshop:
    """Return that of a server: light jobs in its own process, heavy ones in another."""
    child = Child(BESIDE, told=pack(house.settings), on_left=metrics.job)
    return _workshop(
        house,
        "light",
        lanes=[Lane.LIGHT],
        looks=_looks(house),
        on_active=metrics.jobs_active.set,
        on_left=metrics.job,
        lock=OnlyOne(house.settings.folder / SERVER_LOCK),
        child=child,
    )


def beside_server(house: House, on_left: OnLeft) -> Workshop:
    """Return that of the process beside a server, which begins jobs by itself and nothing else."""
    return _workshop(
        house,
        "heavy",
        lanes=[Lane.HEAVY],
        on_left=on_left,
        lock=OnlyOne(house.settings.folder / BESIDE_LOCK),
        idle_s=IDLE_S,
        grace_s=EARLIER * house.settings.server.shutdown_timeout_s,
    )


def by_itself(house: House, place: str, *, idle_s: float | None) -> Workshop:
    """Return that of `watchword worker`, in a place of this machine that nobody else has."""
    return _workshop(house, place, lanes=list(Lane), looks=_looks(house), idle_s=idle_s)


def _workshop(
    house: House,
    place: str,
    *,
    lanes: Sequence[Lane],
    looks: Sequence[Look] = (),
    on_active: Callable[[int], None] = lambda _: None,
    on_left: OnLeft = ignored,
    lock: OnlyOne | None = None,
    child: Child | None = None,
    idle_s: float | None = None,
    grace_s: float = 0.0,
) -> Workshop:
    # The same name after each start: what was left by a process that was killed is taken up.
    queue = _queue(house, lanes, holder=f"{house.journal.holder}:{place}")
    services, open_work = house.services, house.storage.open_work
    return Workshop(
        dispatcher=Dispatcher(
            open_work=open_work,
            runs=services.job_runs,
            queue=queue,
            looks=looks,
            on_active=on_active,
        ),
        worker=Worker(
            services=services,
            open_work=open_work,
            book=house.book,
            clock=house.clock,
            on_left=on_left,
        ),
        queue=queue,
        lanes=lanes,
        lock=lock,
        child=child,
        idle_s=idle_s,
        grace_s=grace_s or house.settings.server.shutdown_timeout_s,
    )


def _looks(house: House) -> Sequence[Look]:
    schedule = Schedule(
        jobs=house.services.jobs,
        book=house.book,
        times=house.settings.jobs.schedules,
        open_work=house.storage.open_work,
        clock=house.clock,
    )
    mail = MailCall(
        services=house.services,
        open_work=house.storage.open_work,
        clock=house.clock,
        randomness=house.randomness,
        lock=house.settings.folder / LETTERS_LOCK,
    )
    return (mail.look, schedule.look)


def _queue(house: House, lanes: Sequence[Lane], *, holder: str) -> Queue:
    """Return the queue. Who works on several lanes has places for each: none waits for another."""
    if house.settings.database_file is None:
        late = LateQueue(lambda: _procrastinate(house.settings))
        return late if len(lanes) == 1 else LanesQueue(dict.fromkeys(lanes, late))
    if len(lanes) == 1:
        return _leases(house, holder)
    return LanesQueue({lane: _leases(house, f"{holder}:{lane}") for lane in lanes})


def _leases(house: House, holder: str) -> Queue:
    return LeaseQueue(
        house.storage.lease_desk, clock=house.clock, randomness=house.randomness, holder=holder
    )


async def _procrastinate(settings: Settings) -> Queue:
    # Most of a second, which nobody who is served meanwhile should wait for.
    await asyncio.to_thread(import_module, "watchword.jobs.procrastinatequeue")
    from watchword.jobs.procrastinatequeue import ProcrastinateQueue  # noqa: PLC0415 - see above

    return ProcrastinateQueue(settings.database, pooler=settings.postgres.pooler)
