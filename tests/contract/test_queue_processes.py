"""The queue between processes: two that work side by side, and one that dies or falls asleep."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.queues import LIGHT, Hands, at_work, open_queue, put, target_of
from contract.storages import Kind
from parts.processes import beside, line_of, tell
from parts.waiting import eventually

pytestmark = pytest.mark.slow

Process = subprocess.Popen[str]

KINDS = [Kind.SQLITE, Kind.POSTGRES]
TAKEN_OVER_S = 30.0
"""What the port promises."""

AT_ONCE_S = 5.0
"""Half a lease."""

SEVERAL_LEASES_S = 17.0
"""Long enough for the other to have taken over, too."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """What the queue is made of."""
    found: Kind = request.param
    return found


@pytest.fixture
def target(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The database under the queue."""
    return target_of(kind, request, tmp_path)


@contextmanager
def worker(verb: str, target: str, folder: Path, holder: str = "") -> Iterator[Process]:
    """Start a worker, and wait until it works."""
    program = "parts.queue_process"
    with beside(verb, target, str(folder), holder, program=program) as process:
        assert line_of(process) == "ready"
        yield process


async def test_two_processes_share_the_jobs(target: str, tmp_path: Path) -> None:
    """Each job is ended once, by one of them, and no two of them have it at once."""
    jobs, told = range(1, 201), list[str]()
    with worker("quick", target, tmp_path) as one, worker("quick", target, tmp_path) as other:
        listening = [asyncio.to_thread(_listen, process, told) for process in (one, other)]
        heard = asyncio.gather(*listening)
        async with open_queue(target) as queue:
            await put(queue, *jobs)
        await eventually(lambda: _has_heard(told, len(jobs)), within=TAKEN_OVER_S)
        for process in (one, other):
            tell(process, "")
        await heard
        codes = [process.wait() for process in (one, other)]

    assert codes == [0, 0]
    assert sorted(told) == sorted(f"ended {number}" for number in jobs)


async def test_what_a_killed_worker_had_goes_to_another(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Kind
) -> None:
    """`kill -9` in mid-job: within 30 s another has it."""
    hands = Hands()
    hands.may_end.set()
    with worker("endless", target, tmp_path) as victim:
        async with open_queue(target) as queue:
            await put(queue, 1)
            begun = await asyncio.to_thread(line_of, victim)
            async with at_work(queue, hands):
                victim.send_signal(signal.SIGKILL)
                took_s = await _timed(lambda: hands.have_ended(1, within=TAKEN_OVER_S))

    assert begun == "begun 1"
    assert hands.begun == [1]
    with capsys.disabled():
        print(f"\n  {kind}: taken over {took_s:.1f} s after kill -9 ", end="")  # noqa: T201 - what was measured


async def test_who_comes_back_under_the_same_name_goes_on_at_once(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The only one of a machine, killed and started again, waits for no lease of its own."""
    target, hands = target_of(Kind.SQLITE, request, tmp_path), Hands()
    hands.may_end.set()
    with worker("endless", target, tmp_path, "this machine") as victim:
        async with open_queue(target) as queue:
            await put(queue, 1)
        begun = await asyncio.to_thread(line_of, victim)
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    async with open_queue(target, holder="this machine") as queue, at_work(queue, hands):
        await hands.have_ended(1, within=AT_ONCE_S)

    assert begun == "begun 1"


async def test_who_sleeps_too_long_loses_its_job(target: str, tmp_path: Path) -> None:
    """SIGSTOP: another takes the job over; who wakes cancels its run, and takes nothing away."""
    hands = Hands()
    with worker("endless", target, tmp_path) as sleeper:
        async with open_queue(target) as queue:
            await put(queue, 1)
            begun = await asyncio.to_thread(line_of, sleeper)
            async with at_work(queue, hands):
                sleeper.send_signal(signal.SIGSTOP)
                await hands.have_begun(1, within=TAKEN_OVER_S)
                sleeper.send_signal(signal.SIGCONT)
                cut = await asyncio.to_thread(line_of, sleeper)
                tell(sleeper, "")
                code = await asyncio.to_thread(sleeper.wait)
            async with at_work(queue, hands):
                await put(queue, 2)
                await hands.have_ended(1, 2)

    assert (begun, cut, code) == ("begun 1", "cut 1", 0)
    assert hands.begun == [1, 2]


async def test_a_long_run_stays_with_its_worker(target: str) -> None:
    """Longer than any lease, also while its worker waits for nothing but its end."""
    hands, others, until = Hands(), Hands(), asyncio.Event()
    async with open_queue(target) as queue, open_queue(target) as another:
        work = asyncio.create_task(queue.work(LIGHT, hands.run, until=until))
        await put(queue, 1)
        await hands.have_begun(1)
        async with at_work(another, others):
            until.set()
            await _stays(lambda: others.begun == [], for_s=SEVERAL_LEASES_S)
            hands.may_end.set()
            await work
            await put(another, 2)
            await others.have_begun(2)

    assert (hands.ended, others.begun) == ([1], [2])


def _listen(process: Process, told: list[str]) -> None:
    while line := line_of(process):
        told.append(line)


async def _has_heard(told: list[str], count: int) -> bool:
    return len(told) >= count


async def _timed(step: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await step()
    return time.monotonic() - began


async def _stays(check: Callable[[], bool], *, for_s: float) -> None:
    """See that it holds all along: that nothing happens can only be seen by looking for a while."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert check()
        await asyncio.sleep(0.1)
