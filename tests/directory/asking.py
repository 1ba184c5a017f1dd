"""Directories for tests: of a real DC, and of what is none."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from parts.domain import DNS_DOMAIN, NETBIOS, Domain
from parts.tls import Pair
from parts.waiting import eventually
from watchword.core.directory.model import Asked, Proof
from watchword.directory.directories import LdapDirectories
from watchword.directory.line import Line
from watchword.directory.options import DirectoryOptions

PATIENCE_S = 30.0
"""Longer than anything takes here, so that no test fails by chance."""

NAME = "corp"


class Now:
    """A clock that tells the time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def options_for(domain: Domain, *, looks: bool = True, **changes: object) -> DirectoryOptions:
    """Return the settings of a directory, with the service account or without."""
    usual = DirectoryOptions(
        name=NAME,
        urls=(domain.ldaps_url,),
        domain=DNS_DOMAIN,
        netbios=NETBIOS,
        ca_file=domain.ca_file,
        timeout_s=PATIENCE_S,
    )
    if looks:
        service = domain.service
        usual = replace(usual, bind_user=service.upn, bind_password=service.password)
    return replace(usual, **changes)  # type: ignore[arg-type]  # as a test likes


@contextmanager
def directories_of(*options: DirectoryOptions, **how: object) -> Iterator[LdapDirectories]:
    directories = LdapDirectories(options, clock=Now(), **how)  # type: ignore[arg-type]  # as it likes
    try:
        yield directories
    finally:
        directories.close()


def asked_for(login: str, guid: str = "") -> Asked:
    return Asked(directory=NAME, login=login, guid=guid)


async def prove(directories: LdapDirectories, typed: str, password: str) -> Proof:
    """Prove the one who can be meant."""
    [asked] = directories.candidates(typed)
    return await directories.prove(asked, password)


async def open_line(domain: Domain, url: str = "", **how: object) -> Line:
    given = {"ca_file": domain.ca_file, "timeout_s": PATIENCE_S, **how}
    return await Line.open(url or domain.ldaps_url, **given)  # type: ignore[arg-type]  # as it likes


def held() -> tuple[int, int, int]:
    """Return how many files, tasks and threads there are."""
    files = len(list(Path("/proc/self/fd").iterdir()))
    return files, len(asyncio.all_tasks()), threading.active_count()


async def eventually_so(check: Callable[[], object]) -> None:
    """Wait until this is true."""

    async def look() -> object:
        return check()

    await eventually(look)


async def eventually_held(before: tuple[int, int, int]) -> None:
    """Wait until there are no more than there were; what was aborted ends a turn later."""

    await eventually_so(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))


@asynccontextmanager
async def heard_by(pair: Pair | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen on a port of 127.0.0.1, with TLS if there is a pair; return what is heard there."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                heard.append(data)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    context = pair.server_context() if pair else None
    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
