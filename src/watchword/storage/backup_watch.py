"""What a long copy does between two pieces: it tells how far it is, and stops if it should."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from watchword.core.ports import BackupStoppedError

PIECE_BYTES = 2**20


def _always() -> bool:
    return True


def _unseen(done: int, total: int | None) -> None:
    del done, total


@dataclass(frozen=True, slots=True)
class Watch:
    """Asks whether to go on, and says how many bytes are done."""

    is_wanted: Callable[[], bool] = _always
    on_progress: Callable[[int, int | None], None] = _unseen

    def look(self) -> None:
        """Raise BackupStoppedError if nobody wants the rest."""
        if not self.is_wanted():
            raise BackupStoppedError

    def at(self, done: int, total: int | None = None) -> None:
        """Say how far it is, and look."""
        self.look()
        self.on_progress(done, total)


class Readable(Protocol):
    """What octets are read from."""

    def read(self, count: int, /) -> bytes: ...


def pieces(stream: Readable) -> Iterator[bytes]:
    """Read what is left of a stream, a piece at a time."""
    while piece := stream.read(PIECE_BYTES):
        yield piece
