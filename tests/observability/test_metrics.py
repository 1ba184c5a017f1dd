"""What is counted, by one process and by several, and that the page says the same."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchword.observability.metrics import CONTENT_TYPE, LABEL_SETS_MAX, Metrics

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "observe.md"

# A worker that counts as its input says and answers each line, until it is killed.
WORKER = """
import sys
from watchword.observability.metrics import Metrics
metrics = Metrics(version="1.2.3")
for line in sys.stdin:
    if line == "show\\n":
        sys.stdout.write(metrics.render()[0].decode())
    else:
        metrics.request("asta", line.strip(), 200, 0.002)
        metrics.directory_seen("corp", is_up=line != "GET /a\\n")
        metrics.hash_places.inc()
        metrics.cache_misses.inc()
    print("done", flush=True)
"""


def samples(text: bytes | str) -> dict[str, float]:
    """Return the value of each series, by its name and labels as they are written."""
    lines = (text.decode() if isinstance(text, bytes) else text).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="1.2.3", argon2="native")


@pytest.fixture
def counted(metrics: Metrics) -> Metrics:
    """Metrics in which each family has something."""
    metrics.request("asta", "GET /api/auth/users/{id}", 200, 0.002)
    metrics.request("asta", "GET /api/auth/users/{id}", 404, 0.3)
    metrics.sign_in("asta", "signed_in")
    metrics.sign_in("asta", "wrong_credentials")
    metrics.letter("reset", "accepted")
    metrics.job("accounts.import", "completed")
    metrics.jobs_active.set(2)
    metrics.directory_asked("corp", "prove", 0.02)
    metrics.directory_seen("corp", is_up=True)
    metrics.refused(413)
    metrics.cache_hits.inc()
    metrics.cache_misses.inc()
    metrics.hash_seconds.observe(0.025)
    metrics.hash_places.inc()
    return metrics


class TestOneProcess:
    def test_everything_is_counted_under_its_name(self, counted: Metrics) -> None:
        """Each call shows as one series."""
        text, content_type = counted.render()

        found = samples(text)
        operation = 'dialect="asta",operation="GET /api/auth/users/{id}"'
        assert content_type == CONTENT_TYPE
        assert found[f'watchword_requests_total{{{operation},status="200"}}'] == 1
        assert found[f'watchword_requests_total{{{operation},status="404"}}'] == 1
        assert found[f"watchword_request_seconds_count{{{operation}}}"] == 2
        assert found[f"watchword_request_seconds_sum{{{operation}}}"] == pytest.approx(0.302)
        assert found['watchword_sign_ins_total{dialect="asta",outcome="signed_in"}'] == 1
        assert found['watchword_sign_ins_total{dialect="asta",outcome="wrong_credentials"}'] == 1
        assert found['watchword_letters_total{kind="reset",outcome="accepted"}'] == 1
        job = 'flow="accounts.import",state="completed"'
        assert found[f"watchword_jobs_total{{{job}}}"] == 1
        assert found["watchword_jobs_active"] == 2
        assert found['watchword_transport_refusals_total{status="413"}'] == 1
        assert found['watchword_token_cache_total{result="hit"}'] == 1
        assert found['watchword_token_cache_total{result="miss"}'] == 1
        asked = 'directory="corp",operation="prove"'
        assert found[f"watchword_directory_seconds_count{{{asked}}}"] == 1
        assert found['watchword_directory_up{directory="corp"}'] == 1
        assert found["watchword_hash_seconds_count"] == 1
        assert found["watchword_hash_places"] == 1
        assert found["process_resident_memory_bytes"] > 1e6

    def test_a_request_is_counted_by_its_size(self, counted: Metrics) -> None:
        """The histogram says how many answers took no longer than a bound."""
        found = samples(counted.render()[0])

        counts = {
            bound.group(1): value
            for name, value in found.items()
            if name.startswith("watchword_request_seconds_bucket")
            and (bound := re.search(r'le="([^"]+)"', name))
        }
        assert (counts["0.001"], counts["0.0025"], counts["0.25"]) == (0, 1, 1)
        assert (counts["0.5"], counts["+Inf"]) == (2, 2)

    def test_a_level_goes_down_again(self, metrics: Metrics) -> None:
        """Who leaves the line is no longer in it."""
        metrics.hash_places.inc()
        metrics.hash_places.inc()
        metrics.hash_places.dec()

        assert samples(metrics.render()[0])["watchword_hash_places"] == 1

    def test_a_directory_goes_and_comes(self, metrics: Metrics) -> None:
        """Before anybody looked nothing is said of it."""
        name = 'watchword_directory_up{directory="corp"}'
        before = samples(metrics.render()[0])
        metrics.directory_seen("corp", is_up=True)
        metrics.directory_seen("corp", is_up=False)

        assert name not in before
        assert samples(metrics.render()[0])[name] == 0

    def test_it_says_what_runs(self, metrics: Metrics) -> None:
        """A graph can show when a version came."""
        (line,) = [name for name in samples(metrics.render()[0]) if "build_info" in name]

        assert 'version="1.2.3"' in line
        assert 'argon2="native"' in line

    def test_two_do_not_mix(self, metrics: Metrics) -> None:
        """Nothing is kept outside of the object, so an app can be built twice."""
        Metrics(version="1").cache_misses.inc()

        assert samples(metrics.render()[0])['watchword_token_cache_total{result="miss"}'] == 0

    def test_labels_are_bounded(self, metrics: Metrics) -> None:
        """A slip that makes labels without end costs one series, not the memory."""
        for number in range(LABEL_SETS_MAX + 500):
            metrics.sign_in("asta", f"outcome {number}")

        found = {
            name: value
            for name, value in samples(metrics.render()[0]).items()
            if name.startswith("watchword_sign_ins_total")
        }
        assert len(found) == LABEL_SETS_MAX + 1
        assert found['watchword_sign_ins_total{dialect="other",outcome="other"}'] == 500

    def test_there_are_only_our_own_and_the_process(self, counted: Metrics) -> None:
        """No series of the library's own, and none that says since when another counts."""
        names = {name.partition("{")[0] for name in samples(counted.render()[0])}

        assert {name for name in names if not name.startswith(("watchword_", "process_"))} == set()
        assert not any(name.endswith("_created") for name in names)


