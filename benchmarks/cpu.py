"""Who used the processors during a turn: the server, the load, and everybody else.

All in % of one core, from what the kernel counts in ticks of 10 ms: /proc/stat for the machine
and /proc/PID/stat for each process of a tree, with the children that ended. Time that the host
took from a virtual machine counts as everybody else's.
"""

import os
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeVar

OTHERS_MAX = 12.0
"""Above this a turn is marked as disturbed: it is shown, and counted, and not left out."""

TICKS = os.sysconf("SC_CLK_TCK")
Done = TypeVar("Done")


@dataclass(frozen=True, kw_only=True)
class Used:
    """What was used in so many seconds, in % of one core, by whom."""

    seconds: float
    servers: dict[str, float] = field(default_factory=dict)
    load: float = 0.0
    others: float = 0.0

    @property
    def server(self) -> float:
        return sum(self.servers.values())

    @property
    def is_disturbed(self) -> bool:
        return self.others > OTHERS_MAX


@dataclass(frozen=True)
class _Look:
    at: float
    machine: float
    servers: dict[str, float]
    load: float


def watched(pids: Mapping[str, int], action: Callable[[], Done]) -> tuple[Done, Used]:
    """Do something, and say who used the processors meanwhile.

    The load is this process and the children that it waited for (wrk is one). Each server is
    known by the process at the root of its tree, and must live until the end.
    """
    before = _look(pids)
    done = action()
    return done, _between(before, _look(pids))


def _look(pids: Mapping[str, int]) -> _Look:
    servers = {name: tree_seconds(pid) for name, pid in pids.items()}
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    load = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return _Look(perf_counter(), machine_seconds(), servers, load)


def _between(before: _Look, after: _Look) -> Used:
    seconds = after.at - before.at
    servers = {name: after.servers[name] - before.servers[name] for name in after.servers}
    load = after.load - before.load
    # What others used is what is left, so it can come out as a tick or two below nothing.
    others = max(0.0, after.machine - before.machine - load - sum(servers.values()))
    return Used(
        seconds=round(seconds, 3),
        servers={name: round(100 * used / seconds, 1) for name, used in servers.items()},
        load=round(100 * load / seconds, 1),
        others=round(100 * others / seconds, 1),
    )


def machine_seconds() -> float:
    """Return for how long the processors were busy, or taken away by the host."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def tree_seconds(root: int) -> float:
    """Return what a process and all below it used, those that ended included."""
    return sum(map(_ticks, tree(root))) / TICKS


def tree(root: int) -> Iterator[int]:
    """Go through a process and all below it."""
    yield root
    # Who ends while we look has left its time with its parent.
    with suppress(OSError):
        for thread in Path(f"/proc/{root}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child))


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The name may hold spaces and brackets; utime, stime, cutime, cstime are fields 14 to 17.
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))
