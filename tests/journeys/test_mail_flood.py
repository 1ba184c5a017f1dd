"""Ten thousand requests for one letter: one a minute is sent, and nothing grows."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journeys import post
from parts.line import Line
from parts.server import Server, Store, serving
from parts.smtp import SmtpServer, smtp_server

pytestmark = pytest.mark.slow

FIRST, REQUESTS, LINES = 1000, 10_000, 8
GROWS_MIB_MAX = 4.0
A_MINUTE_S = 60.0


@pytest.fixture
def mail_server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


async def test_nothing_grows_but_the_count(
    store: Store, mail_server: SmtpServer, tell: Callable[[str], None]
) -> None:
    """Who is asked for is told once a minute, and everybody who asks hears the same."""
    environ = post.settings(mail_server)
    with serving(store, settings=environ) as server:
        async with post.beside(store, environ) as house:
            await post.settle_in(house, ["ada"])
        began = time.monotonic()
        said = await ask(server.port, FIRST)
        # What sends it is loaded when the first is due.
        await mail_server.eventually(1)
        first = rss_mib(server)
        said |= await ask(server.port, REQUESTS - FIRST)
        took, last = time.monotonic() - began, rss_mib(server)
    letters = post.copies(mail_server.letters)
    tell(
        f"{REQUESTS} requests in {took:.0f} s: {letters['ada']} letters, RSS {first:.1f} MiB after"
        f" the first {FIRST} and {last:.1f} MiB at the end"
    )

    assert set(letters) == {"ada"}
    assert letters["ada"] <= 1 + took / A_MINUTE_S
    assert len(said) == 1
    assert last - first < GROWS_MIB_MAX


async def ask(port: int, times: int) -> set[bytes]:
    """Forget one password so often; return every different answer."""
    answers = await asyncio.gather(*(ask_on_a_line(port, times // LINES) for _ in range(LINES)))
    return set().union(*answers)


async def ask_on_a_line(port: int, times: int) -> set[bytes]:
    found = set()
    async with await Line.open(port) as line:
        for _ in range(times):
            answer = await line.ask("POST", post.FORGOTTEN, {"email": post.address("ada")})
            assert answer.status == 200, answer
            found.add(answer.body)
    return found


def rss_mib(server: Server) -> float:
    """Return what the server holds in memory now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kib) / 1024
