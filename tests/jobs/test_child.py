"""The process beside a server: begun when wanted, told through its stdin, and never left alone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from parts.loglines import LogLines
from parts.waiting import eventually
from watchword.jobs.child import PAUSE_LONGEST_S, Child, Left, Report, pause_after

TOLD = b'{"master_key":"a-secret"}'

# Says what it was told, who it is, and then what it is asked to; lives until stdin ends.
PROGRAM = """
import os, sys
told = sys.stdin.buffer.readline()
with open(sys.argv[1], "ab") as notes:
    notes.write(b"%d %s" % (os.getpid(), told))
{more}
sys.stdin.buffer.read()
with open(sys.argv[1], "ab") as notes:
    notes.write(b"ended\\n")
"""


@dataclass
class Yard:
    """Where children run, and what they leave there."""

    notes: Path
    left: list[tuple[str, str]] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def child(self, more: str = "", *, program: str = sys.executable) -> Child:
        """Return one that says more after it was told."""
        command = [program, "-I", "-S", "-c", PROGRAM.format(more=more), str(self.notes)]
        child = Child(command, told=TOLD, on_left=lambda *one: self.left.append(one))
        self.children.append(child)
        return child

    def lines(self) -> list[bytes]:
        return self.notes.read_bytes().splitlines() if self.notes.exists() else []

    async def count(self, lines: int) -> list[bytes]:
        """Wait until so many lines are there, each whole."""

        async def look() -> bool:
            return len(self.lines()) >= lines and self.notes.read_bytes().endswith(b"\n")

        await eventually(look)
        return self.lines()

    async def pid(self, number: int = 1) -> int:
        """Wait for the child that is begun so late; return its number."""
        lines = await self.count(number)
        return int(lines[number - 1].split()[0])


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    yard = Yard(tmp_path / "notes")
    yield yard
    for child in yard.children:
        await child.kill()


async def test_it_is_told_through_its_stdin(yard: Yard) -> None:
    """And nowhere else, for others on the machine can read the rest."""
    yard.child().wake()

    pid = await yard.pid()

    assert yard.lines() == [b"%d %s" % (pid, TOLD)]
    assert b"a-secret" not in what_others_read(pid)


async def test_there_is_one_at_a_time(yard: Yard) -> None:
    """However often somebody wants it."""
    child = yard.child()
    for _ in range(5):
        child.wake()
        await asyncio.sleep(0)
    await yard.pid()

    child.wake()
    child.stop()
    await child.ended()

    assert len(yard.lines()) == 2


async def test_it_hears_when_it_is_to_stop(yard: Yard) -> None:
    """By the end of its stdin: then it ends in order, and no other is begun."""
    child = yard.child()
    child.wake()
    await yard.pid()

    child.stop()
    await child.ended()
    child.wake()
    await child.ended()

    assert yard.lines()[1:] == [b"ended"]


async def test_one_that_is_stopped_before_it_began_ends_too(yard: Yard) -> None:
    """The server may be told to stop in that very moment."""
    child = yard.child()
    child.wake()
    child.stop()

    await child.ended()

    assert yard.lines()[-1:] in ([], [b"ended"])


async def test_one_that_was_killed_by_us_can_be_begun_again(yard: Yard) -> None:
    """Only `stop` is for good: what went wrong around it may go well the next time."""
    child = yard.child()
    child.wake()
    await yard.pid()
    await child.kill()

    child.wake()

    assert await yard.pid(2)


async def test_what_it_says_of_jobs_is_heard(yard: Yard) -> None:
    """Line by line; what is no such line is passed over."""
    more = 'print("noise\\n[\\"accounts.import\\",\\"completed\\"]\\n[1]\\n{}", flush=True)'
    yard.child(more).wake()

    async def heard() -> bool:
        return bool(yard.left)

    await eventually(heard)
    assert yard.left == [("accounts.import", "completed")]


async def test_one_that_was_killed_has_a_successor_at_once(yard: Yard, log_lines: LogLines) -> None:
    """The log says that it died, and of what."""
    child = yard.child()
    child.wake()
    os.kill(await yard.pid(), signal.SIGKILL)
    await child.ended()

    child.wake()

    await yard.pid(2)
    [line] = log_lines.of("process for heavy jobs died")
    assert line["code"] == -signal.SIGKILL


async def test_one_that_dies_again_and_again_is_waited_with(yard: Yard) -> None:
    """The second in a row is not followed at once."""
    child = yard.child("os._exit(7)")
    for number in (1, 2):
        child.wake()
        await yard.pid(number)
        await child.ended()

    child.wake()
    await child.ended()

    assert len(yard.lines()) == 2


@pytest.mark.parametrize(("deaths", "seconds"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (99, 30)])
def test_the_wait_grows(deaths: int, seconds: int) -> None:
    """Up to half a minute."""
    assert pause_after(deaths) == seconds <= PAUSE_LONGEST_S


async def test_a_program_that_cannot_begin_is_told_of(yard: Yard, log_lines: LogLines) -> None:
    """And raises nothing."""
    child = yard.child(program="/nowhere/python")

    child.wake()
    await child.ended()

    [line] = log_lines.of("process for heavy jobs cannot begin")
    assert line["reason"] == "No such file or directory"


async def test_it_does_not_outlive_its_end(yard: Yard) -> None:
    """One that does not want to end is killed."""
    child = yard.child("import time; time.sleep(1000)")
    child.wake()
    pid = await yard.pid()
    child.stop()

    await child.kill()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_report_is_what_is_heard() -> None:
    """One line for each job."""
    end, begin = os.pipe()
    report = Report(begin)

    report("accounts.import", "failed")

    assert os.read(end, 1000) == b'["accounts.import","failed"]\n'
    assert Left("a", "b") != Left("a", "c")
    os.close(end)
    report("accounts.import", "completed")  # nobody hears it any more
    os.close(begin)


def what_others_read(pid: int) -> bytes:
    """Return what a process shows of itself to whoever may look."""
    about = Path(f"/proc/{pid}")
    return (about / "cmdline").read_bytes() + (about / "environ").read_bytes()
