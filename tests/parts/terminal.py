"""The program as somebody at a terminal starts it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from parts.server import PROGRAM, READY_S, Store, environment


@dataclass
class Screen:
    """What a server shows on its terminal, as far as it was read."""

    file: int
    port: int = 0
    seen: str = ""

    def read_until(self, text: str) -> str:
        """Read on until this is there; return what is new."""
        new, deadline = "", time.monotonic() + READY_S
        while text not in new:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.file], [], [], 0.1)[0]:
                with suppress(OSError):
                    piece = os.read(self.file, 4096).decode()
                    new, self.seen = new + piece, self.seen + piece
        return new


@contextmanager
def on_terminal(store: Store, *words: str) -> Iterator[Screen]:
    """Serve as somebody at a terminal does; yield what is on the screen."""
    ours, theirs = pty.openpty()
    line = [str(PROGRAM), "serve", *store.where, "--port", "0", *words]
    with subprocess.Popen(
        line, stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    ) as process:
        os.close(theirs)
        screen = Screen(ours)
        try:
            screen.read_until("Stop it")
            address = screen.seen.partition("listens on http://")[2].split()[0]
            screen.port = int(address.rpartition(":")[2])
            yield screen
        finally:
            process.kill()
            os.close(ours)
