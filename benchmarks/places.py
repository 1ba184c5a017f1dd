"""Where we keep what we know in a measurement: in SQLite, or in a PostgreSQL of our own."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from peers.cluster import find_programs
from peers.cluster import running as running_postgres
from people import seed
from processes import Running, watchword

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class Place:
    """An engine with its data, and how we are served from there."""

    engine: str
    data: Path
    serve: tuple[str, ...] = ()
    pids: dict[str, int] = field(default_factory=dict)
    """Processes of the engine itself."""

    @property
    def who(self) -> str:
        """Return our name in a row; the peers' are alike."""
        return "watchword" if self.engine == SQLITE else f"watchword, {self.engine}"

    def serving(self) -> AbstractContextManager[Running]:
        return watchword(self.data, *self.serve)

    def trees(self, running: Running) -> dict[str, int]:
        """Return the processes that work for an answer of ours."""
        return {"watchword": running.pid, **self.pids}


@contextmanager
def seeded(engine: str, folder: Path | None, serve: Sequence[str]) -> Iterator[Place]:
    """Make an empty place with the fifty people in it, in a folder of its own below this one."""
    with tempfile.TemporaryDirectory(dir=folder) as made, _place(engine, Path(made), serve) as it:
        with it.serving() as running:
            seed(running)
        yield it


@contextmanager
def _place(engine: str, folder: Path, serve: Sequence[str]) -> Iterator[Place]:
    if engine == SQLITE:
        yield Place(engine, folder, tuple(serve))
        return
    # PostgreSQL runs as somebody else if we are root, and must be able to reach its folder.
    folder.chmod(0o711)
    with running_postgres(folder / "cluster") as cluster:
        options = (*serve, "--database", cluster.database())
        yield Place(engine, folder / "data", options, {"PostgreSQL": cluster.pid})


def engines() -> list[str]:
    """Return the engines that this machine has."""
    return [SQLITE, POSTGRES] if find_programs() else [SQLITE]
