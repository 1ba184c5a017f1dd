"""Metrics for Prometheus: what is counted, under which names, in one process or in several.

No label has a name, an id or a path that a caller chose. Each family has a bounded number
of label sets; what comes after them is counted as `other`.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from watchword.observability.metric_files import MetricFiles

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
    from prometheus_client.metrics import MetricWrapperBase

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
OTHER = "other"
LABEL_SETS_MAX = 1000

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DIRECTORY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
HASH_BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)

_Together = Literal["livesum", "livemax", "livemin"]
"""What the levels of several workers are together."""

Child = TypeVar("Child", bound="MetricWrapperBase")


def prepare(folder: Path | None) -> None:
    """Choose where several workers count together; None counts in this process alone.

    Whoever starts the workers calls it once, before any `Metrics` and before the fork. What
    an earlier run left in the folder goes.
    """
    if "prometheus_client" in sys.modules:
        # It decides at its import whether it counts for one process or for several.
        raise RuntimeError("prometheus_client was imported before metrics were prepared")
    environ = os.environ  # noqa: TID251 - written: the library takes its folder from there alone
    environ.pop(FOLDER_VARIABLE.lower(), None)
    environ.pop(FOLDER_VARIABLE, None)
    if folder is not None:
        MetricFiles(folder).begin()
        environ[FOLDER_VARIABLE] = str(folder)
        # Before the fork, so that the workers share what it takes.
        import_module("prometheus_client.multiprocess")


class Bound(Generic[Child]):
    """The children of one family. Each is made once; after that it is one look into a dict."""

    def __init__(self, family: Child, label_count: int) -> None:
        self._family = family
        self._other = (OTHER,) * label_count
        self._children: dict[tuple[object, ...], Child] = {}

    def of(self, *labels: object) -> Child:
        """Return the child with these labels, or that of all others when there are too many."""
        child = self._children.get(labels)
        if child is None:
            if len(self._children) >= LABEL_SETS_MAX and labels != self._other:
                return self.of(*self._other)
            child = self._family.labels(*map(str, labels)) if labels else self._family
            self._children[labels] = child
        return child


class Metrics:
    """Everything that one process counts. Each worker makes its own, after the fork."""

    def __init__(self, *, version: str, argon2: str = "") -> None:
        self._files = _shared_files()
        self._make = _Maker()
        count, spread, level = self._make.counters, self._make.spreads, self._make.level
        self._requests = count("requests", "Requests answered.", "dialect", "operation", "status")
        self._seconds = spread(
            "request_seconds", "Time to answer.", REQUEST_BUCKETS, "dialect", "operation"
        )
        self._sign_ins = count("sign_ins", "Attempts to sign in.", "dialect", "outcome")
        self._letters = count("letters", "Letters handed to the mail server.", "kind", "outcome")
        self._jobs = count("jobs", "Turns of jobs that ended.", "flow", "state")
        self._refusals = count("transport_refusals", "Requests refused unread.", "status")
        self._directory_seconds = spread(
            "directory_seconds",
            "Time a directory took, or did not answer in.",
            DIRECTORY_BUCKETS,
            "directory",
            "operation",
        )
        self._directory_up = self._make.levels(
            "directory_up", "Whether a controller answers.", "livemin", "directory"
        )
        cache = count("token_cache", "Tokens looked for among those verified before.", "result")
        self.cache_hits = cache.of("hit")
        self.cache_misses = cache.of("miss")
        self.hash_seconds = spread("hash_seconds", "Time of one hash.", HASH_BUCKETS).of()
        self.hash_places = level("hash_places", "Callers that wait for a hash.", "livesum")
        self.jobs_active = level("jobs_active", "Jobs that are not over.", "livesum")
        about = {"version": version, "python": python_version(), "argon2": argon2}
        level("build_info", "What runs.", "livemax", **about).set(1)

    def request(self, dialect: str, operation: str, status: int, seconds: float) -> None:
        """Count an answer. The operation is a method and a path's pattern, never a path."""
        self._requests.of(dialect, operation, status).inc()
        self._seconds.of(dialect, operation).observe(seconds)

    def sign_in(self, dialect: str, outcome: str) -> None:
        """Count an attempt; the outcome is a Refusal's word, or `signed_in`."""
        self._sign_ins.of(dialect, outcome).inc()

    def letter(self, kind: str, outcome: str) -> None:
        """Count a try to send a letter, by what became of it."""
        self._letters.of(kind, outcome).inc()

    def job(self, flow: str, state: str) -> None:
        """Count a turn of a job that ended, by where the job is then."""
        self._jobs.of(flow, state).inc()

    def directory_asked(self, directory: str, operation: str, seconds: float) -> None:
        """Count a question to a directory that the settings name, by how long it took."""
        self._directory_seconds.of(directory, operation).observe(seconds)

    def directory_seen(self, directory: str, *, is_up: bool) -> None:
        """Say whether a directory answers."""
        self._directory_up.of(directory).set(int(is_up))

    def refused(self, status: int) -> None:
        """Count a request that the transport refused before anybody read it."""
        self._refusals.of(status).inc()

    def render(self) -> tuple[bytes, str]:
        """Return what Prometheus asks for, over all workers, and its content type."""
        from prometheus_client import generate_latest  # noqa: PLC0415 - `prepare` comes first

        with self._files.reading() if self._files else nullcontext():
            registry = _all_workers(self._files) if self._files else self._make.registry
            return generate_latest(registry), CONTENT_TYPE


