"""A controller that only picks up the receiver is not there; one that refuses us is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from directory.asking import PATIENCE_S, eventually_so
from parts.hand_dc import BIND, SEARCH, HandDc, hand_dc
from parts.loglines import LogLines
from parts.tls import Pair, make_pair
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.line import Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at
from watchword.directory.service import ServiceAccount
from watchword.observability import log

STEP_S = 0.3
LOOK_S = 0.05


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "127.0.0.1")


@pytest.fixture
async def dc(pair: Pair) -> AsyncIterator[HandDc]:
    async with hand_dc(pair) as dc:
        yield dc


def options_of(
    pair: Pair, *urls: str, looks: bool = True, step_s: float = PATIENCE_S
) -> DirectoryOptions:
    """Return the settings of a directory, with a service account or without."""
    return DirectoryOptions(
        name="corp",
        urls=urls,
        domain="ad.test",
        bind_user="CN=service,DC=ad,DC=test" if looks else "",
        bind_password="its password" if looks else "",
        ca_file=pair.certificate,
        timeout_s=step_s,
    )


def controllers_of(
    pair: Pair,
    *urls: str,
    looks: bool = True,
    step_s: float = PATIENCE_S,
    told: list[bool] | None = None,
) -> Controllers:
    """Return the controllers of such a directory.

    `told` gets whether they answer, each time when that is news.
    """
    return Controllers(
        options_of(pair, *urls, looks=looks, step_s=step_s),
        ticks=monotonic,
        on_asked=lambda *_: None,
        on_presence=lambda _, is_present: (told if told is not None else []).append(is_present),
        look_each_s=LOOK_S,
    )


async def ask(controllers: Controllers, *, as_service: bool = True) -> bool:
    """Ask whether something is there, as the service account or as a person; it is not."""

    async def look(line: Line) -> bool:
        return await entry_at(line, "CN=nobody,DC=ad,DC=test", ["cn"]) is not None

    async def look_as_person(controller: Controller) -> bool:
        line = await controller.open()
        try:
            await line.bind("ada@ad.test", "her password")
            return await look(line)
        finally:
            line.close()

    if as_service:
        return await controllers.ask("find", lambda one: one.pool.ask(look))
    return await controllers.ask("prove", look_as_person)


@asynccontextmanager
async def watched(controllers: Controllers) -> AsyncIterator[None]:
    """Look all the time."""
    watching = asyncio.ensure_future(controllers.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        controllers.close()


@pytest.mark.parametrize(("hangs", "looks"), [(BIND, True), (SEARCH, True), (BIND, False)], ids=str)
async def test_what_everybody_may_see_does_not_bring_one_back(
    pair: Pair, dc: HandDc, *, hangs: int, looks: bool
) -> None:
    """It is lost since the question that it did not answer, until it would answer that."""
    told: list[bool] = []
    controllers = controllers_of(pair, dc.url, looks=looks, step_s=STEP_S, told=told)
    dc.hangs.add(hangs)
    async with watched(controllers):
        with pytest.raises(UnavailableError):
            await ask(controllers, as_service=looks)
        told.clear()
        before = dc.heard.count(hangs)
        await eventually_so(lambda: dc.heard.count(hangs) > before + 2)
        meanwhile, news = controllers.away_for, list(told)
        dc.hangs.clear()

        await eventually_so(lambda: controllers.away_for is None)

    assert meanwhile is not None
    assert news == []
    assert told == [True]


async def test_who_refuses_the_service_account_is_there(pair: Pair, dc: HandDc) -> None:
    """The password is asked for once, and then it is seen by other signs that it answers."""
    told: list[bool] = []
    dc.refuses = True
    async with watched(controllers_of(pair, dc.url, told=told)):
        await eventually_so(lambda: dc.heard.count(SEARCH) > 2)

    assert told == [True]
    assert dc.heard.count(BIND) == 1


async def test_one_is_back_that_refuses_the_service_account(pair: Pair, dc: HandDc) -> None:
    """Its password was changed while the controller was away."""
    controllers = controllers_of(pair, dc.url, step_s=STEP_S)
    dc.hangs.add(BIND)
    async with watched(controllers):
        with pytest.raises(UnavailableError):
            await ask(controllers)
        was_away = controllers.away_for is not None
        dc.refuses = True
        dc.hangs.clear()

        await eventually_so(lambda: controllers.away_for is None)

    assert was_away


async def test_one_that_hangs_holds_up_no_other(pair: Pair, dc: HandDc) -> None:
    """Whoever asks while somebody waits there for the service account has an answer before."""
    async with hand_dc(pair) as hanging:
        hanging.hangs.add(BIND)
        controllers = controllers_of(pair, hanging.url, dc.url)
        first, second = controllers
        waiting = asyncio.ensure_future(first.open_service())
        await eventually_so(lambda: BIND in hanging.heard)

        line = await second.open_service()
        is_waiting = not waiting.done()
        line.close()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert is_waiting


async def test_one_wrong_password_is_enough_for_all(pair: Pair, dc: HandDc) -> None:
    """Many at once at several controllers do not lock the service account."""
    options = options_of(pair, dc.url)
    service = ServiceAccount(options, monotonic, alone_s=PATIENCE_S)
    dc.refuses = True

    async def bind(turn: asyncio.Lock) -> None:
        line = await Line.open(dc.url, ca_file=pair.certificate, timeout_s=PATIENCE_S)
        try:
            await service.bind(line, turn)
        finally:
            line.close()

    turns = 3 * [asyncio.Lock(), asyncio.Lock()]
    ends = await asyncio.gather(*map(bind, turns), return_exceptions=True)

    assert [type(end) for end in ends] == [UnavailableError] * 6
    assert dc.heard.count(BIND) == 1


async def test_a_fault_does_not_end_all_looks(pair: Pair, dc: HandDc) -> None:
    """Whatever goes wrong in one of them, the next one comes, and the log tells."""

    class Breaking(list[bool]):
        def append(self, _: bool) -> None:  # noqa: FBT001 (as it is)
            raise RuntimeError

    lines = LogLines()
    log.configure(stream=lines.stream)
    try:
        async with watched(controllers_of(pair, dc.url, told=Breaking())):
            await eventually_so(lambda: dc.heard.count(SEARCH) > 2)
    finally:
        log.configure()

    assert lines.of("a look failed")
