"""A question has some seconds for all controllers, and a slow one needs most of them."""

import asyncio
from collections.abc import Coroutine
from selectors import SelectSelector

import pytest

from watchword.core.kernel.errors import UnavailableError
from watchword.directory.controllers import Controller, Controllers
from watchword.directory.line import LineLostError
from watchword.directory.options import DirectoryOptions

GOOD, SLOW, SLOWER, DEAD, SILENT = "good", "slow", "slower", "dead", "silent"
TAKES_S = {GOOD: 0.3, SLOW: 2.5, SLOWER: 2.9, DEAD: 0.0, SILENT: 60.0}
WHOLE_S = 3.8


class Skipping(SelectSelector):
    """Waits for nothing: the time is over at once."""

    now = 100.0

    def select(self, timeout: float | None = None) -> list[object]:  # type: ignore[override]  # as it is
        self.now += timeout or 0.0
        return list(super().select(0))


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop in which only as much time passes as somebody waits for."""

    def __init__(self) -> None:
        self._skipping = Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


def run(work: Coroutine[object, object, None]) -> None:
    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        runner.run(work)


async def passed(seconds: float) -> None:
    """Return when so much of the loop's own time is over."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    timer = loop.call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()


class Trying:
    """Asks controllers that are what their names say, and notes who answered after how long."""

    def __init__(self, *kinds: str) -> None:
        self.now = asyncio.get_running_loop().time
        self.asked: list[str] = []
        urls = tuple(f"ldaps://{kind}{number}" for number, kind in enumerate(kinds))
        self.controllers = Controllers(
            DirectoryOptions(name="corp", urls=urls, domain="ad.test"),
            ticks=self.now,
            on_asked=lambda *_: None,
            on_presence=lambda *_: None,
        )
        self.kinds = {one.host: kind for one, kind in zip(self.controllers, kinds, strict=True)}

    async def ask(self) -> tuple[str, float]:
        began = self.now()
        try:
            answered = await self.controllers.ask("find", self._work)
        except UnavailableError:
            answered = ""
        return answered, round(self.now() - began, 1)

    async def _work(self, controller: Controller) -> str:
        kind = self.kinds[controller.host]
        self.asked.append(controller.host)
        await passed(TAKES_S[kind])
        if kind == DEAD:
            raise LineLostError("connection")
        return kind


@pytest.mark.parametrize(
    ("kinds", "answered", "after_s"),
    [
        ((SLOW,), SLOW, 2.5),
        ((SLOW, SLOW, SLOW, SLOW), SLOW, 2.5),
        ((SLOW, DEAD), SLOW, 2.5),
        ((DEAD, DEAD, DEAD, SLOWER), SLOWER, 2.9),
        ((DEAD, SLOW, SLOW), SLOW, 2.5),
        ((SILENT, GOOD), GOOD, 2.9),
        ((DEAD, SILENT, GOOD), GOOD, 2.9),
        ((SILENT, SILENT, GOOD), GOOD, 3.5),
        ((SILENT, SILENT, SILENT, GOOD), GOOD, 3.7),
        ((SILENT,), "", WHOLE_S),
        ((SILENT, SILENT, SILENT, SILENT), "", WHOLE_S),
        ((DEAD, DEAD), "", 0.0),
    ],
)
def test_the_first_question(kinds: tuple[str, ...], answered: str, after_s: float) -> None:
    """Nothing is known of any; the first good one answers, and never later than allowed."""

    async def try_it() -> None:
        assert await Trying(*kinds).ask() == (answered, after_s)

    run(try_it())


@pytest.mark.parametrize("lost", [SILENT, GOOD])
def test_a_lost_one_takes_no_time_from_the_others(lost: str) -> None:
    """It is asked when nobody else answers, though it is the preferred one."""

    async def try_it() -> None:
        trying = Trying(DEAD, SLOWER)
        await trying.ask()
        await passed(1)
        trying.kinds["dead0"] = lost

        then = await trying.ask()

        assert then == (SLOWER, 2.9)
        assert trying.asked == ["dead0", "slower1", "slower1"]

    run(try_it())


def test_all_are_lost() -> None:
    """Then they are tried again like new ones."""

    async def try_it() -> None:
        trying = Trying(DEAD, DEAD, DEAD)
        await trying.ask()
        await passed(1)
        trying.kinds |= {"dead0": SILENT, "dead1": DEAD, "dead2": GOOD}

        then = await trying.ask()

        assert then == (GOOD, 2.9)

    run(try_it())
