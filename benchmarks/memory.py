"""What a running process holds, as the kernel counts it."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024


@dataclass(frozen=True)
class Held:
    """Memory of one process in MiB, and how many threads and open files it has."""

    rss: float
    pss: float
    private: float
    threads: int
    files: int


def held_by(pid: int) -> Held:
    place = Path(f"/proc/{pid}")
    sizes = _sizes((place / "smaps_rollup").read_text("ascii"))
    return Held(
        rss=sizes["Rss"],
        pss=sizes["Pss"],
        private=sizes["Private_Clean"] + sizes["Private_Dirty"],
        threads=len(list((place / "task").iterdir())),
        files=len(list((place / "fd").iterdir())),
    )


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def _sizes(rollup: str) -> dict[str, float]:
    lines = (line.split() for line in rollup.splitlines()[1:])
    return {name.rstrip(":"): int(size) / MIB for name, size, *_ in lines}
