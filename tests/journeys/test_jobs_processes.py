"""Which processes work on jobs: how many there are, when they come, and how they end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from journeys import jobs
from journeys.people import WITH_ADMIN
from parts import database
from parts.jobworker import working
from parts.line import Line
from parts.server import FOR_ALL, Server, Store, command, environment, serving
from parts.slowflow import FLOW, installed
from parts.waiting import until
from watchword.app.worker import DETACHED_LOG, is_somebody_working
from watchword.settings.load import load

pytestmark = pytest.mark.slow

SETTINGS = {**WITH_ADMIN, **FOR_ALL}
ELSEWHERE = {"WATCHWORD_JOBS__IN_SERVER": "false"}
IDLE_S = 20.0
AT_ONCE_S = 8.0
"""Less than a lease lasts, and than the time of grace."""


# What `watchword job start` does when it finds nobody.
DETACHES = """
import sys
from pathlib import Path
from watchword.app.worker import start_detached
from watchword.settings.load import load
start_detached(load(environ={}, overrides={"data": sys.argv[1]}))
"""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return SETTINGS | installed(tmp_path / "site")


@pytest.mark.parametrize("workers", [1, 2])
async def test_one_process_comes_for_heavy_jobs_and_goes(
    sqlite_store: Store, settings: dict[str, str], workers: int
) -> None:
    """However many serve; what it does is counted with the rest."""
    with serving(sqlite_store, "--workers", str(workers), settings=settings) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            before = heavy(server)
            started = [await runner.start(FLOW, to=10) for _ in range(3)]
            [_] = [await runner.is_at(job, "Running", "Completed") for job in started[:1]]
            meanwhile = heavy(server)
            ended = [(await runner.ended(job))["attempts"] for job in started]
            metrics = (await line.ask("GET", "/metrics")).body.decode()

        until(lambda: not heavy(server), within=IDLE_S)

    assert (before, len(meanwhile), ended) == ([], 1, [1, 1, 1])
    assert f'watchword_jobs_total{{flow="{FLOW}",state="completed"}} 3.0' in metrics
    assert '"level":"error"' not in server.told()


async def test_another_worker_looks_after_jobs_when_one_is_killed(
    sqlite_store: Store, settings: dict[str, str]
) -> None:
    """The process beside it hears of it, and leaves its job to the next one's."""
    with serving(sqlite_store, "--workers", "2", settings=settings) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start(FLOW, to=60)
            await runner.done(job, 5)
        [beside] = heavy(server)
        os.kill(parent_of(beside), signal.SIGKILL)
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            ended = await runner.ended(job)
            result = await runner.result(job)

    assert (ended["status"], ended["attempts"]) == ("Completed", 2)
    assert result.body == b"".join(b"%d\n" % number for number in range(60))


