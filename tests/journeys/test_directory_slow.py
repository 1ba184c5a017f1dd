"""Fifty people wait for a slow domain controller, and everybody else is served meanwhile."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from journeys.directory import LOG_IN_AD, at_corp, open_files, settings_of
from journeys.people import ADMIN, ME, try_log_in
from parts.domain import PASSWORD, Domain
from parts.line import Line
from parts.server import Server, Store
from parts.slow_dc import slow_dc
from parts.waiting import eventually

pytestmark = pytest.mark.slow

WAITING, LOOKS = 50, 100
PATIENT_S, FOR_EVER_S = 30.0, 3600.0
"""So long we wait for a controller; and so long it would take."""


async def test_who_waits_for_a_directory_holds_up_nobody(
    domain: Domain, sqlite_store: Store, tell: Callable[[str], None]
) -> None:
    """Tokens are looked at and local people log in while fifty wait; then the fifty get in."""
    names = [domain.new_person().name for _ in range(5)]
    with slow_dc(domain, 0.0) as slow:
        settings = settings_of(domain, urls=slow.ldaps_url, timeout_s=str(PATIENT_S))
        with at_corp(sqlite_store, domain, settings=settings) as corp:
            token = corp.admin()
            corp.enter(names[0])
            slow.delay = FOR_EVER_S
            before = open_files(corp.server)
            waiting = [
                asyncio.create_task(log_in(corp.server.port, names[number % len(names)]))
                for number in range(WAITING)
            ]
            await eventually(lambda: are_there(corp.server, before + WAITING))
            looks, slowest_s = await look(corp.server.port, token)
            done = sum(one.done() for one in waiting)
            slow.delay = 0.0
            entered = Counter(await asyncio.gather(*waiting))

    tell(f"while {WAITING} waited, the slowest of {LOOKS} looks took {slowest_s * 1000:.0f} ms")
    assert looks == {200: LOOKS + 1}
    assert done == 0
    assert entered == {200: WAITING}


async def log_in(port: int, name: str) -> int:
    async with await Line.open(port) as line:
        answer = await line.ask("POST", LOG_IN_AD, {"user": name, "password": PASSWORD})
        return answer.status


async def look(port: int, token: str) -> tuple[Counter[int], float]:
    """Look who one is, again and again, and log in once; return what was answered."""
    statuses, slowest_s = Counter[int](), 0.0
    async with await Line.open(port) as line:
        for _ in range(LOOKS):
            began = time.monotonic()
            statuses[(await line.ask("GET", ME, token=token)).status] += 1
            slowest_s = max(slowest_s, time.monotonic() - began)
        statuses[(await try_log_in(line, ADMIN)).status] += 1
    return statuses, slowest_s


async def are_there(server: Server, least: int) -> bool:
    """Say whether a server has so many files open; each who waits is one of them."""
    return open_files(server) >= least
