"""The memory of a server and of all its processes."""

from dataclasses import dataclass
from pathlib import Path

from cpu import tree


@dataclass(frozen=True)
class Footprint:
    """What it takes, in MiB: RSS counts what processes share for each of them, PSS once."""

    processes: int
    rss_mib: float
    pss_mib: float

    def told(self) -> str:
        return f"{self.rss_mib:.0f} / {self.pss_mib:.0f} MiB ({self.processes})"


def footprint(root: int) -> Footprint:
    sizes = [_sizes(pid) for pid in tree(root)]
    return Footprint(len(sizes), sum(rss for rss, _ in sizes), sum(pss for _, pss in sizes))


def _sizes(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)
    }
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024
