"""Somebody at a terminal, who waits for words on the screen and then types or sends a signal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.shell import PROGRAM, Ran
from parts.server import environment
from parts.waiting import until

CTRL_C = "\x03"
PATIENCE_S = 20.0
LOOKS = 2
ROWS = 24
# Colours, movements of the cursor, and whether it is seen: what draws a bar.
DRAWING = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


@dataclass
class Terminal:
    """A program that runs on a terminal, and what was on the screen."""

    pid: int
    file: int
    out: int | None
    seen: str = ""
    _status: list[int] = field(default_factory=list)

    def read_until(self, text: str) -> str:
        """Read on until this is there; return what is new, as the terminal got it."""
        new, deadline = "", time.monotonic() + PATIENCE_S
        while text not in plain(new):
            assert time.monotonic() < deadline, self.seen + new
            piece = self._read(self.file)
            assert piece is not None, self.seen + new
            new += piece
        self.seen += new
        return new

    def waits_for_a_key(self) -> None:
        """Wait until the program sleeps, as it does long before a person presses a key."""
        looks = 0

        def asleep() -> bool:
            nonlocal looks
            status = Path(f"/proc/{self.pid}/stat").read_text("utf-8")
            looks = looks + 1 if status.rpartition(")")[2].split()[0] == "S" else 0
            return looks > LOOKS

        until(asleep)

    def types(self, text: str) -> None:
        os.write(self.file, text.encode())

    def gets(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self) -> Ran:
        """Wait for the end. `err` is all that was on the screen, `out` what went into a pipe."""
        deadline = time.monotonic() + PATIENCE_S
        while (piece := self._read(self.file)) is not None:
            assert time.monotonic() < deadline, self.seen
            self.seen += piece
        out = "" if self.out is None else self._drain(self.out)
        _, status = os.waitpid(self.pid, 0)
        self._status.append(status)
        return Ran(os.waitstatus_to_exitcode(status), out, self.seen)

    def close(self) -> None:
        """Leave nothing running."""
        if not self._status:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for one in (self.file, self.out):
            if one is not None:
                os.close(one)

    def _read(self, file: int) -> str | None:
        if not select.select([file], [], [], 0.1)[0]:
            return ""
        try:
            piece = os.read(file, 65_536)
        except OSError:  # Linux says so when the other end is gone
            return None
        return piece.decode("utf-8", "replace") if piece else None

    def _drain(self, file: int) -> str:
        found = b""
        while piece := os.read(file, 65_536):
            found += piece
        return found.decode()


@contextmanager
def at_terminal(
    words: Sequence[str],
    *,
    columns: int = 100,
    settings: Mapping[str, str] | None = None,
    pipes_out: bool = False,
) -> Iterator[Terminal]:
    """Run the program on a terminal; with `pipes_out` its stdout is a pipe, and the rest is not."""
    reader, writer = os.pipe() if pipes_out else (None, None)
    told = {**environment(settings), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | dict(
        settings or {}
    )
    pid, file = pty.fork()
    if pid == 0:
        if writer is not None:
            os.dup2(writer, 1)
        os.execve(PROGRAM, [str(PROGRAM), *words], told)  # noqa: S606 - our own program
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    if writer is not None:
        os.close(writer)
    terminal = Terminal(pid, file, reader)
    try:
        yield terminal
    finally:
        terminal.close()


def plain(screen: str) -> str:
    """Return what was written on a screen, without what moved the cursor or gave it colour."""
    return DRAWING.sub("", screen)
