"""The files in which the workers of one server count together.

prometheus_client gives each process files of its own and adds them up for a reader. Left to
itself it stretches them, and writing to a stretched page on a full disk kills the process;
and the files of workers that died stay for ever. Here they are written out beforehand, and
what dead workers counted is put together into one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

# Room for some 4000 numbers, twenty times what one dialect needs; past it the library stretches.
_BYTES = {
    "counter": 2**18,
    "histogram": 2**20,
    "gauge_livesum": 2**14,
    "gauge_livemax": 2**14,
    "gauge_livemin": 2**14,
}
_ADDED_UP = ("counter", "histogram")
_DEAD = 0
"""Stands for the process id in the names of files with the sums of the dead."""


class MetricFiles:
    """A folder with the files of all workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self) -> None:
        """Make the folder, or empty the one that an earlier run left."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (*self.folder.glob("*.db"), *self.folder.glob("*.new")):
            path.unlink()

    def join(self) -> None:
        """Make the files of this process, and put those of the dead together."""
        with self._locked(fcntl.LOCK_EX):
            for kind, size in _BYTES.items():
                self._allocate(kind, os.getpid(), size)
            self._bury({pid for pid in self._pids() if not _is_alive(pid)})

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the set of files as it is while somebody adds them up."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def living(self) -> list[int]:
        """Return the ids of the processes that count here now."""
        return sorted(pid for pid in self._pids() if _is_alive(pid))

    def _pids(self) -> set[int]:
        pids = {int(path.stem.rpartition("_")[2]) for path in self.folder.glob("*.db")}
        return pids - {_DEAD}

    def _path(self, kind: str, pid: int) -> Path:
        return self.folder / f"{kind}_{pid}.db"

    def _allocate(self, kind: str, pid: int, size: int) -> None:
        path = self._path(kind, pid)
        if path.exists():
            return
        # Whole before it has its name: a reader cannot cope with an empty file.
        new = path.with_suffix(".new")
        new.write_bytes(bytes(size))
        new.rename(path)

    def _bury(self, dead: set[int]) -> None:
        for kind in _ADDED_UP:
            paths = [path for pid in dead if (path := self._path(kind, pid)).exists()]
            if paths:
                self._add_up(kind, paths)
        for pid in dead:
            for path in self.folder.glob(f"gauge_*_{pid}.db"):
                path.unlink()

    def _add_up(self, kind: str, paths: list[Path]) -> None:
        # Not at the top: the library must not be imported before metrics are prepared.
        mapped = import_module("prometheus_client.mmap_dict")
        collector = import_module("prometheus_client.multiprocess").MultiProcessCollector
        sums = self._path(kind, _DEAD)
        paths += [sums] if sums.exists() else []
        new = sums.with_suffix(".new")
        new.write_bytes(bytes(_BYTES[kind]))
        values = mapped.MmapedDict(str(new))
        for metric in collector.merge([str(path) for path in paths], accumulate=False):
            for name, labels, value, *_ in metric.samples:
                text = metric.documentation
                key = mapped.mmap_key(metric.name, name, list(labels), list(labels.values()), text)
                values.write_value(key, value, 0.0)
        values.close()
        # The old ones go first. Dying in between loses a count, and Prometheus knows a counter
        # that starts anew; the other order would count everything twice.
        for path in paths:
            path.unlink()
        new.rename(sums)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
