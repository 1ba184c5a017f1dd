"""How the SMTP server of the tests fails: what it does instead, at which phase, how often."""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

STALL = "stall"
"""Say nothing more, and keep the connection open."""
DROP = "drop"
"""Cut the connection."""

Phase = Literal[
    "CONNECT",
    "EHLO",
    "STARTTLS",
    "HANDSHAKE",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "DOT",
    "TAKEN",
    "QUIT",
]
"""Before the greeting; at a command; in the handshake after STARTTLS; after the final dot, when
nothing is kept yet; after it, when the letter is kept and the 250 is not sent yet."""


@dataclass
class Fault:
    """One thing that goes wrong."""

    phase: Phase
    act: str
    to: str
    left: int | None
    every: int
    seen: int = 0

    def strikes(self, recipient: str) -> bool:
        """Say whether it happens this time, which counts."""
        if self.to not in recipient or self.left == 0:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """All of them. The test adds them in its own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Fault] = []
        self.reached: Counter[Phase] = Counter()

    def add(self, phase: Phase, act: str, *, to: str, times: int | None, every: int) -> None:
        with self._lock:
            self._all.append(Fault(phase, act, to, times, every))

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def at(self, phase: Phase, recipient: str) -> str | None:
        """Return what is done instead at this phase, None if all goes well."""
        with self._lock:
            self.reached[phase] += 1
            there = (one for one in self._all if one.phase == phase)
            return next((one.act for one in there if one.strikes(recipient)), None)
