"""Passwords that say when they are hashed, and wait in the middle of it until told."""

import threading
from typing import Self


class Gate:
    """Holds every hash that comes to it, and counts how many were there at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = threading.Event()
        self.begun = 0
        self.inside = 0
        self.inside_most = 0

    def open(self) -> None:
        self._open.set()

    def pass_through(self) -> None:
        with self._lock:
            self.begun += 1
            self.inside += 1
            self.inside_most = max(self.inside_most, self.inside)
        assert self._open.wait(timeout=10)
        with self._lock:
            self.inside -= 1


class HeldPassword(str):
    """A password that stands at a gate when a thread begins to hash it."""

    __slots__ = ("gate",)

    gate: Gate

    def __new__(cls, text: str, gate: Gate) -> Self:
        held = super().__new__(cls, text)
        held.gate = gate
        return held

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.gate.pass_through()
        return super().encode(encoding, errors)