async def test_ctrl_c_ends_all_of_it_in_order(
    sqlite_store: Store, settings: dict[str, str]
) -> None:
    """A terminal sends it to every process of ours at once."""
    with serving(sqlite_store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start(FLOW, to=1000)
            await runner.done(job, 3)
        [beside] = heavy(server)
        os.killpg(server.process.pid, signal.SIGINT)
        code = server.process.wait(AT_ONCE_S)

    states = await database.run(sqlite_store, "SELECT state, turn FROM jobs")
    assert code == 0
    assert is_gone(beside)
    assert states == [("queued", 1)]
    assert "Traceback" not in server.told()


async def test_a_worker_alone_does_what_a_server_leaves(
    sqlite_store: Store, settings: dict[str, str]
) -> None:
    """Both kinds of jobs, until there is nothing more to do."""
    with serving(sqlite_store, settings=settings | ELSEWHERE) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            started = [await runner.start(name) for name in (FLOW, "sessions.purge")]
            before = [await runner.status(job) for job in started]
            done = command(sqlite_store, "worker", "--until-idle", "1", settings=settings)
            after = [await runner.status(job) for job in started]
        beside = heavy(server)

    assert (before, after, beside) == (["NotStarted"] * 2, ["Completed"] * 2, [])
    assert (done.returncode, "works on jobs" in done.stdout) == (0, True)


async def test_a_job_that_does_not_listen_is_cut_off_at_the_second_signal(
    sqlite_store: Store, settings: dict[str, str]
) -> None:
    """And the next worker begins it again."""
    with serving(sqlite_store, settings=settings | ELSEWHERE) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start(FLOW, to=2, is_deaf=True)
            with working(sqlite_store, settings=settings) as worker:
                await runner.done(job, 1)
                worker.process.terminate()
                with pytest.raises(subprocess.TimeoutExpired):
                    worker.process.wait(1)
                worker.process.terminate()
                code = worker.process.wait(AT_ONCE_S)
            with working(sqlite_store, settings=settings):
                began = time.monotonic()
                await runner.done(job, 2)
                took_s = time.monotonic() - began

    assert code == -signal.SIGTERM
    assert took_s < AT_ONCE_S  # it has the name of the one before, so nobody waits for a lease


async def test_each_worker_has_a_place_of_its_own(sqlite_store: Store) -> None:
    """And whoever asks is told that somebody works, as long as one does."""
    command(sqlite_store, "migrate")
    known = load(environ={}, overrides={"data": str(sqlite_store.folder)})
    before = is_somebody_working(known)

    with working(sqlite_store) as one:
        with working(sqlite_store) as other:
            both = is_somebody_working(known)
            assert one.stop() == 0
            left = is_somebody_working(known)
            assert other.stop() == 0
        after = is_somebody_working(known)

    assert [before, both, left, after] == [False, True, True, False]


async def test_a_server_says_that_it_works(sqlite_store: Store) -> None:
    """Unless it does not."""
    known = load(environ={}, overrides={"data": str(sqlite_store.folder)})

    with serving(sqlite_store, settings=SETTINGS):
        until(lambda: is_somebody_working(known))
        with serving(sqlite_store, settings=SETTINGS | ELSEWHERE) as second:
            assert second.stop() == 0
    with serving(sqlite_store, settings=SETTINGS | ELSEWHERE):
        without = is_somebody_working(known)

    assert not without


async def test_a_detached_worker_outlives_who_began_it(sqlite_store: Store) -> None:
    """It ends by itself when all is done; what it had to say is in a file."""
    known = load(environ={}, overrides={"data": str(sqlite_store.folder)})
    with serving(sqlite_store, settings=SETTINGS | ELSEWHERE) as server:
        async with await Line.open(server.port) as line:
            runner = await jobs.admin(line)
            job = await runner.start("accounts.export")
            began = begin_detached(sqlite_store)
            ended = await runner.ended(job)
        until(lambda: not is_somebody_working(known), within=IDLE_S)

    told = sqlite_store.folder / DETACHED_LOG
    assert ended["status"] == "Completed"
    assert (began.stdout, began.stderr) == (b"", b"")
    assert '"event":"job left"' in told.read_text("utf-8")
    assert told.stat().st_mode & 0o777 == 0o600


def test_a_worker_makes_no_store(sqlite_store: Store) -> None:
    """From the wrong folder it says that there is none."""
    done = command(sqlite_store, "worker")

    assert done.returncode == 3
    assert "There is no store" in done.stderr
    assert not sqlite_store.folder.exists()


def heavy(server: Server) -> list[int]:
    """Return the processes beside a server: they belong to its group."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            pid = int(place.parent.name)
            if os.getpgid(pid) == server.process.pid and jobs.BESIDE in place.read_text("utf-8"):
                found.append(pid)
    return found


def begin_detached(store: Store) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-c", DETACHES, store.folder],
        env=environment(),
        capture_output=True,
        check=True,
        timeout=30,
    )


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("PPid:")[2].split()[0])
