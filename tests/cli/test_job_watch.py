"""Waiting for a job: a bar on a terminal, plain lines in a pipe, and what Ctrl-C does."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.shell import PROGRAM, Ran, Shell
from cli.steering import FLOW, Hand, keeping_workers_away
from cli.terminal import CTRL_C, at_terminal, plain
from parts.waiting import until
from watchword.core.jobs.model import State

pytestmark = pytest.mark.slow

GOES_ON = "The job goes on. Watch it with: watchword job watch 1"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
EVIL = "half\x1b]0;evil\x07\x1b[2J way"
NOBODY = "Nobody works on jobs here"
TURNED_BACK = "\u202e"


@pytest.fixture
def hand(shell: Shell) -> Iterator[Hand]:
    with keeping_workers_away(shell):
        yield Hand(shell)


@dataclass
class Piped:
    """The program, whose stdout and stderr are pipes, and what it said so far."""

    process: subprocess.Popen[bytes]
    said: str = ""

    def read_until(self, text: str) -> None:
        assert self.process.stderr is not None
        file = self.process.stderr.fileno()

        def is_there() -> bool:
            if text not in self.said:
                self.said += os.read(file, 65_536).decode()
            return text in self.said

        until(is_there, within=20)

    def end(self) -> Ran:
        out, rest = self.process.communicate(timeout=20)
        return Ran(self.process.returncode, out.decode(), self.said + rest.decode())


@contextmanager
def piped(*words: str) -> Iterator[Piped]:
    with subprocess.Popen(
        [str(PROGRAM), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"},
    ) as process:
        try:
            yield Piped(process)
        finally:
            process.kill()


def test_lines_in_a_pipe(hand: Hand) -> None:
    """One for each state and each tenth, plain text even where colours are asked for."""
    with piped(*hand.shell.where, "job", "start", FLOW) as watcher:
        watcher.read_until("not-started")
        hand.begins(1)
        watcher.read_until("initializing")
        for done in (1, 2, 9, 10, 55, 58):
            hand.gets(1, done, 100, counts={"read": done}, note=EVIL + TURNED_BACK)
            if done in {1, 10, 55}:
                watcher.read_until(f"{done} % ({done} of 100)")
        hand.ends(1, result='{"accounts": 100}')
        ran = watcher.end()

    lines = ran.err.splitlines()
    assert ran.code == 0
    assert lines[:2] == [f"Job 1 ({FLOW}): not-started", f"Job 1 ({FLOW}): initializing"]
    assert [line.split(";")[1] for line in lines[2:-1]] == [
        " 1 % (1 of 100)",
        " 10 % (10 of 100)",
        " 55 % (55 of 100)",
    ]
    assert lines[2].endswith("; read 1; half�]0;evil��[2J way�")
    assert lines[-1].startswith(f"Job 1 ({FLOW}): completed;")
    assert ran.out.startswith(f"Job 1 ({FLOW}): completed after ")
    assert "\x1b" not in ran.err + ran.out


def test_a_bar_on_a_terminal(hand: Hand) -> None:
    """It moves; the note cannot steer the terminal, and the cursor is there again at the end."""
    with at_terminal([*hand.shell.where, "job", "start", FLOW], columns=160) as terminal:
        terminal.read_until("not-started")
        hand.begins(1)
        hand.gets(1, 30, 120, counts={"read": 30}, note=EVIL)
        drawn = terminal.read_until("25 % 30/120")
        noted = drawn + terminal.read_until("way")
        hand.gets(1, 90, 120, counts={"read": 90})
        terminal.read_until("75 % 90/120")
        hand.ends(1, result='{"accounts": 120}')
        ran = terminal.end()

    assert ran.code == 0
    assert HIDDEN in ran.err
    assert ran.err.rindex(SHOWN) > ran.err.rindex(HIDDEN)
    assert "━" in drawn
    assert "accounts.export; read 30; half�]0;evil��[2J way" in plain(noted)
    assert "\x1b]0" not in ran.err
    assert "\x1b[2J" not in ran.err
    assert f"Job 1 ({FLOW}): completed after " in plain(ran.err).replace("\r\n", "\n")


def test_a_narrow_terminal_keeps_one_line(hand: Hand) -> None:
    """Nothing wraps: lines that do would be left behind by each drawing."""
    with at_terminal([*hand.shell.where, "job", "start", FLOW], columns=40) as terminal:
        terminal.read_until("Job 1")
        hand.begins(1)
        hand.gets(1, 30, 120, counts={"a rather long name": 30}, note="and a long note " * 20)
        terminal.read_until("Job 1: running")
        hand.ends(1, result="{}")
        ran = terminal.end()

    before = plain(ran.err).partition("completed after")[0]
    assert ran.code == 0
    assert max(len(line) for line in before.replace("\r", "\n").splitlines()) <= 40


def test_a_terminal_that_can_only_write_lines(hand: Hand) -> None:
    """Gets lines."""
    with at_terminal(
        [*hand.shell.where, "job", "start", FLOW], settings={"TERM": "dumb"}
    ) as terminal:
        terminal.read_until("not-started")
        hand.does(1, result="{}")
        ran = terminal.end()

    assert ran.code == 0
    assert "\x1b" not in ran.err
    assert f"Job 1 ({FLOW}): completed\r\n" in ran.err


@pytest.mark.parametrize("times", [1, 2, 5])
def test_ctrl_c_leaves_the_job(hand: Hand, times: int) -> None:
    """However often it is typed: the job goes on, and how to see it again is told."""
    with at_terminal([*hand.shell.where, "job", "start", FLOW]) as terminal:
        terminal.read_until("not-started")
        hand.begins(1)
        hand.gets(1, 1, 10)
        terminal.read_until("10 %")
        terminal.types(CTRL_C * times)
        ran = terminal.end()

    assert ran.code == 130
    assert plain(ran.err).rstrip().endswith(GOES_ON)
    assert plain(ran.err).count("goes on") == 1
    assert "Nothing was changed" not in ran.err
    assert ran.err.rindex(SHOWN) > ran.err.rindex(HIDDEN)
    assert hand.shell.ask("job", "show", "1")["job"]["state"] == "running"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("start", FLOW), ("watch", "1")])
def test_a_signal_leaves_the_job(
    hand: Hand, words: tuple[str, ...], number: signal.Signals
) -> None:
    """In a pipe as well, while it is started or watched."""
    if words[0] == "watch":
        hand.starts()

    with piped(*hand.shell.where, "job", *words) as watcher:
        watcher.read_until("not-started")
        watcher.process.send_signal(number)
        ran = watcher.end()

    assert (ran.code, ran.out) == (130, "")
    assert ran.err.endswith(f"{GOES_ON}\n")
    assert hand.shell.ask("job", "show", "1")["job"]["state"] == "not-started"


def test_programs_get_one_document(hand: Hand) -> None:
    """Nothing stands on stderr, and stdout has the job as it ended."""
    with piped(*hand.shell.where, "job", "start", FLOW, "--json") as watcher:
        until(lambda: hand.shell.ask("job", "list")["jobs"], within=20)
        hand.begins(1)
        hand.ends(1, state=State.FAILED, error="It broke.")
        ran = watcher.end()

    assert (ran.code, ran.err) == (1, "")
    assert ran.document["job"]["state"] == "failed"
    assert ran.document["job"]["error"] == "It broke."


def test_programs_are_told_that_it_goes_on(hand: Hand) -> None:
    """As an error with the number of the job, on stderr."""
    hand.starts()

    with piped(*hand.shell.where, "job", "watch", "1", "--json") as watcher:
        _wait_ready(watcher.process.pid)
        watcher.process.send_signal(signal.SIGTERM)
        ran = watcher.end()

    assert (ran.code, ran.out) == (130, "")
    assert ran.error == {"code": "interrupted", "message": GOES_ON, "job": 1}


def test_a_document_in_a_pipe_and_a_bar_on_the_terminal(hand: Hand) -> None:
    """Whoever waits at a terminal sees how far it is, whatever becomes of stdout."""
    words = [*hand.shell.where, "job", "start", FLOW, "--json"]

    with at_terminal(words, pipes_out=True) as terminal:
        terminal.read_until("not-started")
        hand.begins(1)
        hand.gets(1, 3, 4)
        terminal.read_until("75 %")
        hand.ends(1, result='{"accounts": 4}')
        ran = terminal.end()

    assert ran.code == 0
    assert ran.document["job"]["result"] == {"accounts": 4}


def test_nobody_works_on_jobs(shell: Shell) -> None:
    """Whoever watches a job for which there is no worker is told after some seconds, once."""
    with keeping_workers_away(shell):
        Hand(shell).starts()

    with piped(*shell.where, "job", "watch", "1") as watcher:
        watcher.read_until(NOBODY)
        watcher.process.send_signal(signal.SIGINT)
        ran = watcher.end()

    assert ran.code == 130
    assert ran.err.count(NOBODY) == 1
    assert "`watchword worker`" in ran.err


def test_a_job_that_goes_away_while_it_is_watched(hand: Hand) -> None:
    """Somebody cleared it away: it is not found, and that is the end."""
    hand.starts()

    with piped(*hand.shell.where, "job", "watch", "1") as watcher:
        watcher.read_until("not-started")
        hand.shell.sets("DELETE FROM jobs")
        ran = watcher.end()

    assert ran.code == 1
    assert "There is no such job" in ran.err


def _wait_ready(pid: int) -> None:
    """Wait until the program has taken its signals over."""
    mask = 1 << (signal.SIGTERM - 1)

    def is_ready() -> bool:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught.split()[1], 16) & mask)

    until(is_ready, within=20)


def test_who_worked_on_jobs_is_gone(shell: Shell) -> None:
    """Whoever started one and waits for it begins a worker after some seconds."""
    with ExitStack() as stack:
        with keeping_workers_away(shell):
            watcher = stack.enter_context(piped(*shell.where, "job", "start", FLOW))
            watcher.read_until("not-started")
        ran = watcher.end()

    assert ran.code == 0
    assert NOBODY not in ran.err
