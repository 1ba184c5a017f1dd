"""Who takes part, and why the others do not."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TypeVar

from peers.ground import Unusable
from peers.peer import Peer

From = TypeVar("From")
To = TypeVar("To")
_UNEXPECTED = (OSError, HTTPException, LookupError, ValueError)
"""What comes of an answer that is not as it should be, or of none."""


@dataclass
class Roll:
    """Keeps the reasons, so that nobody is missing silently."""

    left_out: dict[str, str] = field(default_factory=dict)

    def tried(
        self, done: str, each: Iterable[tuple[Peer, From]], action: Callable[[Peer, From], To]
    ) -> list[tuple[Peer, To]]:
        """Do it for each, and return those with whom it went well."""
        went_well = []
        for peer, what in each:
            began = time.monotonic()
            try:
                went_well.append((peer, action(peer, what)))
            except Unusable as reason:
                self._leave_out(peer, str(reason))
            except _UNEXPECTED as error:
                self._leave_out(peer, f"not {done}: {error!r}")
            else:
                say(f"{peer.title}: {done} ({time.monotonic() - began:.1f} s)")
        return went_well

    def _leave_out(self, peer: Peer, reason: str) -> None:
        self.left_out[peer.title] = " ".join(reason.replace("|", "/").split())
        say(f"{peer.title}: left out: {reason}")


def say(text: str) -> None:
    """Tell how far we are; stdout is for the tables."""
    print(text, file=sys.stderr, flush=True)
