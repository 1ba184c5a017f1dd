"""A controller that only picks up the receiver is not there; one that refuses us is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from directory.asking import eventually_so
from parts.hand_dc import BIND, SEARCH, HandDc, hand_dc
from parts.tls import Pair, make_pair
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.line import Line
from watchword.directory.options import DirectoryOptions
from watchword.directory.paging import entry_at

STEP_S = 0.3
LOOK_S = 0.05


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "127.0.0.1")


@pytest.fixture
async def dc(pair: Pair) -> AsyncIterator[HandDc]:
    async with hand_dc(pair) as dc:
        yield dc


def controllers_of(
    pair: Pair,
    *urls: str,
    looks: bool = True,
    step_s: float = 30.0,
    told: list[bool] | None = None,
) -> Controllers:
    """Return the controllers of a directory, with a service account or without.

    `told` gets whether they answer, each time when that is news.
    """
    options = DirectoryOptions(
        name="corp",
        urls=urls,
        domain="ad.test",
        bind_user="CN=service,DC=ad,DC=test" if looks else "",
        bind_password="its password" if looks else "",
        ca_file=pair.certificate,
        timeout_s=step_s,
    )
    return Controllers(
        options,
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