class _Maker:
    """Makes families under our name, in a registry without the library's own collectors."""

    def __init__(self) -> None:
        import prometheus_client  # noqa: PLC0415 - `prepare` comes first

        # Else each counter has a second series that says since when it counts.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # it has none
        self._library = prometheus_client
        self.registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)

    def counters(self, name: str, text: str, *labels: str) -> "Bound[Counter]":
        family = self._library.Counter(f"watchword_{name}", text, labels, registry=self.registry)
        return Bound(family, len(labels))

    def spreads(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> "Bound[Histogram]":
        family = self._library.Histogram(
            f"watchword_{name}", text, labels, buckets=buckets, registry=self.registry
        )
        return Bound(family, len(labels))

    def level(self, name: str, text: str, mode: _Together, **labels: str) -> "Gauge":
        """Make a gauge."""
        family = self._gauges(name, text, mode, tuple(labels))
        return family.labels(**labels) if labels else family

    def levels(self, name: str, text: str, mode: _Together, *labels: str) -> "Bound[Gauge]":
        """Make gauges that differ in the values of their labels."""
        return Bound(self._gauges(name, text, mode, labels), len(labels))

    def _gauges(self, name: str, text: str, mode: _Together, labels: tuple[str, ...]) -> "Gauge":
        return self._library.Gauge(
            f"watchword_{name}", text, labels, multiprocess_mode=mode, registry=self.registry
        )


class _Processes:
    """Memory, processor time and open files of each worker."""

    def __init__(self, files: MetricFiles) -> None:
        self._files = files

    def collect(self) -> Iterable["Metric"]:
        from prometheus_client import Metric, ProcessCollector  # noqa: PLC0415 - `prepare` is first

        families: dict[str, Metric] = {}
        for pid in self._files.living():
            for one in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                family = families.setdefault(
                    one.name, Metric(one.name, one.documentation, one.type)
                )
                for sample in one.samples:
                    family.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        return families.values()


def _shared_files() -> MetricFiles | None:
    """Return the files that this process shares with other workers, ready for it."""
    from prometheus_client.values import ValueClass  # noqa: PLC0415 - `prepare` comes first

    if not ValueClass._multiprocess:  # noqa: SLF001 - it says so nowhere else
        return None
    files = MetricFiles(Path(os.environ[FOLDER_VARIABLE]))  # noqa: TID251 - as in `prepare`
    files.join()
    return files


def _all_workers(files: MetricFiles) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - `prepare` comes first
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - the same

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(files.folder))  # type: ignore[no-untyped-call] # as above
    registry.register(_Processes(files))
    return registry