class TestSeveralProcesses:
    def test_any_worker_answers_for_all(self, tmp_path: Path) -> None:
        """Counters, histograms and levels are added up; what one worker misses is missing."""
        with _workers(tmp_path, 2) as (one, other):
            _tell(one, "GET /a")
            _tell(other, "GET /a")
            _tell(other, "GET /b")

            answers = [samples(_tell(worker, "show")) for worker in (one, other)]

        for found in answers:
            labels = 'dialect="asta",operation="GET /a"'
            assert found[f'watchword_requests_total{{{labels},status="200"}}'] == 2
            assert found[f"watchword_request_seconds_count{{{labels}}}"] == 2
            assert found['watchword_token_cache_total{result="miss"}'] == 3
            assert found["watchword_hash_places"] == 3
            assert found['watchword_directory_up{directory="corp"}'] == 0
            assert sum("process_resident_memory_bytes" in name for name in found) == 2
            assert sum("build_info" in name for name in found) == 1

    def test_what_a_dead_worker_counted_stays_counted(self, tmp_path: Path) -> None:
        """Counters never go back; levels and files of the dead go."""
        for _ in range(3):
            with _workers(tmp_path, 1) as (mortal,):
                _tell(mortal, "GET /a")
        with _workers(tmp_path, 1) as (heir,):
            found = samples(_tell(heir, "show"))
            names = sorted(path.name for path in (tmp_path / "metrics").glob("*.db"))

        labels = 'dialect="asta",operation="GET /a"'
        assert found[f'watchword_requests_total{{{labels},status="200"}}'] == 3
        assert found[f"watchword_request_seconds_count{{{labels}}}"] == 3
        assert (
            found[f'watchword_request_seconds_bucket{{dialect="asta",le="0.0025",{labels[15:]}}}']
            == 3
        )
        assert found["watchword_hash_places"] == 0
        assert names == [
            "counter_0.db",
            f"counter_{heir.pid}.db",
            f"gauge_livemax_{heir.pid}.db",
            f"gauge_livemin_{heir.pid}.db",
            f"gauge_livesum_{heir.pid}.db",
            "histogram_0.db",
            f"histogram_{heir.pid}.db",
        ]

    def test_a_new_run_begins_at_zero(self, tmp_path: Path) -> None:
        """What an earlier run left is gone, the sums of its dead as well."""
        for _ in range(2):
            with _workers(tmp_path, 1) as (worker,):
                _tell(worker, "GET /a")
        _prepare(tmp_path)

        with _workers(tmp_path, 1) as (worker,):
            found = samples(_tell(worker, "show"))

        assert found['watchword_token_cache_total{result="miss"}'] == 0

    def test_files_have_their_room_from_the_start(self, tmp_path: Path) -> None:
        """A disk that fills up later cannot kill a worker that counts."""
        with _workers(tmp_path, 1) as (worker,):
            _tell(worker, "GET /")
            before = _sizes(tmp_path)
            for number in range(200):
                _tell(worker, f"GET /{number}")
            after = _sizes(tmp_path)

        assert len(before) == 5
        assert after == before
        assert all(used >= size for size, used in before.values())

    def test_forked_workers_count_for_themselves(self, tmp_path: Path) -> None:
        """The server forks its workers from a parent that has the library already."""
        code = (
            "import os, pathlib, sys\n"
            "from watchword.observability.metrics import Metrics, prepare\n"
            f"prepare(pathlib.Path({str(tmp_path)!r}))\n"
            "for _ in range(2):\n"
            "    if os.fork() == 0:\n"
            "        Metrics(version='1').cache_misses.inc()\n"
            "        os._exit(0)\n"
            "    os.wait()\n"
            "metrics = Metrics(version='1')\n"
            "metrics.cache_misses.inc()\n"
            "sys.stdout.buffer.write(metrics.render()[0])\n"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

        assert samples(done.stdout)['watchword_token_cache_total{result="miss"}'] == 3


class TestPrepare:
    def test_it_comes_before_the_library(self, tmp_path: Path) -> None:
        """Too late is a mistake of ours, and is told rather than counted wrongly."""
        code = (
            "import pathlib, prometheus_client\n"
            "from watchword.observability.metrics import prepare\n"
            f"prepare(pathlib.Path({str(tmp_path)!r}))"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

        assert b"RuntimeError: prometheus_client was imported before" in done.stderr

    def test_one_process_ignores_a_folder_of_somebody_else(self, tmp_path: Path) -> None:
        """A variable that is left in the environment does not make one process write files."""
        code = (
            "from watchword.observability.metrics import Metrics, prepare\n"
            "prepare(None)\n"
            "Metrics(version='1').cache_misses.inc()"
        )
        environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

        subprocess.run([sys.executable, "-c", code], env=environ, check=True)

        assert list(tmp_path.iterdir()) == []

    def test_the_folder_is_ours_alone(self, tmp_path: Path) -> None:
        """Nobody else may read or write the counts."""
        _prepare(tmp_path)

        assert (tmp_path / "metrics").stat().st_mode & 0o777 == 0o700


class TestPage:
    def test_the_page_names_each_metric_and_no_other(self, counted: Metrics) -> None:
        """Kind and labels stand on the page as they are."""
        rows = r"^\| `((?:watchword|process)_[a-z_]+)` \| ([^|]+) \|"
        told = dict(re.findall(rows, PAGE.read_text("utf-8"), re.MULTILINE))

        text = counted.render()[0].decode()
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        labels = {name: _labels(text, name) for name in kinds}
        assert told == {
            name: kind + (f" by {', '.join(labels[name])}" if labels[name] else "")
            for name, kind in kinds.items()
        }


def _labels(text: str, name: str) -> list[str]:
    series = re.findall(rf"^{name}(?:_count)?{{(.*)}} ", text, re.MULTILINE)
    return re.findall(r'(\w+)="', series[0]) if series else []


def _prepare(folder: Path) -> None:
    code = (
        "import pathlib\n"
        "from watchword.observability.metrics import prepare\n"
        f"prepare(pathlib.Path({str(folder / 'metrics')!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@contextmanager
def _workers(folder: Path, count: int) -> Iterator[tuple["subprocess.Popen[str]", ...]]:
    """Run workers that count together, and kill them at the end."""
    shared = folder / "metrics"
    if not shared.exists():
        _prepare(folder)
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)}
    workers = tuple(
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    )
    try:
        yield workers
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()


def _tell(worker: "subprocess.Popen[str]", line: str) -> str:
    """Give a worker a line, and return what it says before it is done with it."""
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()
    said = []
    while (answer := worker.stdout.readline()) != "done\n":
        assert answer, "the worker has ended"
        said.append(answer)
    return "".join(said)


def _sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size of each file, and how much of the disk it has."""
    found = {path.name: path.stat() for path in (folder / "metrics").glob("*.db")}
    return {name: (status.st_size, status.st_blocks * 512) for name, status in found.items()}
