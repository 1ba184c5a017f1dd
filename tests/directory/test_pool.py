"""The lines of the service account: few, shared, and replaced when they are dead."""

import asyncio
from dataclasses import dataclass, field

import pytest

from directory.asking import eventually_held, held, open_line
from directory.test_breaker import HandTicks
from parts.domain import Domain
from watchword.directory.line import BASE, Line, LineLostError
from watchword.directory.pool import Pool

pytestmark = pytest.mark.slow


@dataclass
class Opening:
    """Opens lines to a DC and remembers them; it fails first, as often as it is told to."""

    domain: Domain
    failures: int = 0
    tries: int = 0
    lines: list[Line] = field(default_factory=list)

    async def __call__(self) -> Line:
        self.tries += 1
        if self.tries <= self.failures:
            raise LineLostError("connection")
        self.lines.append(await open_line(self.domain))
        return self.lines[-1]


async def see(line: Line) -> str:
    """Ask for what a controller tells everybody."""
    found = await line.search("", "(objectClass=*)", ["dnsHostName"], scope=BASE)
    return found.entries[0].text("dnsHostName")


def pool_of(opening: Opening, size: int = 3, ticks: HandTicks | None = None) -> Pool:
    return Pool(opening, size=size, ticks=ticks or HandTicks())


async def test_one_after_the_other_needs_one_line(domain: Domain) -> None:
    """No more are opened than are needed."""
    opening = Opening(domain)
    pool = pool_of(opening)

    told = [await pool.ask(see) for _ in range(5)]
    pool.close()

    assert told == ["dc1.ad.test"] * 5
    assert opening.tries == 1


async def test_many_at_once_share_the_lines(domain: Domain) -> None:
    """There are never more than the settings say, and nobody waits for one that is taken."""
    opening = Opening(domain)
    pool = pool_of(opening)

    told = await asyncio.gather(*(pool.ask(see) for _ in range(30)))
    pool.close()

    assert told == ["dc1.ad.test"] * 30
    assert opening.tries == 3


async def test_a_line_that_broke_is_replaced(domain: Domain) -> None:
    """Whoever comes next does not notice."""
    opening = Opening(domain)
    pool = pool_of(opening)
    await pool.ask(see)
    opening.lines[0].close()

    told = await pool.ask(see)
    pool.close()

    assert told == "dc1.ad.test"
    assert opening.tries == 2


async def test_a_line_that_breaks_while_it_is_used_is_replaced_once(domain: Domain) -> None:
    """A controller ended it while it was idle, and that shows only now."""
    opening = Opening(domain)
    pool = pool_of(opening)
    await pool.ask(see)
    breaks = [True]

    async def see_after_all(line: Line) -> str:
        if breaks.pop():
            line.close()
            breaks.append(False)
        return await see(line)

    told = await pool.ask(see_after_all)
    pool.close()

    assert told == "dc1.ad.test"
    assert opening.tries == 2


async def test_a_new_line_that_breaks_is_told(domain: Domain) -> None:
    """Another would break too."""
    opening = Opening(domain)
    pool = pool_of(opening)

    async def break_it(line: Line) -> str:
        line.close()
        return await see(line)

    with pytest.raises(LineLostError):
        await pool.ask(break_it)
    pool.close()

    assert opening.tries == 1


async def test_a_time_out_is_not_waited_for_twice(domain: Domain) -> None:
    """The controller is silent, and another line would be too."""
    opening = Opening(domain)
    pool = pool_of(opening)
    await pool.ask(see)

    async def time_out(_: Line) -> None:
        raise LineLostError("timeout")

    with pytest.raises(LineLostError):
        await pool.ask(time_out)
    pool.close()

    assert opening.tries == 1


async def test_a_line_that_was_idle_for_long_is_not_trusted(domain: Domain) -> None:
    """Whatever is between us and the controller may have forgotten it."""
    opening, ticks = Opening(domain), HandTicks()
    pool = pool_of(opening, ticks=ticks)
    await pool.ask(see)
    ticks.now += 50
    await pool.ask(see)
    before = opening.tries
    ticks.now += 61

    await pool.ask(see)
    pool.close()

    assert (before, opening.tries) == (1, 2)
    assert [line.is_open for line in opening.lines] == [False, False]


async def test_a_failure_to_open_is_told_and_tried_again(domain: Domain) -> None:
    """By the next one who asks."""
    opening = Opening(domain, failures=1)
    pool = pool_of(opening)

    with pytest.raises(LineLostError):
        await pool.ask(see)
    told = await pool.ask(see)
    pool.close()

    assert told == "dc1.ad.test"


async def test_nothing_is_left_of_a_thousand_failures(domain: Domain) -> None:
    """Nor of as many who gave up."""
    opening = Opening(domain, failures=2000)
    pool = pool_of(opening)
    before = held()

    for _ in range(1000):
        failing, leaving = (asyncio.ensure_future(pool.ask(see)) for _ in range(2))
        leaving.cancel()
        await asyncio.gather(failing, leaving, return_exceptions=True)
    opening.failures = 0
    told = await pool.ask(see)
    pool.close()

    await eventually_held(before)
    assert told == "dc1.ad.test"
