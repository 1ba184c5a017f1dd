"""A SQLite file and what may happen to it, for the contract suite."""

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.things import account, commit
from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import Storage


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_folder(path: Path, *, mode: int) -> None:
    path.mkdir()
    path.chmod(mode)


def move(source: Path, target: Path) -> None:
    source.rename(target)


def scratch(path: Path) -> None:
    """Damage everything but the first page of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


async def names(storage: Storage) -> list[str]:
    async with storage.open_work() as work:
        return [one.name for one in (await work.accounts.page(limit=1000)).items]


async def works_again(storage: Storage) -> bool:
    try:
        await storage.check()
        await names(storage)
    except UnavailableError:
        return False
    return True


async def is_refused(storage: Storage) -> bool:
    """Say whether a write is refused in the one way that it may be."""
    try:
        await commit(storage, lambda work: work.accounts.add(account("Refused")))
    except UnavailableError:
        return True
    return False


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@contextmanager
def no_larger_files(size: int) -> Iterator[None]:
    """Let this process write no file past a size: the disk says that it cannot."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
