"""The program as somebody at a terminal starts it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from parts.server import PROGRAM, READY_S, Store, environment


@contextmanager
def on_terminal(store: Store) -> Iterator[tuple[int, str]]:
    """Serve as somebody at a terminal does; yield the port and what is on the screen."""
    ours, theirs = pty.openpty()
    words = [str(PROGRAM), "serve", *store.where, "--port", "0"]
    with subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    ) as process:
        os.close(theirs)
        try:
            seen = read_until(ours, "Stop it")
            yield int(seen.partition("listens on http://")[2].split()[0].rpartition(":")[2]), seen
        finally:
            process.kill()
            os.close(ours)


def read_until(terminal: int, text: str) -> str:
    """Return what a terminal shows until this is on it."""
    seen, deadline = "", time.monotonic() + READY_S
    while text not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 0.1)[0]:
            with suppress(OSError):
                seen += os.read(terminal, 4096).decode()
    return seen
